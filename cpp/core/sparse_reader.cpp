#include "sparse_reader.hpp"

#include <algorithm>
#include <functional>

#include "fetch.hpp"

namespace fastgd {

namespace {

// Numbers of one run of rows: longer ones would drive each other out of the cache.
constexpr Index most_fetched = 16384;

template <class Number>
bool aligned(const void* p) {
    return reinterpret_cast<std::uintptr_t>(p) % sizeof(Number) == 0;
}

template <class T>
bool values_in_place(const MatrixView& X) {
    return X.canonical && X.type == element_type_of<T> && aligned<T>(X.data);
}

[[gnu::always_inline]] inline void fetch_stored(const MatrixView& X, Index begin, Index end) {
    const Index stored = std::min(end - begin, most_fetched);
    const Index width = X.wide_column ? sizeof(std::int64_t) : sizeof(std::int32_t);
    fetch(static_cast<const char*>(X.data) + begin * X.column_stride, stored * X.column_stride);
    fetch(static_cast<const char*>(X.column) + begin * width, stored * width);
}

// Rows that are read later.
[[gnu::always_inline]] inline void fetch_rows(const MatrixView& X, const RowSelection& rows) {
    if (rows.count == 0) return;
    if (rows.index == nullptr)
        return fetch_stored(X, X.begin(rows.first), X.begin(rows.first + rows.count));
    for (Index i = 0; i < rows.count; ++i)
        fetch_stored(X, X.begin(rows.at(i)), X.begin(rows.at(i) + 1));
}

bool columns_in_place(const MatrixView& X) { return X.canonical && X.columns_as_stored(); }

}  // namespace

template <class T>
SparseReader<T>::SparseReader(const KernelTable<T>& kernels, const MatrixView& X, Index rows)
    : kernels_(kernels),
      row_(X.sparse() ? rows : 0),
      column_(X.sparse() ? rows : 0),
      stored_(X.sparse() ? rows : 0) {}

template <class T>
Index SparseReader<T>::sort_row(T* values, std::int32_t* columns, Index stored) {
    std::int32_t* const end = columns + stored;
    if (std::adjacent_find(columns, end, std::greater_equal<>{}) == end) return stored;
    // by column, then by place: sums of one column keep their order
    order_.resize(static_cast<std::size_t>(stored));
    unsorted_.assign(values, values + stored);
    for (std::size_t s = 0; s < order_.size(); ++s)
        order_[s] = static_cast<std::uint64_t>(columns[s]) << 32 | s;
    std::sort(order_.begin(), order_.end());
    Index kept = 0;
    for (const std::uint64_t entry : order_) {
        const auto column = static_cast<std::int32_t>(entry >> 32);
        const T value = unsorted_[static_cast<std::size_t>(entry & 0xffffffffu)];
        if (kept > 0 && columns[kept - 1] == column) {
            values[kept - 1] += value;
        } else {
            columns[kept] = column;
            values[kept++] = value;
        }
    }
    return kept;
}

template <class T>
void SparseReader<T>::pack(const MatrixView& X, const RowSelection& selection) {
    Index total = 0;
    for (Index i = 0; i < selection.count; ++i) total += stored_[i];
    const auto grow = [&](auto& packed) {
        if (static_cast<Index>(packed.size()) < total)
            packed.resize(static_cast<std::size_t>(total));
    };
    const bool packs_values = !values_in_place<T>(X);
    const bool packs_columns = !columns_in_place(X);
    if (packs_values) grow(values_);
    if (packs_columns) grow(columns_);
    const StridedView stored = X.values();
    Index at = 0;
    for (Index i = 0; i < selection.count; ++i) {
        const Index begin = X.begin(selection.at(i));
        const Index size = stored_[i];
        if (packs_values) {
            T* values = values_.data() + at;
            kernels_.pack[static_cast<int>(X.type)](stored, {nullptr, begin, size}, values, 1);
            row_[i] = values;
        }
        if (packs_columns) {
            std::int32_t* columns = columns_.data() + at;
            X.copy_columns(begin, size, columns);
            column_[i] = columns;
        }
        if (!X.canonical) stored_[i] = sort_row(values_.data() + at, columns_.data() + at, size);
        at += size;
    }
}

template <class T>
void SparseReader<T>::find_centred(Index columns, const T* shift) {
    if (shift == shift_) return;
    shift_ = shift;
    centred_.clear();
    for (Index j = 0; j < columns; ++j)
        if (shift[j] != 0) centred_.push_back(static_cast<std::int32_t>(j));
}

template <class T>
RowTile<T> SparseReader<T>::rows(const MatrixView& X, const RowSelection& selection,
                                 const RowSelection& next, const T* shift) {
    for (Index i = 0; i < selection.count; ++i) {
        const Index begin = X.begin(selection.at(i));
        stored_[i] = X.begin(selection.at(i) + 1) - begin;
        row_[i] = static_cast<const T*>(X.data) + begin;
        column_[i] = static_cast<const std::int32_t*>(X.column) + begin;
    }
    if (!values_in_place<T>(X) || !columns_in_place(X)) pack(X, selection);
    RowTile<T> tile{row_.data(), nullptr, selection.count, X.columns, shift};
    tile.column = column_.data();
    tile.stored = stored_.data();
    fetch_rows(X, next);
    if (shift != nullptr) {
        find_centred(X.columns, shift);
        tile.centred = centred_.data();
        tile.centred_columns = static_cast<Index>(centred_.size());
    }
    return tile;
}

template class SparseReader<float>;
template class SparseReader<double>;

}  // namespace fastgd

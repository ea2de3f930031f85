#include "sparse_reader.hpp"

#include <algorithm>
#include <functional>

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

bool columns_in_place(const MatrixView& X) { return X.canonical && X.columns_as_stored(); }

}  // namespace

template <class T>
bool sparse_in_place(const MatrixView& X) {
    return X.sparse() && values_in_place<T>(X) && columns_in_place(X);
}
template bool sparse_in_place<float>(const MatrixView& X);
template bool sparse_in_place<double>(const MatrixView& X);

template <class T>
SparseReader<T>::SparseReader(const KernelTable<T>& kernels, const MatrixView& X, Index rows)
    : kernels_(kernels),
      row_(X.sparse() ? rows : 0),
      column_(X.sparse() ? rows : 0),
      stored_(X.sparse() ? rows : 0),
      upcoming_(X.sparse() ? rows : 0) {}

// Rows that lie one after the other share lines: each of `count` gets as many of them.
template <class T>
void SparseReader<T>::share_lines(StoredRow rest, Index count) {
    const auto share = [&](const char* begin, const char* end) {
        return ((end - begin) / count + cache_line) / cache_line * cache_line;
    };
    const auto take = [](const char*& begin, const char* end, Index size) {
        begin = size < end - begin ? begin + size : end;
        return begin;
    };
    const Index values = share(rest.values, rest.values_end);
    const Index columns = share(rest.columns, rest.columns_end);
    for (Index i = 0; i < count; ++i) {
        StoredRow& mine = upcoming_[i];
        mine.values = rest.values;
        mine.values_end = take(rest.values, rest.values_end, values);
        mine.columns = rest.columns;
        mine.columns_end = take(rest.columns, rest.columns_end, columns);
    }
}

template <class T>
const StoredRow* SparseReader<T>::upcoming(const MatrixView& X, const RowSelection& next,
                                           Index count) {
    if (next.count == 0) return nullptr;
    const Index width = X.wide_column ? sizeof(std::int64_t) : sizeof(std::int32_t);
    const auto stored = [&](Index begin, Index end) -> StoredRow {
        end = std::min(end, begin + most_fetched);
        const auto* values = static_cast<const char*>(X.data);
        const auto* columns = static_cast<const char*>(X.column);
        return {values + begin * X.column_stride, values + end * X.column_stride,
                columns + begin * width, columns + end * width};
    };
    if (next.index == nullptr) {
        share_lines(stored(X.begin(next.first), X.begin(next.first + next.count)), count);
        return upcoming_.data();
    }
    const Index known = std::min(count, next.count);
    // all of them first: each is a line of its own where rows are mixed
    for (Index i = 0; i < known; ++i) fetch(X.begin_of(next.index[i]));
    for (Index i = 0; i < known; ++i) {
        const Index row = next.index[i];
        upcoming_[i] = stored(X.begin(row), X.begin(row + 1));
    }
    std::fill_n(upcoming_.data() + known, count - known, StoredRow{});
    return upcoming_.data();
}

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
    if (!sparse_in_place<T>(X)) pack(X, selection);
    RowTile<T> tile{row_.data(), nullptr, selection.count, X.columns, shift};
    tile.column = column_.data();
    tile.stored = stored_.data();
    tile.upcoming = upcoming(X, next, selection.count);
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

#include "tile_reader.hpp"

#include <algorithm>
#include <cstdlib>

#include "packed_stride.hpp"

namespace fastgd {

namespace {

// Tiles of more bytes leave the second cache level no room for the one to come (measured on an
// Intel Xeon with 2 MB: fetching ahead lost a fifth at 20,000 columns and won a twentieth at
// 4,096).
constexpr Index most_fetched_bytes = 256 * 1024;

// True where the numbers of a column lie closer together than those of a row.
bool kept_by_columns(const StridedView& view) {
    const auto distance = [](Index stride) { return stride < 0 ? -stride : stride; };
    return view.columns > 1 && distance(view.row_stride) < distance(view.column_stride);
}

// Rows of X that are packed when their turn comes.
[[gnu::always_inline]] inline void fetch_rows(const StridedView& X, const RowSelection& rows,
                                              bool again) {
    const Index step = again ? cache_line / 2 : cache_line;
    const Index bytes = X.columns * std::abs(X.column_stride);
    const Index first = X.column_stride < 0 ? (X.columns - 1) * X.column_stride : 0;
    for (Index i = 0; i < rows.count; ++i)
        fetch(static_cast<const char*>(X.data) + rows.at(i) * X.row_stride + first, bytes, step);
}

// What stands beside X in rows worked on later.
[[gnu::always_inline]] inline void fetch_columns(const Data& data, const RowSelection& rows) {
    // dense rows in memory order take long enough
    if (rows.index == nullptr && !data.X.sparse()) return;
    for (const StridedView* view : {&data.y, &data.weight, &data.offset}) {
        if (view->data == nullptr) continue;
        const Index stride = view->row_stride;
        // rows in memory order share lines
        const Index step =
            rows.index == nullptr && stride > 0 ? std::max<Index>(cache_line / stride, 1) : 1;
        for (Index i = 0; i < rows.count; i += step)
            fetch(static_cast<const char*>(view->data) + rows.at(i) * stride);
    }
}

}  // namespace

template <class T>
TileReader<T>::TileReader(const KernelTable<T>& kernels, const Data& data, Index rows)
    : kernels_(kernels),
      ask_again_(kernels.drops_requests()),
      row_(rows),
      next_(rows),
      sparse_(kernels, data.X, rows),
      z_(rows * data.outputs()),
      derivative_(rows * data.outputs()),
      anchor_derivative_(rows * data.outputs()),
      y_(rows * data.outputs()),
      weight_(data.weight.data != nullptr ? rows * data.outputs() : 0),
      offset_(data.offset.data != nullptr ? rows * data.outputs() : 0) {
    if (data.X.sparse() || rows_in_place<T>(data.X)) return;
    if (data.X.table == nullptr && !kept_by_columns(data.X)) {
        packed_ = Buffer<T>(rows * packed_stride<T>(data.columns()));
        return;
    }
    if (data.X.table == nullptr) columns_ = ColumnsView(data.X);
    groups_.emplace(kernels, data.X.table != nullptr ? *data.X.table : columns_, rows);
}

template <class T>
const T* TileReader<T>::in_place_row(const StridedView& view, Index row) {
    return reinterpret_cast<const T*>(static_cast<const char*>(view.data) + row * view.row_stride);
}

template <class T>
void TileReader<T>::point_at(const StridedView& view, const RowSelection& rows,
                             const T** row) const {
    const T* first = in_place_row(view, rows.index == nullptr ? rows.first : 0);
    const Index stride = view.row_stride / static_cast<Index>(sizeof(T));
    if (rows.index == nullptr) return kernels_.point_at(first, stride, rows.count, row);
    // variables: a pointer stored might be one of those, for all compilers know
    const Index count = rows.count;
    const Index* index = rows.index;
    for (Index i = 0; i < count; ++i) row[i] = first + index[i] * stride;
}

template <class T>
RowTile<T> TileReader<T>::rows(const Data& data, const RowSelection& selection,
                               const RowSelection& next, const T* shift) {
    if (data.X.sparse()) {
        fetch_columns(data, next);
        return sparse_.rows(data.X, selection, next, shift);
    }
    RowTile<T> tile{row_.data(), nullptr, selection.count, data.columns(), shift};
    if (rows_in_place<T>(data.X)) {
        point_at(data.X, selection, row_.data());
        const Index bytes = selection.count * data.columns() * static_cast<Index>(sizeof(T));
        if (next.count >= selection.count && bytes <= most_fetched_bytes) {
            point_at(data.X, next.part(0, selection.count), next_.data());
            tile.next = next_.data();
            tile.ask_again = ask_again_;
            fetch_columns(data, next);
        }
    } else if (groups_) {
        groups_->read(selection, next, row_.data());
        fetch_columns(data, next);
    } else {
        fetch_rows(data.X, next, ask_again_);
        fetch_columns(data, next);
        const Index stride = packed_stride<T>(data.columns());
        kernels_.pack[static_cast<int>(data.X.type)](data.X, selection, packed_.data(), stride);
        for (Index i = 0; i < selection.count; ++i) row_[i] = packed_.data() + i * stride;
    }
    return tile;
}

template <class T>
const T* TileReader<T>::column_block(const StridedView& view, const RowSelection& selection,
                                     Buffer<T>& scratch) {
    const Index row_bytes = view.columns * static_cast<Index>(sizeof(T));
    if (selection.index == nullptr && rows_in_place<T>(view) && view.row_stride == row_bytes)
        return in_place_row(view, selection.first);
    kernels_.pack[static_cast<int>(view.type)](view, selection, scratch.data(), view.columns);
    return scratch.data();
}

template <class T>
const T* TileReader<T>::target_block(const StridedView& view, const RowSelection& selection) {
    const Index outputs = view.columns;
    if (outputs == 1 || view.column_stride != 0) return column_block(view, selection, y_);
    // one column for all outputs is read once
    StridedView column = view;
    column.columns = 1;
    kernels_.pack[static_cast<int>(view.type)](column, selection, y_.data(), 1);
    // backwards: those still to be spread lie at the start of the same buffer
    for (Index i = selection.count - 1; i >= 0; --i)
        std::fill_n(y_.data() + i * outputs, outputs, T(y_[i]));
    return y_.data();
}

template <class T>
const T* TileReader<T>::row_weights(const Data& data, const RowSelection& selection) {
    return data.weight.data != nullptr ? column_block(data.weight, selection, weight_) : nullptr;
}

template <class T>
PointwiseTile<T> TileReader<T>::targets(const Data& data, const RowSelection& selection,
                                        LossParameters parameters, double weight_scale) {
    const Index outputs = data.y.columns;
    PointwiseTile<T> tile{selection.count, outputs, z_.data(), nullptr,
                          nullptr,         nullptr, parameters};
    tile.y = target_block(data.y, selection);
    if (data.binary) {
        const auto positive = static_cast<T>(data.positive_label);
        if (outputs == 1)
            for (Index i = 0; i < selection.count; ++i)
                y_[i] = tile.y[i] == positive ? T(1) : T(-1);
        else
            for (Index at = 0; at < selection.count * outputs; ++at)
                y_[at] = tile.y[at] == static_cast<T>(at % outputs) ? T(1) : T(-1);
        tile.y = y_.data();
    }
    tile.weight = row_weights(data, selection);
    if (tile.weight != nullptr && (outputs > 1 || weight_scale != 1.0)) {
        const T scale = static_cast<T>(weight_scale);
        // backwards: the weights being spread may lie at the start of the same buffer
        for (Index i = selection.count - 1; i >= 0; --i) {
            const T weight = tile.weight[i] * scale;
            for (Index k = 0; k < outputs; ++k) weight_[i * outputs + k] = weight;
        }
        tile.weight = weight_.data();
    }
    if (data.offset.data != nullptr) tile.offset = column_block(data.offset, selection, offset_);
    return tile;
}

template class TileReader<float>;
template class TileReader<double>;

}  // namespace fastgd

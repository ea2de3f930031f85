#include "columns.hpp"

#include <algorithm>

namespace fastgd {

namespace {

const char* address(const ColumnPiece& piece, Index row) {
    return static_cast<const char*>(piece.data) + row * piece.stride;
}

bool alike(const ColumnPiece& a, const ColumnPiece& b) {
    return a.type == b.type && a.stride == b.stride && a.swapped == b.swapped;
}

}  // namespace

ColumnsView::ColumnsView(const std::vector<Column>& columns)
    : columns_(static_cast<Index>(columns.size())), begin_{0} {
    for (const Column& column : columns) {
        Index end = 0;
        for (const Index rows : column.rows)
            if (rows > 0) begin_.push_back(end += rows);
    }
    std::sort(begin_.begin(), begin_.end());
    begin_.erase(std::unique(begin_.begin(), begin_.end()), begin_.end());

    std::vector<std::size_t> at(columns.size(), 0);  // each column's piece
    std::vector<Index> before(columns.size(), 0);    // and the rows before it
    for (std::size_t c = 0; c + 1 < begin_.size(); ++c)
        for (std::size_t j = 0; j < columns.size(); ++j) {
            const Column& column = columns[j];
            while (before[j] + column.rows[at[j]] <= begin_[c]) before[j] += column.rows[at[j]++];
            ColumnPiece piece = column.pieces[at[j]];
            piece.data = address(piece, begin_[c] - before[j]);
            pieces_.push_back(piece);
        }
    find_runs();
}

ColumnsView::ColumnsView(const StridedView& array) : columns_(array.columns) {
    begin_ = {0, array.rows};
    pieces_.reserve(static_cast<std::size_t>(array.columns));
    for (Index j = 0; j < array.columns; ++j)
        pieces_.push_back({static_cast<const char*>(array.data) + j * array.column_stride,
                           array.type, array.row_stride, array.swapped});
    find_runs();
}

void ColumnsView::find_runs() {
    for (Index c = 0; c + 1 < static_cast<Index>(begin_.size()); ++c) {
        run_.push_back(runs_.size());
        const ColumnPiece* piece = chunk(c);
        for (Index j = 0; j < columns_; ++j) {
            if (j == 0 || !alike(piece[j - 1], piece[j])) runs_.push_back({j, 0});
            ++runs_.back().columns;
        }
    }
    run_.push_back(runs_.size());
}

Index ColumnsView::chunk_of(Index row) const {
    return std::upper_bound(begin_.begin(), begin_.end(), row) - begin_.begin() - 1;
}

template <class T>
void ColumnsView::pack(const KernelTable<T>& kernels, Index first, Index rows, T* out,
                       Index leading, ColumnFetch ahead) const {
    const Index end = first + rows;
    for (Index c = chunk_of(first); first < end; ++c) {
        const auto at = static_cast<std::size_t>(c);
        const Index count = std::min(end, begin_[at + 1]) - first;
        // rows of another chunk come when their turn does
        const bool here = ahead.first >= begin_[at] && ahead.first + ahead.rows <= begin_[at + 1];
        const ColumnFetch fetch{ahead.first - begin_[at], here ? ahead.rows : 0,
                                here && ahead.begins};
        for (std::size_t r = run_[at]; r < run_[at + 1]; ++r) {
            const ColumnPiece* piece = chunk(c) + runs_[r].column;
            kernels.pack_columns[static_cast<int>(piece->type)](
                piece, runs_[r].columns, first - begin_[at], count, out + runs_[r].column, leading,
                fetch);
        }
        out += count * leading;
        first += count;
    }
}

StridedView ColumnsView::as_array() const {
    if (begin_.size() != 2 || runs_.size() != 1) return {};
    const auto place = [&](Index j) {
        return static_cast<Index>(
            reinterpret_cast<std::intptr_t>(pieces_[static_cast<std::size_t>(j)].data));
    };
    const Index apart = columns_ > 1 ? place(1) - place(0) : 0;
    for (Index j = 1; j < columns_; ++j)
        if (place(j) - place(j - 1) != apart) return {};
    const ColumnPiece& first = pieces_[0];
    return {first.data, first.type, rows(), columns_, first.stride, apart, first.swapped};
}

template void ColumnsView::pack(const KernelTable<float>&, Index, Index, float*, Index,
                                ColumnFetch) const;
template void ColumnsView::pack(const KernelTable<double>&, Index, Index, double*, Index,
                                ColumnFetch) const;

}  // namespace fastgd

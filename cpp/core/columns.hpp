// A table whose columns lie in buffers of their own, each of its own type, in one piece or in many.
#pragma once

#include <vector>

#include "../kernels/table.hpp"

namespace fastgd {

class ColumnsView {
  public:
    // Pieces of one column, in order, and how many rows each holds.
    struct Column {
        std::vector<ColumnPiece> pieces;
        std::vector<Index> rows;
    };

    ColumnsView() = default;
    // All columns must hold as many rows.
    explicit ColumnsView(const std::vector<Column>& columns);
    // The columns of an array.
    explicit ColumnsView(const StridedView& array);

    Index rows() const { return begin_.empty() ? 0 : begin_.back(); }
    Index columns() const { return columns_; }

    // Neighbouring rows as T, `leading` numbers apart; `ahead` are fetched meanwhile.
    template <class T>
    void pack(const KernelTable<T>& kernels, Index first, Index rows, T* out, Index leading,
              ColumnFetch ahead = {0, 0, false}) const;

    // The columns as one array, where they lie evenly spaced in memory; else without data.
    StridedView as_array() const;

  private:
    // Within a chunk, rows [begin_[c], begin_[c + 1]), every column is in one piece.
    Index chunk_of(Index row) const;
    const ColumnPiece* chunk(Index c) const { return pieces_.data() + c * columns_; }
    void find_runs();

    // Neighbouring columns of a chunk that differ in nothing but where they lie.
    struct Run {
        Index column;
        Index columns;
    };

    Index columns_ = 0;
    std::vector<Index> begin_;  // of each chunk, then the number of rows
    std::vector<ColumnPiece> pieces_;  // chunk by chunk; row 0 is the chunk's first
    std::vector<Run> runs_;  // chunk by chunk
    std::vector<std::size_t> run_;  // where those of each chunk begin, then how many there are
};

}  // namespace fastgd

// Brings a few rows of the user's data before the kernels: in place where possible, else packed.
#pragma once

#include <optional>

#include "row_groups.hpp"
#include "sparse_reader.hpp"

namespace fastgd {

template <class T>
class TileReader {
  public:
    // Reads tiles of at most `rows` rows of data shaped like `data`.
    TileReader(const KernelTable<T>& kernels, const Data& data, Index rows);
    TileReader(const TileReader&) = delete;  // groups refer to its columns

    // `next` are the rows to fetch meanwhile; none if it is shorter than `selection`.
    RowTile<T> rows(const Data& data, const RowSelection& selection, const RowSelection& next,
                    const T* shift);

    // Targets, weights (times `weight_scale`) and offsets; z is this reader's own buffer. Of
    // classes told apart: a label and a weight a row, beside the predictors of all.
    PointwiseTile<T> targets(const Data& data, const RowSelection& selection,
                             LossParameters parameters, double weight_scale = 1.0);

    // One weight a row, or null where every row weighs 1.
    const T* row_weights(const Data& data, const RowSelection& selection);

    T* z() { return z_.data(); }
    T* derivative() { return derivative_.data(); }
    T* anchor_derivative() { return anchor_derivative_.data(); }

  private:
    const T* column_block(const StridedView& view, const RowSelection& selection,
                          Buffer<T>& scratch);
    const T* target_block(const StridedView& view, const RowSelection& selection);
    static const T* in_place_row(const StridedView& view, Index row);
    void point_at(const StridedView& view, const RowSelection& rows, const T** row) const;

    const KernelTable<T>& kernels_;
    bool ask_again_;  // see RowTile
    Buffer<const T*> row_;
    Buffer<const T*> next_;
    Buffer<T> packed_;
    SparseReader<T> sparse_;
    ColumnsView columns_;  // of an array that is kept by columns
    std::optional<RowGroups<T>> groups_;
    Buffer<T> z_;
    Buffer<T> derivative_;
    Buffer<T> anchor_derivative_;
    Buffer<T> y_;
    Buffer<T> weight_;
    Buffer<T> offset_;
};

}  // namespace fastgd

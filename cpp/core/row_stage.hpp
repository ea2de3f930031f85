// Keeps rows that wait for the rest of their block, packed in the core's own memory.
#pragma once

#include <vector>

#include "data.hpp"
#include "large_vector.hpp"

namespace fastgd {

// Chunks handed to a descent may end anywhere; a block's sums must not depend on where.
template <class T>
class RowStage {
  public:
    explicit RowStage(const KernelTable<T>& kernels) : kernels_(kernels) {}

    Index size() const { return size_; }

    // Copies rows of `data`; room for `capacity` rows is made at the first call of a block.
    void append(const Data& data, const RowSelection& rows, Index capacity);

    // The kept rows as data of their own, valid until the next append or clear.
    Data data() const;
    void clear() { size_ = 0; }

  private:
    void append_view(const StridedView& view, const RowSelection& rows, LargeVector<T>& out) const;
    void append_features(const MatrixView& X, const RowSelection& rows);
    void append_sparse(const MatrixView& X, const RowSelection& rows);
    MatrixView sparse_view() const;
    StridedView view_of(const LargeVector<T>& values, Index columns) const;

    const KernelTable<T>& kernels_;
    Index size_ = 0;
    Data shape_;  // of the data being staged; its pointers are not used
    LargeVector<T> X_;  // of sparse rows the numbers stored
    std::vector<std::int32_t> column_;
    std::vector<std::int64_t> start_;
    LargeVector<T> y_;
    LargeVector<T> weight_;
    LargeVector<T> offset_;
};

}  // namespace fastgd

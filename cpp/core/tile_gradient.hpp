// Gradient sums of one tile after the other, on their way into sums in double.
#pragma once

#include <algorithm>
#include <vector>

#include "buffer.hpp"
#include "data.hpp"

namespace fastgd {

// Those of dense rows are kept in T until flush(); those of sparse rows go where they belong at
// once, for moving all columns on costs more than few numbers of a row do.
template <class T>
class TileGradient {
  public:
    TileGradient(const KernelTable<T>& kernels, const Data& data)
        : kernels_(kernels), kept_(data.X.sparse() ? 0 : data.outputs() * data.columns()) {
        clear();
    }

    void add(const RowTile<T>& tile, const T* derivative, Index outputs,
             std::vector<double>& sums) {
        if (tile.sparse())
            kernels_.add_sparse(tile, derivative, outputs, sums.data());
        else
            kernels_.backward(tile, derivative, outputs, kept_.data());
    }

    void flush(std::vector<double>& sums) {
        for (std::ptrdiff_t j = 0; j < kept_.size(); ++j)
            sums[static_cast<std::size_t>(j)] += static_cast<double>(kept_[j]);
        clear();
    }

    void clear() { std::fill_n(kept_.data(), kept_.size(), T(0)); }

  private:
    const KernelTable<T>& kernels_;
    Buffer<T> kept_;
};

}  // namespace fastgd

// Gradient sums of one tile after the other, coefficients' on their way into sums in double.
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

// What a tile adds to the intercepts' gradients. Sums in memory would wait for each addition to be
// stored and read again, 3 ns a row: one is a variable, and of several a few take turns.
template <class Sum, class T>
void add_derivatives(const T* derivative, Index rows, Index outputs, Sum* sums) {
    if (outputs == 1) {
        Sum sum = 0;
        for (Index i = 0; i < rows; ++i) sum += static_cast<Sum>(derivative[i]);
        sums[0] += sum;
        return;
    }
    constexpr Index few = 8;
    Sum sum[few];
    for (Index first = 0; first < outputs; first += few) {
        const Index size = std::min(few, outputs - first);
        std::fill_n(sum, size, Sum(0));
        for (Index i = 0; i < rows; ++i)
            for (Index k = 0; k < size; ++k)
                sum[k] += static_cast<Sum>(derivative[i * outputs + first + k]);
        for (Index k = 0; k < size; ++k) sums[first + k] += sum[k];
    }
}

}  // namespace fastgd

// Gradient sums of one tile after the other, coefficients' on their way into sums in double.
#pragma once

#include <algorithm>
#include <numeric>
#include <span>

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

    void add(const RowTile<T>& tile, const T* derivative, Index outputs, std::span<double> sums) {
        if (tile.sparse())
            kernels_.add_sparse(tile, derivative, outputs, sums.data());
        else
            kernels_.backward(tile, derivative, outputs, kept_.data());
    }

    void flush(std::span<double> sums) {
        for (std::ptrdiff_t j = 0; j < kept_.size(); ++j)
            sums[static_cast<std::size_t>(j)] += static_cast<double>(kept_[j]);
        clear();
    }

    void clear() { std::fill_n(kept_.data(), kept_.size(), T(0)); }

  private:
    const KernelTable<T>& kernels_;
    Buffer<T> kept_;
};

// What a tile adds to the intercepts' gradients. A sum in memory would wait for each addition to be
// stored and read again, 3 ns a row, and a single variable for the addition: a few take turns, in
// an order that is the same for any number of outputs.
template <class Sum, class T>
void add_derivatives(const T* derivative, Index rows, Index outputs, Sum* sums) {
    constexpr Index few = 8;
    for (Index k = 0; k < outputs; ++k) {
        const T* of_row = derivative + k;
        Sum sum[few] = {};
        Index i = 0;
        for (; i + few <= rows; i += few)
            for (Index r = 0; r < few; ++r, of_row += outputs) sum[r] += static_cast<Sum>(*of_row);
        for (; i < rows; ++i, of_row += outputs) sum[i % few] += static_cast<Sum>(*of_row);
        sums[k] += std::accumulate(sum, sum + few, Sum(0));
    }
}

}  // namespace fastgd

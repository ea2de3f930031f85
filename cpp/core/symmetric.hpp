// A symmetric matrix in panels of columns, its upper triangle stored, and its Cholesky factor.
#pragma once

#include <algorithm>
#include <vector>

#include "../kernels/table.hpp"
#include "buffer.hpp"
#include "large_vector.hpp"

namespace fastgd {

class SymmetricMatrix {
  public:
    SymmetricMatrix() = default;
    explicit SymmetricMatrix(Index size)
        : size_(size),
          stride_((size + panel_columns - 1) / panel_columns * panel_columns),
          values_(stride_ * stride_) {
        clear();
    }

    Index size() const { return size_; }
    Index stride() const { return stride_; }
    Index panels() const { return stride_ / panel_columns; }

    // Row i; only columns from i on mean something.
    double* row(Index i) { return values_.data() + i * stride_; }
    const double* row(Index i) const { return values_.data() + i * stride_; }
    double& at(Index i, Index j) { return i <= j ? row(i)[j] : row(j)[i]; }
    double at(Index i, Index j) const { return i <= j ? row(i)[j] : row(j)[i]; }

    SymmetricMatrix copy() const {
        SymmetricMatrix result(size_);
        for (Index i = 0; i < size_; ++i) std::copy(row(i) + i, row(i) + size_, result.row(i) + i);
        return result;
    }

    void clear() { std::fill_n(values_.data(), values_.size(), 0.0); }

  private:
    Index size_ = 0;
    Index stride_ = 0;
    Buffer<double> values_;
};

// Of what the kernels' tables hold, that which works on panels.
using AddProducts = void (*)(const double* a, const double* b, Index rows, double* out,
                             Index stride) noexcept;

// The upper factor U of a positive semidefinite matrix whose diagonal is raised by the share
// `ridge`: solutions are short along directions that rounding cannot tell from none. A column
// without a diagonal is left out: its unknown is 0 in every solution. So is one of which those
// before it leave no more than `least` has for it, if that is given.
class Cholesky {
  public:
    Cholesky() = default;

    // Takes the matrix's place.
    Cholesky(SymmetricMatrix matrix, double ridge, AddProducts add_products, int threads,
             const LargeVector<double>& least = {});

    // x = (U^T U)^-1 x
    void solve(LargeVector<double>& x) const {
        solve_transposed(x);
        solve_upper(x);
    }
    // x = U^-T x
    void solve_transposed(LargeVector<double>& x) const;
    // x = U^-1 x
    void solve_upper(LargeVector<double>& x) const;

    // Of U; 0 in the row of a column left out.
    double upper(Index row, Index column) const {
        const bool none = column < row || left_out_[static_cast<std::size_t>(row)];
        return none ? 0.0 : factor_.row(row)[column];
    }

    // Columns that, as far as rounding can tell, are combinations of those before them, in order.
    std::vector<Index> dependent() const;

    // The combination of the columns before this one that comes closest to it, and the square of
    // what that leaves; 0 of a column left out.
    LargeVector<double> combination(Index column) const;
    double left(Index column) const;

  private:
    void factor_block(Index first, Index last, const LargeVector<double>& least);
    bool made_of_ridge(Index column) const;

    SymmetricMatrix factor_;
    double ridge_ = 0.0;
    LargeVector<double> diagonal_;  // of the matrix, without the ridge
    std::vector<Index> suspects_;  // of being combinations of others
    std::vector<bool> left_out_;
};

}  // namespace fastgd

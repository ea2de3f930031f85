// The matrix of second moments of rows, weighted by how the loss bends: a Hessian without penalty.
#pragma once

#include <span>

#include "function_ref.hpp"
#include "objective.hpp"
#include "residual_columns.hpp"
#include "symmetric.hpp"

namespace fastgd {

// Where a matrix of all columns costs more memory and work than it saves.
inline constexpr Index most_gram_columns = 2047;

struct Gram {
    SymmetricMatrix matrix;  // of the columns, then of the intercept
    double weight = 0.0;     // sum of sample weights; the matrix is not divided by it

    explicit Gram(Index columns) : matrix(columns + 1) {}
};

// What second moments are taken of: u = ((x - shift) * scale, 1), near-combinations replaced.
struct GramColumns {
    std::span<const double> scale;
    std::span<const double> shift;
    bool intercept = true;  // without it the last row and column get nothing
    const ResidualColumns* residuals = nullptr;
};

// Adds `factor` times the sum over rows of s w u u^T with w the loss's working weight at `model`
// (the mean over outputs), or its bound if that is null. `keep_going` is asked every few
// milliseconds; once it says no, the sums mean nothing.
template <class T>
void add_gram(const Objective<T>& objective, const Data& data, const RowSelection& rows,
              double factor, const LinearModel<T>* model, const GramColumns& columns,
              FunctionRef<bool()> keep_going, Gram& gram);

}  // namespace fastgd

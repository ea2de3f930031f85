// Columns close to combinations of others, each replaced by what it has of its own.
#pragma once

#include <vector>

#include "dot.hpp"
#include "function_ref.hpp"
#include "large_vector.hpp"
#include "symmetric.hpp"

namespace fastgd {

// A change of basis: column k becomes x_k - sum_j share_j x_j over the columns j before it. Where
// little is left of x_k its square drowns in the rounding of second moments; that of what is left,
// taken row by row, does not (as in shifted CholeskyQR: Fukaya et al. 2020).
class ResidualColumns {
  public:
    // Columns come in ascending order; `share` has a number for each column before this one.
    void add(Index column, const LargeVector<double>& share);
    bool empty() const { return residuals_.empty(); }

    // Rows in panels of `capacity` rows.
    void replace(double* packed, Index rows, Index capacity) const;
    // Slopes along the columns become slopes along residuals.
    void slopes_from_columns(LargeVector<double>& slope) const;
    // Moves of the coefficients of residuals become moves of those of columns.
    void moves_to_columns(LargeVector<double>& move) const;
    // Adds the curvature of a ridge of `strength` on each column.
    void add_ridge(const LargeVector<double>& strength, SymmetricMatrix& matrix) const;
    // Unit vectors, at right angles, of the moves that change residuals alone.
    std::vector<LargeVector<double>> directions(std::size_t columns) const;
    // The length of the residual of the i-th column added, were columns orthogonal and so long.
    double length(std::size_t i, const LargeVector<double>& columns) const;

    // Takes off what residuals are made of themselves, as a factor of their second moments tells.
    void take_further(const Cholesky& factor);
    // Those for which the function of their place says so.
    ResidualColumns kept(FunctionRef<bool(std::size_t)> stays) const;

    Index column(std::size_t i) const { return residuals_[i].column; }
    std::vector<Index> columns() const;
    std::size_t size() const { return residuals_.size(); }

  private:
    struct Residual {
        Index column;
        LargeVector<double> share;  // of each column; zeros from this one on fill its last panel
    };
    // What a move of a residual does to each coefficient.
    static LargeVector<double> move_of(const Residual& residual, std::size_t columns);

    std::vector<Residual> residuals_;
};

// x loses its part along a unit vector, which is returned.
double take_off(const LargeVector<double>& unit, LargeVector<double>& x);

}  // namespace fastgd

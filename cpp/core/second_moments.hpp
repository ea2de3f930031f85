// Batch descent on a loss that bends alike everywhere: second moments of the rows in their place.
#pragma once

#include <optional>

#include "coefficients.hpp"
#include "fit_options.hpp"
#include "gram.hpp"
#include "large_vector.hpp"

namespace fastgd {

// What the costs of a fit depend on.
struct FitShape {
    Index rows;
    Index columns;
    Index outputs;
    Index item_bytes;  // of a number that kernels read
    bool quadratic;    // the loss bends alike everywhere
    Index reading_width =
        0;  // columns of dense rows that take as long to read, if these are sparse
};

// Epochs that read X before its second moments take its place; none where they never do. No clock
// has a say, so that a fit has the same bits on any machine of one instruction set.
std::optional<Index> epochs_before_second_moments(const FitOptions& options, const FitShape& shape);

// Sums over all rows at any coefficients, from those at one point and the Hessian of the sums: the
// gradient is linear and the loss a parabola. Coefficients are those on columns reduced by `shift`.
template <class T>
class SecondMoments {
  public:
    // One pass over X. `shift` may be empty: columns as they are. Once `keep_going` says no, the
    // result means nothing.
    SecondMoments(const Objective<T>& objective, const Data& data, LargeVector<double> shift,
                  FunctionRef<bool()> keep_going);

    // False where squares of columns overflow.
    bool finite() const;

    // `sums` were taken at `at` as kernels read it: all other sums are told from there.
    void refer_to(const Coefficients& at, const GradientSums& sums);

    // The sums at `at`; nothing where the loss has fallen so far that differences from the point
    // referred to would be rounding: the rows have to be read there.
    std::optional<GradientSums> sums_at(const Coefficients& at) const;

  private:
    // change += Hessian * move, of one output
    void add_product(const double* move, double* change) const;

    Gram gram_;  // both triangles
    Coefficients origin_;
    GradientSums at_origin_;
};

}  // namespace fastgd

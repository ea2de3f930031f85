// Objective and gradient norm at fixed coefficients, in the user's own columns.
#pragma once

#include <limits>
#include <span>

#include "objective.hpp"
#include "penalty.hpp"

namespace fastgd {

struct Measure {
    double objective = 0.0;
    double gradient_norm = 0.0;  // Euclidean; with kinks and bounds, of what still leads down
    // How much lower the optimum is thought to lie; NaN: nobody knows.
    double height = std::numeric_limits<double>::quiet_NaN();
};

// `shift` is what the columns were reduced by when `sums` were taken, or empty; without an
// intercept to fit, its gradient does not count. `threads`: as many as pay.
Measure measure(const GradientSums& sums, const PenaltyStrength& penalty,
                std::span<const double> coef, std::span<const double> shift, bool fit_intercept,
                int threads = 1);

// Objective at `coef` and, in `sums`, its gradient: sums of losses become means plus penalty.
// The l1 term contributes its sign, 0 at 0.
double finish_gradient(GradientSums& sums, const PenaltyStrength& penalty,
                       std::span<const double> coef);

}  // namespace fastgd

// How far an objective may lie above its optimum, by Fenchel's dual.
#pragma once

#include "coefficients.hpp"
#include "objective.hpp"
#include "penalty_scale.hpp"

namespace fastgd {

// The objective at `at` less that of a point of the dual, which no objective falls below: an upper
// bound of the height above the optimum, over intercepts too if one is fitted. The point is the
// loss's derivative, less a share for each sign and output, so that it sums to 0 where an
// intercept is fitted and its products with the columns respect the l1 penalty (Fercoq, Gramfort,
// Salmon 2015). Infinite for a loss that tells no Fenchel gap. Where `strength` exempts a column
// that others are not, only the dual's point 0 respects it unless the gradient there is 0. Reads
// the rows once, once more where a share is taken, and for their deviations.
template <class T>
double duality_gap(const Objective<T>& objective, const Data& data, const Coefficients& at,
                   const PenaltyStrength& strength, PenaltyScale scale, bool fit_intercept);

}  // namespace fastgd

// How far an objective may lie above its optimum, by Fenchel's dual.
#pragma once

#include "coefficients.hpp"
#include "objective.hpp"
#include "penalty.hpp"

namespace fastgd {

// The objective at `at` less that of a point of the dual, which no objective falls below: an upper
// bound of the height above the optimum, over intercepts too if one is fitted. The point is the
// loss's derivative, less a share for each sign and output, so that it sums to 0 where an
// intercept is fitted and its products with the columns respect the l1 penalty (Fercoq, Gramfort,
// Salmon 2015). Infinite for a loss that tells no Fenchel gap. Columns that bear none of a penalty
// have to be constant. Reads the rows once, and once more
// where a share is taken.
template <class T>
double duality_gap(const Objective<T>& objective, const Data& data, const Coefficients& at,
                   const PenaltyStrength& penalty, bool fit_intercept);

}  // namespace fastgd

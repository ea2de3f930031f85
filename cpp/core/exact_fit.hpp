// A model that fits exactly, as far as numbers of a limited length can.
#pragma once

#include "coefficients.hpp"
#include "moments.hpp"
#include "objective.hpp"

namespace fastgd {

// Mean square of targets, all outputs together; 0 of labels and means, which are never fitted
// exactly. `at_zero`: the objective of zero coefficients.
template <class T>
double mean_target_square(const Objective<T>& objective, const Data& data, double at_zero);

// The objective that the rounding of linear predictors leaves at `raw` coefficients where all rows
// are fitted, their terms each off by a rounding; 0 for losses of labels, which fit none exactly
// and ask for no coefficients. `target_square`: as above.
template <class T>
double rounded_objective(const Objective<T>& objective, const ColumnMoments& moments,
                         FunctionRef<Coefficients()> raw, double target_square);

}  // namespace fastgd

// Classes that a plane divides: their loss goes to 0 as coefficients grow.
#pragma once

#include <span>

#include "coefficients.hpp"
#include "moments.hpp"
#include "objective.hpp"
#include "penalty.hpp"

namespace fastgd {

// True if the model `at`, on columns reduced by `shift` and of this objective, proves that every
// row can be on its own label's side: the summed loss is below that of the lightest row alone at
// the border between the classes. Coefficients that a penalty or a bound holds count for nothing.
template <class T>
bool separates(const Objective<T>& objective, const Data& data, const PenaltyStrength& penalty,
               const ColumnMoments& moments, const Coefficients& at, double objective_there,
               std::span<const double> shift);

}  // namespace fastgd

// The model that says nothing: what an objective is measured against.
#pragma once

#include "objective.hpp"

namespace fastgd {

// The mean loss of zero coefficients.
template <class T>
double objective_of_zero(const Objective<T>& objective, const Data& data);

// True if a summed loss this low proves that every row is on its own label's side: it is below
// that of the lightest row alone at the border between the classes.
template <class T>
bool separates(const LossKernels<T>& loss, LossSpec spec, double summed_loss, double least_weight);

}  // namespace fastgd

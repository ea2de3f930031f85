// The model that says nothing: what an objective is measured against.
#pragma once

#include "large_vector.hpp"
#include "objective.hpp"

namespace fastgd {

// The mean loss of zero coefficients.
template <class T>
double objective_of_zero(const Objective<T>& objective, const Data& data);

// Of a loss in exp(z): intercepts that make it each output's mean, offsets reckoned with by theirs,
// and how the loss bends there (without an intercept, at zero coefficients if that is more).
struct NullModel {
    LargeVector<double> intercept;
    double curvature;
};

template <class T>
NullModel null_model(const KernelTable<T>& kernels, const LossSpec& loss, const Data& data,
                     bool fit_intercept, int threads);

}  // namespace fastgd

// How strongly the objective bends: what a safe step is taken from.
#pragma once

#include "data.hpp"
#include "loss.hpp"
#include "objective.hpp"
#include "preconditioner.hpp"

namespace fastgd {

// Largest eigenvalue of metric * (curvature * X^T S X / sum(s) + l2) with columns shifted and the
// intercept counted, by power iteration on evenly spread rows (all, if there are few).
template <class T>
double largest_curvature(const KernelTable<T>& kernels, const Data& data,
                         const Preconditioner& preconditioner, double curvature, double l2,
                         int threads, FunctionRef<bool()> keep_going);

// Largest squared norm of a row, its intercept's 1 included.
template <class T>
double largest_row_norm(const KernelTable<T>& kernels, const Data& data);

// Mean over rows of curvature * (x - shift)^2 in the metric, the intercept counted.
double mean_row_curvature(const ColumnMoments& moments, const Preconditioner& preconditioner,
                          double curvature);

}  // namespace fastgd

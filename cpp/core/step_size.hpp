// Step sizes that the loss and the rows allow.
#pragma once

#include "curvature.hpp"
#include "descent.hpp"
#include "moments.hpp"
#include "preconditioner.hpp"

namespace fastgd {

// What the smoothness of a step depends on, beside the data.
struct StepProblem {
    Index rows_a_step = 0;   // 0: all of them
    double curvature = 1.0;  // bound of the loss's second derivative
    double l2 = 0.0;
    int threads = 0;
};

// 1 / L in the metric, for the smoothness L of a batch: that of all rows, plus the spread of
// single rows over the rows of the batch.
template <class T>
double automatic_rate(const KernelTable<T>& kernels, const Data& data, const StepProblem& problem,
                      const ColumnMoments& moments, const Preconditioner& preconditioner,
                      FunctionRef<bool()> keep_going);

// How far off the optimum may lie in a metric where the curvature is one, for an objective that can
// fall by `height`.
double reach(double height);

// The rate of adaptive steps, which are lengths in the units of such a metric: adagrad divides it
// by the root of the steps itself, the others start with that of an epoch's.
double adaptive_rate(Update update, double height, Index steps_an_epoch);

// A step on raw columns that no order of the rows makes diverge.
template <class T>
double safe_rate(const KernelTable<T>& kernels, const Data& data, const StepProblem& problem,
                 bool fit_intercept, FunctionRef<bool()> keep_going);

}  // namespace fastgd

// Step sizes that the loss and the rows allow.
#pragma once

#include "curvature.hpp"
#include "descent.hpp"
#include "large_vector.hpp"
#include "moments.hpp"
#include "preconditioner.hpp"

namespace fastgd {

// What the smoothness of a step depends on, beside the data.
struct StepProblem {
    Index rows_a_step = 0;   // 0: all of them
    double curvature = 1.0;  // bound of the loss's second derivative
    PenaltyStrength penalty{};
    int threads = 0;
    bool searched = false;  // a line search finds the length
};

// 1 / L in the metric, for the smoothness L of a batch: that of all rows, plus the spread of
// single rows over the rows of the batch.
template <class T>
double automatic_rate(const KernelTable<T>& kernels, const Data& data, const StepProblem& problem,
                      const ColumnMoments& moments, const Preconditioner& preconditioner,
                      FunctionRef<bool()> keep_going);

// For a line search to begin with: the step to the least point along the gradient, in the metric,
// of a parabola that bends as the loss does at most (Cauchy 1847). Of several outputs the steepest
// speaks for all.
template <class T>
double searched_rate(const KernelTable<T>& kernels, const Data& data, const StepProblem& problem,
                     const Preconditioner& preconditioner, const LargeVector<double>& gradient);

// How far off the optimum may lie in a metric where the curvature is one, for an objective that can
// fall by `height`.
double reach(double height);

// The rate of adaptive steps, which are lengths in the units of such a metric: adagrad divides it
// by the root of the steps itself, the others start with that of an epoch's.
double adaptive_rate(Update update, double height, Index steps_an_epoch);

// How strongly raw columns bend, all rows together and the longest alone.
struct RawCurvature {
    SteepestDirection steepest;  // with loss and penalty
    LongestRow longest;
    double mean_square = 0.0;  // of a row's norm, the intercept's 1 included
    double rows = 0.0;
};

template <class T>
RawCurvature raw_curvature(const KernelTable<T>& kernels, const Data& data,
                           const StepProblem& problem, const ColumnMoments& moments,
                           bool fit_intercept, FunctionRef<bool()> keep_going);

// What keeps a step on raw columns short.
enum class Limit { column, intercept, row, penalty };

struct SafeStep {
    double rate = 0.0;
    Limit limit = Limit::column;
    Index index = 0;  // of the column or row
    double share = 0.0;  // of the smoothness; for a row, its norm over the root mean square of all
};

// A step on raw columns that no order of the rows makes diverge, and what would have to change
// for a longer one.
SafeStep safe_step(const RawCurvature& raw, const StepProblem& problem);

}  // namespace fastgd

// How strongly the objective bends: what a safe step is taken from.
#pragma once

#include "data.hpp"
#include "large_vector.hpp"
#include "loss.hpp"
#include "objective.hpp"
#include "preconditioner.hpp"

namespace fastgd {

// v -> P (curvature X^T S X / sum(s) + l2) P v over some rows, columns shifted and the intercept
// last, unpenalised; P is the root of a diagonal metric, so that the operator is symmetric.
template <class T>
class CurvatureOperator {
  public:
    // `rows` must outlive this. An empty `shift` subtracts nothing.
    CurvatureOperator(const KernelTable<T>& kernels, const Data& data, const RowSelection& rows,
                      const LargeVector<double>& shift, const LargeVector<double>& metric,
                      double intercept_metric, double curvature, const PenaltyStrength& penalty,
                      int threads);

    // columns + 1 numbers; one pass over the rows, 0 if they weigh nothing.
    LargeVector<double> operator()(const LargeVector<double>& v);

  private:
    Objective<T> objective_;
    Data data_;
    RowSelection rows_;
    LargeVector<T> shift_;
    LargeVector<double> root_;  // of the metric, the intercept's last
    double curvature_;
    PenaltyStrength penalty_;
    GradientSums sums_;
};

// Where an objective bends most.
struct SteepestDirection {
    double curvature = 0.0;
    LargeVector<double> direction;  // of columns and intercept, of length 1 unless curvature is 0
};

// Largest eigenvalue of metric * (curvature * X^T S X / sum(s) + l2) with columns shifted and the
// intercept counted, by power iteration on evenly spread rows (all, if there are few) until it
// grows by less than the share `tolerance`.
template <class T>
SteepestDirection largest_curvature(const KernelTable<T>& kernels, const Data& data,
                                    const Preconditioner& preconditioner, double curvature,
                                    const PenaltyStrength& penalty, int threads,
                                    FunctionRef<bool()> keep_going, double tolerance);

// The same along a direction of length 1 in the metric, intercept last.
template <class T>
double curvature_along(const KernelTable<T>& kernels, const Data& data,
                       const Preconditioner& preconditioner, double curvature,
                       const PenaltyStrength& penalty, int threads,
                       const LargeVector<double>& direction);

struct LongestRow {
    Index row = 0;
    double square = 0.0;
};

// The row of the largest squared norm, its intercept's 1 included, times its weight over
// `mean_weight`; the first of several.
template <class T>
LongestRow longest_row(const KernelTable<T>& kernels, const Data& data, double mean_weight,
                       int threads);

// Mean over rows of curvature * (x - shift)^2 in the metric, the intercept counted.
double mean_row_curvature(const ColumnMoments& moments, const Preconditioner& preconditioner,
                          double curvature);

}  // namespace fastgd

// Steps in the metric of the Hessian of a sample of rows: what correlated columns need.
#pragma once

#include <algorithm>
#include <limits>
#include <span>
#include <vector>

#include "coefficients.hpp"
#include "gram.hpp"
#include "large_vector.hpp"
#include "moments.hpp"
#include "penalty.hpp"
#include "symmetric.hpp"
#include "whitening_sample.hpp"

namespace fastgd {

// Where a step in this metric leads and how much of the objective it promises: half the squared
// norm of the gradient in the metric, which is the height of a quadratic above its optimum.
struct MetricStep {
    Coefficients to;
    double decrement = 0.0;
    // Above the optimum: where decrements shrink by a ratio from step to step, the sum of all to
    // come; NaN where nothing is known of it.
    double height = std::numeric_limits<double>::quiet_NaN();
};

// Coefficients are those on columns reduced by `shift`.
template <class T>
class Whitening {
  public:
    // All but `sample` must outlive this.
    Whitening(const Objective<T>& objective, const Data& data, WhiteningSample<T> sample,
              const PenaltyStrength& penalty, bool fit_intercept);

    // From `at`, whose sums over all rows are `sums`. The curvature is taken anew where it may have
    // changed. Once `keep_going` says no, the step means nothing.
    MetricStep step(const Coefficients& at, const GradientSums& sums,
                    FunctionRef<bool()> keep_going);

    // Close to the optimum of the sample alone.
    Coefficients solve_sample(Coefficients at, FunctionRef<bool()> keep_going);

    const WhiteningSample<T>& sample() const { return sample_; }

    // After a step that failed, and after one that did not.
    void shorten() { length_ *= 0.5; }
    void recover() { length_ = std::min(1.0, 2.0 * length_); }

    // Columns that are combinations of others as far as rounding can tell.
    std::vector<Index> dependent_columns() const;
    // Columns that differ from such combinations by little, but by more than that.
    std::vector<Index> columns_told_apart() const { return residuals_.columns(); }

  private:
    // What is known of the curvature becomes that at `at`, or its bound; false if interrupted.
    bool refresh(const Coefficients& at, bool bound, FunctionRef<bool()> keep_going);
    Cholesky factor_of(SymmetricMatrix matrix) const;
    // The Hessian at `model`, or its bound if that is null, and of a smooth penalty its factor;
    // false if interrupted.
    bool factor(const Objective<T>& objective, const LinearModel<T>* model,
                FunctionRef<bool()> keep_going);
    // The step with kinks rounded off more widely, if that promises more; false if interrupted.
    bool look_beyond_kinks(const Coefficients& at, const GradientSums& sums, MetricStep* proposal,
                           FunctionRef<bool()> keep_going);
    // The whole step from `at`, its curvature taken anew where it is old; false if interrupted.
    bool renew(const Coefficients& at, const GradientSums& sums, MetricStep* proposal,
               FunctionRef<bool()> keep_going);
    void widen(FunctionRef<bool()> keep_going);
    MetricStep propose(const Coefficients& at, const GradientSums& sums) const;
    // One output's part of that with kinks or bounds: moves `to` and returns the slope there.
    double proximal_move(std::size_t output, std::span<const double> gradient,
                         Coefficients& to) const;
    // What is known of the sample becomes unknown: its rows are others now.
    void forget();
    // Close to the optimum of the sample, or from `at` there, the objective having begun at
    // `start`.
    Coefficients solve_rows(Coefficients at, FunctionRef<bool()> keep_going);
    Coefficients descend_sample(Coefficients at, double start, FunctionRef<bool()> keep_going);
    // The sample's least squares, if that is lower than `at`.
    Coefficients least_squares(Coefficients at, FunctionRef<bool()> keep_going);
    // How much of the step to take.
    double length_of(const Coefficients& at, const MetricStep& proposal, const GradientSums& sums,
                     const GradientSums& in_sample);
    // Valid until the next call; where the last one was, nothing is read: steps start where their
    // trials ended.
    const GradientSums& sample_sums(const Coefficients& at);
    GradientSums sample_sums(const Objective<T>& objective, const Coefficients& at) const;
    double value(const GradientSums& sums, const Coefficients& at) const;

    const Objective<T>& objective_;
    Objective<T> wider_;  // with wider kinks, where there are any
    const Data& data_;
    PenaltyStrength penalty_;
    bool fit_intercept_;
    WhiteningSample<T> sample_;
    LargeVector<T> shift_T_;
    Coefficients summed_at_;
    GradientSums sample_sums_;
    SymmetricMatrix hessian_;  // with kinks or bounds, else the factor
    ResidualColumns residuals_;
    // Moves that change no prediction: a slope along them is rounding.
    std::vector<LargeVector<double>> idle_;
    bool looked_closer_ = false;  // at columns that seem to be made up of others
    Cholesky factor_;
    bool known_ = false;
    int steps_ = 0;
    double last_decrement_ = std::numeric_limits<double>::infinity();
    double length_ = 1.0;
};

}  // namespace fastgd

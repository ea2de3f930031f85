// The inverse Hessian of a sample of rows, the mean of all outputs', as a metric of gradients.
#pragma once

#include <span>

#include "large_vector.hpp"
#include "penalty.hpp"
#include "symmetric.hpp"
#include "whitening_sample.hpp"

namespace fastgd {

// One for all outputs: what quasi-Newton steps of several outputs together start from.
class WhitenedMetric {
  public:
    WhitenedMetric(const PenaltyStrength& penalty, bool fit_intercept)
        : penalty_(penalty), fit_intercept_(fit_intercept) {}

    // At `model`, or at the loss's curvature bound if that is null. False if interrupted: it stays.
    template <class T>
    bool take(const Objective<T>& objective, const WhiteningSample<T>& sample,
              const LinearModel<T>* model, FunctionRef<bool()> keep_going);

    // In the place of `gradient`, coef's of all outputs, then the intercepts'.
    void apply(std::span<double> gradient) const;

    const Cholesky& factor() const { return factor_; }

  private:
    PenaltyStrength penalty_;
    bool fit_intercept_;
    LargeVector<double> unit_;  // of each column
    Cholesky factor_;
};

}  // namespace fastgd

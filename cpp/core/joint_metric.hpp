// The metric of quasi-Newton steps of outputs that are one loss together, renewed on the way.
#pragma once

#include <memory>

#include "coefficients.hpp"
#include "fit_options.hpp"
#include "large_vector.hpp"
#include "whitened_metric.hpp"

namespace fastgd {

template <class T>
class JointMetric {
  public:
    // At the loss's curvature bound. `objective`, `data` and `moments` must outlive this.
    JointMetric(const Objective<T>& objective, const Data& data, const ColumnMoments& moments,
                const LargeVector<double>& shift, const FitOptions& options,
                FunctionRef<bool()> keep_going);

    std::shared_ptr<const WhitenedMetric> metric() const { return metric_; }
    std::vector<Index> dependent_columns() const {
        return sample_.dependent_columns(metric_->factor());
    }

    // After so many epochs: the bound says little once most rows are told apart, and what is known
    // changes ever more slowly.
    void renew_after(Index epochs, const Coefficients& at, FunctionRef<bool()> keep_going);

  private:
    const Objective<T>& objective_;
    WhiteningSample<T> sample_;
    std::shared_ptr<WhitenedMetric> metric_;
};

}  // namespace fastgd

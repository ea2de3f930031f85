// What per-sample and mini-batch descent share: coefficients in T and their running average.
#pragma once

#include <optional>

#include "descent.hpp"
#include "large_vector.hpp"
#include "lazy_steps.hpp"

namespace fastgd {

template <class T>
class Stochastic : public Descent<T> {
  public:
    // The average where there is one, else the last iterate.
    void read(Coefficients& model) const override;
    void restart_from(const Coefficients& start) override;
    DescentState state() const override;
    void restore(const DescentState& state) override;

    // Goes on from `start` with variance reduced by `sums`, taken over all rows at `anchor`;
    // averages no more.
    void anchor_at(const Coefficients& anchor, const GradientSums& sums, const Coefficients& start);

  protected:
    using Descent<T>::options_;
    using Descent<T>::steps_;

    Stochastic(const Objective<T>& objective, DescentOptions options, const Coefficients& start);

    bool averaging() const {
        return options_.average && anchor_coef_.empty() && steps_ >= options_.average_after;
    }
    // How many of the next `most` steps may be taken alike: up to where averaging starts, then up
    // to where sums in T are due, so that where chunks end plays no part.
    Index steps_alike(Index most) const;
    // Counts steps taken; if they were averaged, their sums in T move into those in double in time.
    void count_steps(Index steps, bool averaged);
    const T* shift() const { return shift_.empty() ? nullptr : shift_.data(); }
    const T* metric() const { return metric_.empty() ? nullptr : metric_.data(); }
    // All null without an anchor.
    Anchor<T> anchor() const;

    // Before steps along sparse rows, averaged or not: the steps columns have yet to take must be
    // like these. `together`: columns are told apart even where steps do the same to all.
    LazySteps<T>& lazy_steps(bool averaged, bool together);
    // Before steps that all columns take: they take those they have yet to take.
    void end_lazy_steps();
    LazyColumns<T> lazy_columns(Index count, bool averaged) {
        return lazy_->columns(count, averaged ? coef_total_.data() : nullptr);
    }
    T step_at(std::int64_t step) const {
        return static_cast<T>(options_.schedule.at(static_cast<double>(step + 1)));
    }

    LargeVector<T> coef_;
    LargeVector<T> intercept_;
    LargeVector<T> velocity_;  // of adam and adamw the mean gradient; empty without one
    LargeVector<T> intercept_velocity_;
    LargeVector<T> square_;  // of gradients, summed or averaged; empty but for adaptive updates
    LargeVector<T> intercept_square_;
    std::int64_t restarted_at_ = 0;  // steps taken before the last restart
    LargeVector<T> coef_sum_;  // of few iterates, empty without averaging
    LargeVector<T> intercept_sum_;

  private:
    Coefficients coefficients(const LargeVector<T>& coef, const LargeVector<double>& total) const;
    void restart_average();
    void restore_lazy(const DescentState& state);
    void bring_up(LazySteps<T>& lazy, LargeVector<T>& coef, LargeVector<double>& total) const;

    LargeVector<T> shift_;  // of the preconditioner, empty for none
    LargeVector<T> metric_;
    LargeVector<T> anchor_coef_;
    LargeVector<T> anchor_intercept_;
    LargeVector<T> anchor_gradient_;  // coef's, then the intercepts'
    LargeVector<double> coef_total_;
    LargeVector<double> intercept_total_;
    double averaged_ = 0.0;  // iterates in sums and totals
    std::optional<LazySteps<T>> lazy_;  // of sparse rows, whose iterates are in totals alone
    bool lazily_averaged_ = false;
};

}  // namespace fastgd

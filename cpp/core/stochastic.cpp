#include "stochastic.hpp"

#include <algorithm>

#include "adaptive.hpp"

namespace fastgd {

namespace {

template <class T>
void move_into(LargeVector<T>& from, LargeVector<double>& to) {
    for (std::size_t j = 0; j < to.size(); ++j) to[j] += static_cast<double>(from[j]);
    std::fill(from.begin(), from.end(), T(0));
}

template <class T>
LargeVector<double> as_double(const LargeVector<T>& values) {
    return {values.begin(), values.end()};
}

template <class T>
LargeVector<double> mean(LargeVector<double> total, const LargeVector<T>& sum, double count) {
    for (std::size_t j = 0; j < total.size(); ++j)
        total[j] = (total[j] + static_cast<double>(sum[j])) / count;
    return total;
}

// Iterates summed in T before they are added in double.
constexpr Index steps_a_sum = 64;

}  // namespace

template <class T>
Stochastic<T>::Stochastic(const Objective<T>& objective, DescentOptions options,
                          const Coefficients& start)
    : Descent<T>(objective, std::move(options)),
      shift_(options_.preconditioner.shift.begin(), options_.preconditioner.shift.end()),
      metric_(options_.preconditioner.metric.begin(), options_.preconditioner.metric.end()) {
    restart_from(start);
}

template <class T>
void Stochastic<T>::restart_from(const Coefficients& start) {
    coef_.assign(start.coef.begin(), start.coef.end());
    intercept_.assign(start.intercept.begin(), start.intercept.end());
    if (carries_velocity(options_.update)) {
        velocity_.assign(coef_.size(), T(0));
        intercept_velocity_.assign(intercept_.size(), T(0));
    }
    if (adaptive(options_.update)) {
        square_.assign(coef_.size(), T(0));
        intercept_square_.assign(intercept_.size(), T(0));
    }
    restarted_at_ = steps_;
    if (lazy_) lazy_->restart(lazy_->held());
    anchor_coef_.clear();
    restart_average();
}

template <class T>
void Stochastic<T>::restart_average() {
    if (!options_.average) return;
    coef_sum_.assign(coef_.size(), T(0));
    intercept_sum_.assign(intercept_.size(), T(0));
    coef_total_.assign(coef_.size(), 0.0);
    intercept_total_.assign(intercept_.size(), 0.0);
    averaged_ = 0.0;
}

template <class T>
void Stochastic<T>::anchor_at(const Coefficients& anchor, const GradientSums& sums,
                              const Coefficients& start) {
    restart_from(start);
    anchor_coef_.assign(anchor.coef.begin(), anchor.coef.end());
    anchor_intercept_.assign(anchor.intercept.begin(), anchor.intercept.end());
    anchor_gradient_.clear();
    for (const double g : sums.coef) anchor_gradient_.push_back(static_cast<T>(g / sums.weight));
    for (const double g : sums.intercept)
        anchor_gradient_.push_back(static_cast<T>(g / sums.weight));
}

template <class T>
Anchor<T> Stochastic<T>::anchor() const {
    if (anchor_coef_.empty()) return {};
    return {anchor_coef_.data(), anchor_intercept_.data(), anchor_gradient_.data()};
}

template <class T>
Index Stochastic<T>::steps_alike(Index most) const {
    if (averaging()) return std::min<Index>(most, steps_a_sum - steps_ % steps_a_sum);
    const bool waiting = options_.average && anchor_coef_.empty();
    return waiting ? std::min<Index>(most, options_.average_after - steps_) : most;
}

template <class T>
void Stochastic<T>::count_steps(Index steps, bool averaged) {
    steps_ += steps;
    if (!averaged) return;
    averaged_ += static_cast<double>(steps);
    if (steps_ % steps_a_sum != 0) return;
    if (!lazy_) move_into(coef_sum_, coef_total_);
    move_into(intercept_sum_, intercept_total_);
}

template <class T>
LazySteps<T>& Stochastic<T>::lazy_steps(bool averaged, bool together) {
    const double held =
        options_.schedule.kind == Schedule::Kind::held ? static_cast<double>(step_at(steps_)) : 0.0;
    if (!lazy_) {
        move_into(coef_sum_, coef_total_);
        lazy_.emplace(options_.columns, options_.penalty, options_.preconditioner, together);
        lazy_->restart(held);
        lazily_averaged_ = averaged;
    }
    if (lazy_->full() || lazy_->held() != held || lazily_averaged_ != averaged) {
        bring_up(*lazy_, coef_, coef_total_);
        lazy_->restart(held);
        lazily_averaged_ = averaged;
    }
    return *lazy_;
}

template <class T>
void Stochastic<T>::bring_up(LazySteps<T>& lazy, LargeVector<T>& coef,
                             LargeVector<double>& total) const {
    if (lazy.up_to_date()) return;
    this->objective_.kernels().bring_up(lazy.columns(0, lazily_averaged_ ? total.data() : nullptr),
                                        this->penalty(), this->metric(), anchor().gradient,
                                        options_.columns, options_.outputs, coef.data());
}

template <class T>
void Stochastic<T>::end_lazy_steps() {
    if (lazy_) bring_up(*lazy_, coef_, coef_total_);
    lazy_.reset();
}

template <class T>
void Stochastic<T>::read(Coefficients& model) const {
    if (lazy_ && !lazy_->up_to_date()) {
        // as they are, for a look: how far columns are behind must not depend on who looks
        LazySteps<T> lazy = *lazy_;
        LargeVector<T> coef = coef_;
        LargeVector<double> total = coef_total_;
        bring_up(lazy, coef, total);
        model = coefficients(coef, total);
    } else {
        model = coefficients(coef_, coef_total_);
    }
}

template <class T>
Coefficients Stochastic<T>::coefficients(const LargeVector<T>& coef,
                                         const LargeVector<double>& total) const {
    if (averaged_ > 0.0) {
        Coefficients average{mean(total, coef_sum_, averaged_),
                             mean(intercept_total_, intercept_sum_, averaged_)};
        // iterates are within it, the rounding of their mean need not be
        options_.penalty.box.project(average.coef);
        return average;
    }
    return {as_double(coef), as_double(intercept_)};
}

template <class T>
DescentState Stochastic<T>::state() const {
    return {{"coef", as_double(coef_)},
            {"intercept", as_double(intercept_)},
            {"velocity", as_double(velocity_)},
            {"intercept_velocity", as_double(intercept_velocity_)},
            {"square", as_double(square_)},
            {"intercept_square", as_double(intercept_square_)},
            {"coef_sum", as_double(coef_sum_)},
            {"intercept_sum", as_double(intercept_sum_)},
            {"lazy", lazy_ ? lazy_->state() : LargeVector<double>{}},
            {"penalty", {options_.penalty.l1, options_.penalty.l2}},
            {"l1_factor", options_.penalty.l1_factor},
            {"l2_factor", options_.penalty.l2_factor},
            {"low", options_.penalty.box.low},
            {"high", options_.penalty.box.high},
            {"coef_total", coef_total_},
            {"intercept_total", intercept_total_},
            {"scalars",
             {static_cast<double>(steps_), options_.schedule.rate, averaged_,
              static_cast<double>(restarted_at_), lazily_averaged_ ? 1.0 : 0.0}}};
}

template <class T>
void Stochastic<T>::restore(const DescentState& state) {
    restart_from({state.at("coef"), state.at("intercept")});
    const auto as_T = [&](const char* name) {
        const LargeVector<double>& values = state.at(name);
        return LargeVector<T>(values.begin(), values.end());
    };
    velocity_ = as_T("velocity");
    intercept_velocity_ = as_T("intercept_velocity");
    square_ = as_T("square");
    intercept_square_ = as_T("intercept_square");
    coef_sum_ = as_T("coef_sum");
    intercept_sum_ = as_T("intercept_sum");
    coef_total_ = state.at("coef_total");
    intercept_total_ = state.at("intercept_total");
    const LargeVector<double>& scalars = state.at("scalars");
    steps_ = static_cast<std::int64_t>(scalars.at(0));
    options_.schedule.rate = scalars.at(1);
    averaged_ = scalars.at(2);
    restarted_at_ = static_cast<std::int64_t>(scalars.at(3));
    lazily_averaged_ = scalars.at(4) != 0.0;
    restore_lazy(state);
    // bounds may be others than those the state was held in
    const Box& box = options_.penalty.box;
    for (std::size_t j = 0; !box.empty() && j < coef_.size(); ++j)
        coef_[j] = static_cast<T>(box.projected(j, static_cast<double>(coef_[j])));
}

// Steps that columns have yet to take are those of the penalty they were put off under.
template <class T>
void Stochastic<T>::restore_lazy(const DescentState& state) {
    lazy_.reset();
    const LargeVector<double>& lazy = state.at("lazy");
    if (lazy.empty()) return;
    const LargeVector<double>& strength = state.at("penalty");
    const PenaltyStrength before{strength.at(0),
                                 strength.at(1),
                                 state.at("l1_factor"),
                                 state.at("l2_factor"),
                                 {state.at("low"), state.at("high")}};
    const PenaltyStrength now = options_.penalty;
    this->set_penalty(before);
    lazy_ = LazySteps<T>::restored(lazy, options_.columns, before, options_.preconditioner);
    if (now == before) return;
    end_lazy_steps();
    this->set_penalty(now);
}

template class Stochastic<float>;
template class Stochastic<double>;

}  // namespace fastgd

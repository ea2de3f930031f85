// How a fit ended, and with which coefficients.
#include <cmath>
#include <limits>

#include "fit_run.hpp"
#include "step_size.hpp"

namespace fastgd {

namespace {

// Times those of a sample to step by: some four a column tell its curvature to a factor.
constexpr double few_rows = 0.04;

// Of an exact fit, so many times what one rounding of predictions leaves is rounding.
constexpr double roundings = 100.0;

// In a loss's own units, such a move of the intercept shows how the loss bends there.
constexpr double intercept_move = 0.01;
constexpr double infinite = std::numeric_limits<double>::infinity();

}  // namespace

template <class T>
void FitRun<T>::conclude() {
    const bool cut_short =
        outcome_.status == Status::stopped || outcome_.status == Status::time_limit;
    if (cut_short && !kept_ && std::isnan(best_measure_.objective)) {
        if (!evaluate()) return;
        best_measure_ = measured_;
    }
    if (verdict_ == Verdict::converged && outcome_.status != Status::stopped)
        outcome_.status = Status::converged;
    // a passive-aggressive step is as long as its row asks for, whatever that does to the others
    const bool own_length = automatic() || passive_aggressive(options_.rate);
    const bool grown = !own_length && stopping_->grown(measured_.objective, 2.0);
    if (verdict_ == Verdict::diverged || grown) {
        outcome_.status = Status::diverged;
        look_at_data(true);
        outcome_.safe_step =
            safe_step(raw_curvature(objective_.kernels(), data_, step_problem_, columns_.moments(),
                                    options_.fit_intercept, [&] { return keep_going(); }),
                      step_problem_);
        // the last good coefficients may never have been measured
        restart_from(best_);
        if (!evaluate()) return;
        best_measure_ = measured_;
    }
    if (!kept_) {
        const bool take_best = automatic() || outcome_.status == Status::diverged;
        kept_ = std::move(take_best ? best_ : now_);
        kept_measure_ = take_best ? best_measure_ : measured_;
    } else if (std::isnan(kept_measure_.objective)) {
        restart_from(*kept_);
        if (!evaluate()) return;
        kept_measure_ = measured_;
    }
    outcome_.raw = onto_raw(*kept_);
    outcome_.measure = kept_measure_;
    outcome_.rounded = rounded_at(*kept_);
    if (whitening_) {
        outcome_.dependent = whitening_->dependent_columns();
        outcome_.told_apart = whitening_->columns_told_apart();
    }
    outcome_.history = log_.reports();
    outcome_.passes = log_.passes();
}

template <class T>
FitOutcome FitRun<T>::outcome() {
    if (!abandoned()) conclude();
    return outcome_;
}

// A convex function stays as convex where it is minimised over some of its arguments: along the
// intercept's least points the ridge alone bounds the height by the squares of the gradient.
template <class T>
double FitRun<T>::highest_above_ridge(const GradientSums& here) {
    const PenaltyStrength& penalty = options_.penalty;
    const auto slope = [&](const GradientSums& sums, std::size_t j) {
        return sums.coef[j] / sums.weight + penalty.l2_of(j) * kept_->coef[j];
    };
    double along = 0.0;  // from the intercept to its least point
    double height = 0.0;
    double move = 0.0;
    if (options_.fit_intercept) {
        move = intercept_move * std::sqrt(std::abs(measured_.objective) / objective_.curvature());
        Coefficients moved = *kept_;
        moved.intercept[0] += move;
        restart_from(moved);
        if (!evaluate()) return infinite;
        const double slope_here = here.intercept[0] / here.weight;
        const double bend = (sums_here().intercept[0] / sums_here().weight - slope_here) / move;
        if (!(bend > 0.0)) return infinite;
        along = -slope_here / bend;
        height = 0.5 * slope_here * slope_here / bend;
    }
    for (std::size_t j = 0; j < kept_->coef.size(); ++j) {
        if (!(penalty.l2_of(j) > 0.0)) return infinite;
        double there = slope(here, j);
        if (move > 0.0) there += along / move * (slope(sums_here(), j) - there);
        height += 0.5 * there * there / penalty.l2_of(j);
    }
    return height;
}

template <class T>
double FitRun<T>::left_to_gain(double enough) {
    restart_from(*kept_);
    const auto go_on = [&] { return keep_going(); };
    if (!evaluate()) return 0.0;
    if (measured_.objective <= roundings * rounded_at(now_)) return 0.0;
    const GradientSums here = sums_here();
    if (options_.penalty.l2 > 0.0) {
        const double height = highest_above_ridge(here);
        if (!keep_going() || height <= enough) return height;
    }
    Whitening<T> few(
        objective_, data_,
        WhiteningSample<T>(objective_, data_, columns_.moments(), shift(), go_on, few_rows),
        options_.penalty, options_.fit_intercept);
    return few.step(*kept_, here, go_on).decrement;
}

template void FitRun<float>::conclude();
template void FitRun<double>::conclude();
template FitOutcome FitRun<float>::outcome();
template FitOutcome FitRun<double>::outcome();
template double FitRun<float>::left_to_gain(double);
template double FitRun<double>::left_to_gain(double);

}  // namespace fastgd

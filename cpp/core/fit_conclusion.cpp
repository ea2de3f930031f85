// How a fit ended, and with which coefficients.
#include <cmath>

#include "fit_run.hpp"
#include "step_size.hpp"

namespace fastgd {

namespace {

// Times those of a sample to step by: some four a column tell its curvature to a factor.
constexpr double few_rows = 0.04;

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

template <class T>
double FitRun<T>::left_to_gain() {
    restart_from(*kept_);
    const auto go_on = [&] { return keep_going(); };
    if (!evaluate()) return 0.0;
    Whitening<T> few(
        objective_, data_,
        WhiteningSample<T>(objective_, data_, columns_.moments(), shift(), go_on, few_rows),
        options_.penalty, options_.fit_intercept);
    return few.step(now_, sums_here(), go_on).decrement;
}

template void FitRun<float>::conclude();
template void FitRun<double>::conclude();
template FitOutcome FitRun<float>::outcome();
template FitOutcome FitRun<double>::outcome();
template double FitRun<float>::left_to_gain();
template double FitRun<double>::left_to_gain();

}  // namespace fastgd

#include "quasi_newton_first.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "row_space.hpp"

namespace fastgd {

namespace {

// Without a Hessian that tells how far off the optimum is, more epochs have to agree.
constexpr double stricter = 0.01;

}  // namespace

FitOptions quasi_newton_part(FitOptions options) {
    options.precondition = Precondition::scale;
    options.max_iter = std::min(options.max_iter, options.quasi_newton_first);
    if (options.tol) *options.tol *= stricter;
    return options;
}

FitOptions hessian_part(FitOptions options, const FitOutcome& first) {
    options.max_iter -= first.epochs;
    options.epochs_before += first.epochs;
    if (options.max_time)
        *options.max_time = std::max(*options.max_time - first.history.back().seconds, 0.0);
    return options;
}

template <class T>
bool goes_on(FitRun<T>& first, const FitOptions& options, FitOutcome& outcome) {
    if (outcome.interrupted || outcome.non_finite || outcome.separable || outcome.history.empty() ||
        outcome.epochs == options.max_iter)
        return false;
    if (outcome.status != Status::converged) return outcome.status == Status::iteration_limit;
    // directions that hardly bend may be far from their end and show in no epoch's gain
    const double enough = options.tol.value_or(0.0) * std::abs(outcome.measure.objective);
    const double left = first.left_to_gain(enough);
    outcome.passes = first.passes();
    return left > enough;
}

void EpochsOfBoth::begin_second_part(const EpochReport& last_of_first) {
    before_ = last_of_first;
    ++before_.epoch;
    kept_before_ = std::exchange(kept_, false);
}

EpochReport EpochsOfBoth::counted_on(EpochReport report) const {
    report.epoch += before_.epoch;
    report.seconds += before_.seconds;
    report.passes += before_.passes;
    return report;
}

FitOutcome EpochsOfBoth::joined(const FitOutcome& first, FitOutcome second) const {
    std::vector<EpochReport> history = first.history;
    for (const EpochReport& report : second.history) history.push_back(counted_on(report));
    second.history = std::move(history);
    second.epochs += first.epochs;
    second.passes += first.passes;
    if (second.second_moments_from) *second.second_moments_from += first.epochs;
    if (kept_before_ && !kept_) {
        second.raw = first.raw;
        second.measure = first.measure;
        second.rounded = first.rounded;
    }
    return second;
}

template <class T>
FitOutcome fit_quasi_newton_first(const KernelTable<T>& kernels, LossSpec loss, const Data& data,
                                  const FitOptions& options, Coefficients start,
                                  FitMonitor& monitor) {
    EpochsOfBoth epochs(monitor);
    FitRun<T> quasi_newton(kernels, loss, data, quasi_newton_part(options), epochs);
    FitOutcome first = quasi_newton.run(std::move(start));
    if (!goes_on(quasi_newton, options, first)) return first;
    epochs.begin_second_part(first.history.back());
    return epochs.joined(
        first,
        fit_in_least_space(kernels, loss, data, hessian_part(options, first), first.raw, epochs));
}

template FitOutcome fit_quasi_newton_first(const KernelTable<float>&, LossSpec, const Data&,
                                           const FitOptions&, Coefficients, FitMonitor&);
template FitOutcome fit_quasi_newton_first(const KernelTable<double>&, LossSpec, const Data&,
                                           const FitOptions&, Coefficients, FitMonitor&);
template bool goes_on(FitRun<float>&, const FitOptions&, FitOutcome&);
template bool goes_on(FitRun<double>&, const FitOptions&, FitOutcome&);

}  // namespace fastgd

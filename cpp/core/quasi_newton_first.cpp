#include "quasi_newton_first.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "row_space.hpp"

namespace fastgd {

namespace {

// Without a Hessian that tells how far off the optimum is, more epochs have to agree. At kinks each
// gains by the same share of what is left, and the last digits take as many as the first.
constexpr double stricter = 0.01;
constexpr double stricter_at_kinks = 0.1;

// At wide kinks steps are long, for few rows come to the end of one; what is left to narrow ones is
// a matter of few rows. How far off wide ones lead grows with their width.
constexpr double wide_kinks[] = {30.0, 5.0};
constexpr Index parts_of_epochs = 4;  // those of wide kinks take one each at most

Index epochs_of(const FitOptions& options) {
    return std::min<Index>(options.max_iter, options.quasi_newton_first);
}

template <class T>
double mean_loss(const Objective<T>& objective, const Data& data, const Coefficients& raw) {
    const LargeVector<T> coef(raw.coef.begin(), raw.coef.end());
    const LargeVector<T> intercept(raw.intercept.begin(), raw.intercept.end());
    GradientSums sums(data.outputs(), 0);
    objective.add_value(data, {nullptr, 0, data.rows()}, {coef.data(), intercept.data(), nullptr},
                        sums);
    return sums.loss / sums.weight;
}

}  // namespace

std::vector<double> kink_widths(const LossSpec& loss, const FitOptions& options) {
    std::vector<double> times;
    if (loss.parameters.smoothing > 0.0 && epochs_of(options) >= parts_of_epochs)
        times.assign(std::begin(wide_kinks), std::end(wide_kinks));
    times.push_back(1.0);
    return times;
}

LossSpec with_kinks(LossSpec loss, double times) {
    loss.parameters.smoothing *= times;
    return loss;
}

FitOptions quasi_newton_part(FitOptions options, const LossSpec& loss, double times) {
    options.max_iter =
        times > 1.0 ? std::max<Index>(epochs_of(options) / parts_of_epochs, 1) : epochs_of(options);
    options.precondition = Precondition::scale;
    if (!options.tol) return options;
    const bool kinked = loss.parameters.smoothing > 0.0;
    *options.tol *= times > 1.0 ? times : kinked ? stricter_at_kinks : stricter;
    return options;
}

FitOptions left_after(const FitOutcome& part, FitOptions options) {
    options.max_iter -= part.epochs;
    options.quasi_newton_first -= part.epochs;
    options.epochs_before += part.epochs;
    if (options.max_time)
        *options.max_time = std::max(*options.max_time - part.history.back().seconds, 0.0);
    return options;
}

template <class T>
bool goes_on(FitRun<T>& part, double times, const FitOptions& options, FitOutcome& outcome) {
    if (outcome.interrupted || outcome.non_finite || outcome.separable || outcome.history.empty() ||
        outcome.epochs == options.max_iter)
        return false;
    if (outcome.status != Status::converged) return outcome.status == Status::iteration_limit;
    if (times > 1.0) return true;
    // directions that hardly bend may be far from their end and show in no epoch's gain
    const double enough = options.tol.value_or(0.0) * std::abs(outcome.measure.objective);
    const double left = part.left_to_gain(enough);
    outcome.passes = part.passes();
    return left > enough;
}

template <class T>
void measure_with_kinks(const KernelTable<T>& kernels, const LossSpec& loss, double times,
                        const Data& data, int threads, FitOutcome& outcome) {
    if (times == 1.0 || outcome.interrupted || outcome.non_finite) return;
    const Objective<T> asked(kernels, loss, threads);
    const Objective<T> wide(kernels, with_kinks(loss, times), threads);
    outcome.measure.objective +=
        mean_loss(asked, data, outcome.raw) - mean_loss(wide, data, outcome.raw);
    outcome.passes += 2.0;
}

void EpochsOfParts::begin_part(const EpochReport& last) {
    before_ = last;
    ++before_.epoch;
    kept_before_ = std::exchange(kept_, false) || kept_before_;
}

EpochReport EpochsOfParts::counted_on(EpochReport report) const {
    report.epoch += before_.epoch;
    report.seconds += before_.seconds;
    report.passes += before_.passes;
    return report;
}

FitOutcome EpochsOfParts::joined(const FitOutcome& before, FitOutcome part) const {
    std::vector<EpochReport> history = before.history;
    for (const EpochReport& report : part.history) history.push_back(counted_on(report));
    part.history = std::move(history);
    part.epochs += before.epochs;
    part.passes += before.passes;
    if (part.second_moments_from) *part.second_moments_from += before.epochs;
    if (kept_before_ && !kept_) {
        part.raw = before.raw;
        part.measure = before.measure;
        part.rounded = before.rounded;
    }
    return part;
}

template <class T>
FitOutcome fit_quasi_newton_first(const KernelTable<T>& kernels, LossSpec loss, const Data& data,
                                  const FitOptions& options, Coefficients start,
                                  FitMonitor& monitor) {
    EpochsOfParts epochs(monitor);
    FitOptions left = options;
    FitOutcome so_far;
    for (const double times : kink_widths(loss, options)) {
        FitRun<T> run(kernels, with_kinks(loss, times), data, quasi_newton_part(left, loss, times),
                      epochs);
        FitOutcome part = run.run(std::move(start));
        const bool on = goes_on(run, times, left, part);
        if (on) left = left_after(part, std::move(left));
        measure_with_kinks(kernels, loss, times, data, options.threads, part);
        start = part.raw;
        so_far = epochs.joined(so_far, std::move(part));
        if (!on) return so_far;
        epochs.begin_part(so_far.history.back());
    }
    return epochs.joined(so_far,
                         fit_in_least_space(kernels, loss, data, left, std::move(start), epochs));
}

template FitOutcome fit_quasi_newton_first(const KernelTable<float>&, LossSpec, const Data&,
                                           const FitOptions&, Coefficients, FitMonitor&);
template FitOutcome fit_quasi_newton_first(const KernelTable<double>&, LossSpec, const Data&,
                                           const FitOptions&, Coefficients, FitMonitor&);
template void measure_with_kinks(const KernelTable<float>&, const LossSpec&, double, const Data&,
                                 int, FitOutcome&);
template void measure_with_kinks(const KernelTable<double>&, const LossSpec&, double, const Data&,
                                 int, FitOutcome&);
template bool goes_on(FitRun<float>&, double, const FitOptions&, FitOutcome&);
template bool goes_on(FitRun<double>&, double, const FitOptions&, FitOutcome&);

}  // namespace fastgd

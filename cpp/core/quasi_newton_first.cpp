#include "quasi_newton_first.hpp"

#include <algorithm>
#include <cmath>

#include "fit_run.hpp"

namespace fastgd {

namespace {

// Without a Hessian that tells how far off the optimum is, more epochs have to agree.
constexpr double stricter = 0.01;

// Counts on from an earlier fit, and remembers whether epochs were asked to be kept.
class LaterEpochs final : public FitMonitor {
  public:
    explicit LaterEpochs(FitMonitor& monitor) : monitor_(monitor) {}

    bool interrupted() override { return monitor_.interrupted(); }
    EpochAnswer epoch_done(const EpochReport& report, const Coefficients& raw) override {
        const EpochAnswer answer = monitor_.epoch_done(counted_on(report), raw);
        kept_ = kept_ || answer.keep;
        return answer;
    }
    double rate_of(double epoch) override { return monitor_.rate_of(epoch); }

    // What is to come follows on these; forgets what was kept.
    void go_on_after(const EpochReport& last) {
        last_ = last;
        ++last_.epoch;
        kept_ = false;
    }
    bool kept() const { return kept_; }

    EpochReport counted_on(EpochReport report) const {
        report.epoch += last_.epoch;
        report.seconds += last_.seconds;
        report.passes += last_.passes;
        return report;
    }

  private:
    FitMonitor& monitor_;
    EpochReport last_{};
    bool kept_ = false;
};

// One outcome of two fits, one after the other.
FitOutcome joined(const FitOutcome& first, FitOutcome second, const LaterEpochs& later,
                  bool keep_first) {
    std::vector<EpochReport> history = first.history;
    for (const EpochReport& report : second.history) history.push_back(later.counted_on(report));
    second.history = std::move(history);
    second.epochs += first.epochs;
    second.passes += first.passes;
    if (second.second_moments_from) *second.second_moments_from += first.epochs;
    if (keep_first) {
        second.raw = first.raw;
        second.measure = first.measure;
        second.rounded = first.rounded;
    }
    return second;
}

}  // namespace

template <class T>
FitOutcome fit_quasi_newton_first(const KernelTable<T>& kernels, LossSpec loss, const Data& data,
                                  const FitOptions& options, const Coefficients& start,
                                  FitMonitor& monitor) {
    LaterEpochs epochs(monitor);
    FitOptions first = options;
    first.precondition = Precondition::scale;
    first.max_iter = std::min(options.max_iter, options.quasi_newton_first);
    if (first.tol) *first.tol *= stricter;
    FitRun<T> quasi_newton(kernels, loss, data, first, epochs);
    const FitOutcome outcome = quasi_newton.run(start);
    const bool over =
        outcome.status != Status::iteration_limit && outcome.status != Status::converged;
    if (over || outcome.interrupted || outcome.non_finite || outcome.separable ||
        outcome.epochs == options.max_iter || outcome.history.empty())
        return outcome;
    // directions that hardly bend may be far from their end and show in no epoch's gain
    if (outcome.status == Status::converged &&
        !(quasi_newton.left_to_gain() >
          options.tol.value_or(0.0) * std::abs(outcome.measure.objective)))
        return outcome;

    const bool kept = epochs.kept();
    FitOptions then = options;
    then.max_iter -= outcome.epochs;
    then.epochs_before += outcome.epochs;
    if (then.max_time)
        *then.max_time = std::max(*then.max_time - outcome.history.back().seconds, 0.0);
    epochs.go_on_after(outcome.history.back());
    FitOutcome second = FitRun<T>(kernels, loss, data, then, epochs).run(outcome.raw);
    return joined(outcome, std::move(second), epochs, kept && !epochs.kept());
}

template FitOutcome fit_quasi_newton_first(const KernelTable<float>&, LossSpec, const Data&,
                                           const FitOptions&, const Coefficients&, FitMonitor&);
template FitOutcome fit_quasi_newton_first(const KernelTable<double>&, LossSpec, const Data&,
                                           const FitOptions&, const Coefficients&, FitMonitor&);

}  // namespace fastgd

// Fits that take a Hessian only once steps without one have cost a good part of it.
#pragma once

#include <vector>

#include "fit_run.hpp"

namespace fastgd {

// Quasi-Newton steps in the diagonal metric for `options.quasi_newton_first` epochs, of a loss with
// kinks first with wider ones; where these do not end the fit, it goes on from there as `options`
// say. Nobody can tell from a table's shape how many steps it needs: whoever pays for the cheaper
// way until it has cost what the other does pays twice the least at most (Karlin, Manasse, Rudolph,
// Sleator 1988).
template <class T>
FitOutcome fit_quasi_newton_first(const KernelTable<T>& kernels, LossSpec loss, const Data& data,
                                  const FitOptions& options, Coefficients start,
                                  FitMonitor& monitor);

// Its parts, for those who drive several fits side by side.

// How many times as wide as asked for kinks are rounded off in each quasi-Newton part; the last
// is 1.
std::vector<double> kink_widths(const LossSpec& loss, const FitOptions& options);
LossSpec with_kinks(LossSpec loss, double times);

// Of what is left of `options`.
FitOptions quasi_newton_part(FitOptions options, const LossSpec& loss, double times);

// The objective that a part with wide kinks came to, of the loss as asked for.
template <class T>
void measure_with_kinks(const KernelTable<T>& kernels, const LossSpec& loss, double times,
                        const Data& data, int threads, FitOutcome& outcome);

// What a part leaves of `options`.
FitOptions left_after(const FitOutcome& part, FitOptions options);

// Whether such a part did not end the fit; what finding that out reads counts as its own.
template <class T>
bool goes_on(FitRun<T>& part, double times, const FitOptions& options, FitOutcome& outcome);

// Shows a monitor the epochs of all parts as those of one fit.
class EpochsOfParts final : public FitMonitor {
  public:
    explicit EpochsOfParts(FitMonitor& monitor) : monitor_(monitor) {}

    bool interrupted() override { return monitor_.interrupted(); }
    EpochAnswer epoch_done(const EpochReport& report, FunctionRef<Coefficients()> raw) override {
        const EpochAnswer answer = monitor_.epoch_done(counted_on(report), raw);
        kept_ = kept_ || answer.keep;
        return answer;
    }
    double rate_of(double epoch) override { return monitor_.rate_of(epoch); }

    // `last` is the last epoch of all parts so far.
    void begin_part(const EpochReport& last);
    // The outcome of the parts before and of this one.
    FitOutcome joined(const FitOutcome& before, FitOutcome part) const;

  private:
    EpochReport counted_on(EpochReport report) const;

    FitMonitor& monitor_;
    EpochReport before_{};  // what this part counts on from
    bool kept_ = false;  // an epoch of this part is to be the outcome
    bool kept_before_ = false;
};

}  // namespace fastgd

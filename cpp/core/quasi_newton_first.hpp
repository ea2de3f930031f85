// Fits that take a Hessian only once steps without one have cost a good part of it.
#pragma once

#include "fit_run.hpp"

namespace fastgd {

// Quasi-Newton steps in the diagonal metric for `options.quasi_newton_first` epochs; where these do
// not end the fit, it goes on from there as `options` say. Nobody can tell from a table's shape how
// many steps it needs: whoever pays for the cheaper way until it has cost what the other does pays
// twice the least at most (Karlin, Manasse, Rudolph, Sleator 1988).
template <class T>
FitOutcome fit_quasi_newton_first(const KernelTable<T>& kernels, LossSpec loss, const Data& data,
                                  const FitOptions& options, Coefficients start,
                                  FitMonitor& monitor);

// Its parts, for those who drive several fits side by side.

FitOptions quasi_newton_part(FitOptions options);
FitOptions hessian_part(FitOptions options, const FitOutcome& first);

// Whether the first part did not end the fit; what finding that out reads counts as its own.
template <class T>
bool goes_on(FitRun<T>& first, const FitOptions& options, FitOutcome& outcome);

// Shows a monitor the epochs of both as those of one fit.
class EpochsOfBoth final : public FitMonitor {
  public:
    explicit EpochsOfBoth(FitMonitor& monitor) : monitor_(monitor) {}

    bool interrupted() override { return monitor_.interrupted(); }
    EpochAnswer epoch_done(const EpochReport& report, FunctionRef<Coefficients()> raw) override {
        const EpochAnswer answer = monitor_.epoch_done(counted_on(report), raw);
        kept_ = kept_ || answer.keep;
        return answer;
    }
    double rate_of(double epoch) override { return monitor_.rate_of(epoch); }

    void begin_second_part(const EpochReport& last_of_first);
    // The outcome of both.
    FitOutcome joined(const FitOutcome& first, FitOutcome second) const;

  private:
    EpochReport counted_on(EpochReport report) const;

    FitMonitor& monitor_;
    EpochReport before_{};  // what the second part counts on from
    bool kept_ = false;  // an epoch of this part is to be the outcome
    bool kept_before_ = false;
};

}  // namespace fastgd

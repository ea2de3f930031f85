// A fit that takes a Hessian only once steps without one have cost as much.
#pragma once

#include "fit.hpp"

namespace fastgd {

// Quasi-Newton steps in the diagonal metric for `options.quasi_newton_first` epochs; where these do
// not end the fit, it goes on from there as `options` say. Nobody can tell from a table's shape how
// many steps it needs: whoever pays for the cheaper way until it has cost what the other does pays
// twice the least at most (Karlin, Manasse, Rudolph, Sleator 1988).
template <class T>
FitOutcome fit_quasi_newton_first(const KernelTable<T>& kernels, LossSpec loss, const Data& data,
                                  const FitOptions& options, const Coefficients& start,
                                  FitMonitor& monitor);

}  // namespace fastgd

#include "fit.hpp"

#include "fit_run.hpp"
#include "zero_model.hpp"

namespace fastgd {

template <class T>
FitOutcome fit(const KernelTable<T>& kernels, LossSpec loss, const Data& data,
               const FitOptions& options, const Coefficients& start, FitMonitor& monitor) {
    if (kernels_of(kernels, loss).targets != Targets::mean)
        return FitRun<T>(kernels, loss, data, options, monitor).run(start);
    const NullModel null = null_model(kernels, loss, data, options.fit_intercept, options.threads);
    loss.curvature = null.curvature;
    Coefficients from = start;
    if (options.fit_intercept && start.zero()) from.intercept = null.intercept;
    return FitRun<T>(kernels, loss, data, options, monitor).run(from);
}

template FitOutcome fit(const KernelTable<float>&, LossSpec, const Data&, const FitOptions&,
                        const Coefficients&, FitMonitor&);
template FitOutcome fit(const KernelTable<double>&, LossSpec, const Data&, const FitOptions&,
                        const Coefficients&, FitMonitor&);

}  // namespace fastgd

#include "fit.hpp"

#include <utility>

#include "columns_in_use.hpp"
#include "quasi_newton_first.hpp"
#include "row_space.hpp"
#include "zero_model.hpp"

namespace fastgd {

namespace {

template <class T>
FitOutcome fit_all_columns(const KernelTable<T>& kernels, LossSpec loss, const Data& data,
                           const FitOptions& options, Coefficients start, FitMonitor& monitor) {
    if (kernels_of(kernels, loss).targets == Targets::mean) {
        const NullModel null =
            null_model(kernels, loss, data, options.fit_intercept, options.threads);
        loss.curvature = null.curvature;
        if (options.fit_intercept && start.zero()) start.intercept = null.intercept;
    }
    if (options.quasi_newton_first > 0)
        return fit_quasi_newton_first(kernels, loss, data, options, std::move(start), monitor);
    return fit_in_least_space(kernels, loss, data, options, std::move(start), monitor);
}

}  // namespace

template <class T>
FitOutcome fit(const KernelTable<T>& kernels, LossSpec loss, const Data& data,
               const FitOptions& options, Coefficients start, FitMonitor& monitor) {
    const ColumnsInUse* in_use = data.X.in_use;
    if (in_use == nullptr || !in_use->suffice(start, options.penalty))
        return fit_all_columns(kernels, loss, data, options, std::move(start), monitor);
    MonitorInUse onto_all(*in_use, monitor);
    return in_use->onto_all(fit_all_columns(kernels, loss, in_use->of(data), in_use->of(options),
                                            in_use->of(std::move(start)), onto_all));
}

template FitOutcome fit(const KernelTable<float>&, LossSpec, const Data&, const FitOptions&,
                        Coefficients, FitMonitor&);
template FitOutcome fit(const KernelTable<double>&, LossSpec, const Data&, const FitOptions&,
                        Coefficients, FitMonitor&);

}  // namespace fastgd

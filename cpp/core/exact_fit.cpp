#include "exact_fit.hpp"

#include <cmath>
#include <limits>

#include "zero_model.hpp"

namespace fastgd {

template <class T>
double mean_target_square(const Objective<T>& objective, const Data& data, double at_zero) {
    if (objective.loss().quadratic) return 2.0 * at_zero;
    if (objective.loss().targets != Targets::real) return 0.0;
    const KernelTable<T>& kernels = objective.kernels();
    const Objective<T> squares(kernels, {find_loss(kernels, "squared_error")}, objective.threads());
    return 2.0 * objective_of_zero(squares, data);
}

template <class T>
double rounded_objective(const Objective<T>& objective, const ColumnMoments& moments,
                         FunctionRef<Coefficients()> raw, double target_square) {
    const LossKernels<T>& loss = objective.loss();
    if (loss.targets != Targets::real) return 0.0;
    const Coefficients model = raw();
    const std::size_t outputs = model.intercept.size();
    const std::size_t columns = moments.mean.size();
    double total = 0.0;
    for (std::size_t k = 0; k < outputs; ++k) {
        double square = target_square / static_cast<double>(outputs);
        for (std::size_t j = 0; j < columns; ++j) {
            const double w = model.coef[k * columns + j];
            square += w * w * (moments.variance[j] + moments.mean[j] * moments.mean[j]);
        }
        const T off = std::numeric_limits<T>::epsilon() * static_cast<T>(std::sqrt(square));
        const auto loss_at = [&](T z) {
            const T target = 0;
            return loss.value({1, 1, &z, &target, nullptr, nullptr, objective.loss_parameters()});
        };
        total += loss_at(off);
        // the caller's own loss of an exact fit need not be 0
        if (objective.loss_parameters().custom != nullptr) total -= loss_at(T(0));
    }
    // where squares overflow, no objective is small
    return std::isfinite(total) ? total : 0.0;
}

template double mean_target_square(const Objective<float>&, const Data&, double);
template double mean_target_square(const Objective<double>&, const Data&, double);
template double rounded_objective(const Objective<float>&, const ColumnMoments&,
                                  FunctionRef<Coefficients()>, double);
template double rounded_objective(const Objective<double>&, const ColumnMoments&,
                                  FunctionRef<Coefficients()>, double);

}  // namespace fastgd

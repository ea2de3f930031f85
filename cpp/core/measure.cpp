#include "measure.hpp"

#include <cmath>

namespace fastgd {

namespace {

// Of g + l1 * sign(c), with any number in [-1, 1] for the sign of zero.
double least_subgradient(double gradient, double coef, double l1) {
    if (coef > 0.0) return gradient + l1;
    if (coef < 0.0) return gradient - l1;
    return soft_threshold(gradient, l1);
}

}  // namespace

Measure measure(const GradientSums& sums, const PenaltyStrength& penalty,
                std::span<const double> coef, std::span<const double> shift, bool fit_intercept) {
    double square = 0.0;
    const std::size_t columns = coef.size() / sums.intercept.size();
    for (std::size_t k = 0; k < sums.intercept.size(); ++k) {
        const double of_intercept = sums.intercept[k] / sums.weight;
        if (fit_intercept) square += of_intercept * of_intercept;
        for (std::size_t j = 0; j < columns; ++j) {
            const std::size_t at = k * columns + j;
            // d/dw at a fixed raw intercept: x = (x - shift) + shift
            double gradient = sums.coef[at] / sums.weight + penalty.l2_of(j) * coef[at];
            if (!shift.empty()) gradient += shift[j] * of_intercept;
            const double least = least_subgradient(gradient, coef[at], penalty.l1_of(j));
            square += least * least;
        }
    }
    return {.objective = sums.loss / sums.weight + penalty.value(coef),
            .gradient_norm = std::sqrt(square)};
}

double finish_gradient(GradientSums& sums, const PenaltyStrength& penalty,
                       std::span<const double> coef) {
    for (double& g : sums.intercept) g /= sums.weight;
    for (std::size_t j = 0; j < coef.size(); ++j) {
        const double sign = coef[j] > 0.0 ? 1.0 : coef[j] < 0.0 ? -1.0 : 0.0;
        sums.coef[j] =
            sums.coef[j] / sums.weight + penalty.l1_of(j) * sign + penalty.l2_of(j) * coef[j];
    }
    return sums.loss / sums.weight + penalty.value(coef);
}

}  // namespace fastgd

#include "measure.hpp"

#include <cmath>

#include "dot.hpp"
#include "parallel.hpp"

namespace fastgd {

namespace {

// The slope to the side that leads down within the bounds; 0 where none does.
double least_subgradient(double gradient, double coef, double l1, double low, double high) {
    const double to_the_right = gradient + (coef >= 0.0 ? l1 : -l1);
    if (coef < high && !(to_the_right >= 0.0)) return to_the_right;
    const double to_the_left = gradient + (coef > 0.0 ? l1 : -l1);
    return coef > low && !(to_the_left <= 0.0) ? to_the_left : 0.0;
}

}  // namespace

Measure measure(const GradientSums& sums, const PenaltyStrength& penalty,
                std::span<const double> coef, std::span<const double> shift, bool fit_intercept,
                int threads) {
    constexpr double bytes = 2.0 * sizeof(double);  // read of a column
    const bool smooth = penalty.smooth();
    const std::size_t columns = coef.size() / sums.intercept.size();
    double square = 0.0;
    for (std::size_t k = 0; k < sums.intercept.size(); ++k) {
        const double of_intercept = sums.intercept[k] / sums.weight;
        if (fit_intercept) square += of_intercept * of_intercept;
        const auto square_in = [&](std::size_t j) {
            const std::size_t at = k * columns + j;
            // d/dw at a fixed raw intercept: x = (x - shift) + shift
            double gradient = sums.coef[at] / sums.weight + penalty.l2_of(j) * coef[at];
            if (!shift.empty()) gradient += shift[j] * of_intercept;
            if (!smooth)
                gradient = least_subgradient(gradient, coef[at], penalty.l1_of(j),
                                             penalty.box.low_of(at), penalty.box.high_of(at));
            return gradient * gradient;
        };
        square += sum_over_columns(
            threads, columns, bytes,
            [&](std::size_t begin, std::size_t end) { return sum_of(begin, end, square_in); });
    }
    const double penalties = sum_over_columns(
        threads, coef.size(), bytes,
        [&](std::size_t begin, std::size_t end) { return penalty.value(coef, begin, end); });
    return {.objective = sums.loss / sums.weight + penalties, .gradient_norm = std::sqrt(square)};
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

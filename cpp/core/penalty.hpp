// alpha (l1_ratio |w|_1 + (1 - l1_ratio) / 2 |w|^2) as two numbers.
#pragma once

#include <cmath>
#include <span>

namespace fastgd {

struct PenaltyStrength {
    double l1 = 0.0;
    double l2 = 0.0;

    static PenaltyStrength of(double alpha, double l1_ratio) {
        return {alpha * l1_ratio, alpha * (1.0 - l1_ratio)};
    }

    double value(std::span<const double> coef) const {
        double absolute = 0.0;
        double square = 0.0;
        for (const double c : coef) {
            absolute += std::abs(c);
            square += c * c;
        }
        // a zero strength must not meet an overflowed sum
        return (l1 > 0.0 ? l1 * absolute : 0.0) + (l2 > 0.0 ? 0.5 * l2 * square : 0.0);
    }
};

// argmin_u (u - v)^2 / 2 + threshold |u|
inline double soft_threshold(double v, double threshold) {
    if (v > threshold) return v - threshold;
    if (v < -threshold) return v + threshold;
    return 0.0;
}

}  // namespace fastgd

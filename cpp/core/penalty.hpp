// alpha sum_j f_j (l1_ratio |w_j| + (1 - l1_ratio) / 2 w_j^2): two strengths, factors per column;
// and the box that coefficients are held in.
#pragma once

#include <cmath>
#include <span>

#include "box.hpp"
#include "dot.hpp"
#include "large_vector.hpp"

namespace fastgd {

struct PenaltyStrength {
    double l1 = 0.0;
    double l2 = 0.0;
    // of each column, the same for all outputs; empty: 1 (a descent takes both or none)
    LargeVector<double> l1_factor{};
    LargeVector<double> l2_factor{};
    Box box{};

    static PenaltyStrength of(double alpha, double l1_ratio, LargeVector<double> factor = {}) {
        return {alpha * l1_ratio, alpha * (1.0 - l1_ratio), factor, factor, {}};
    }

    bool operator==(const PenaltyStrength&) const = default;

    bool zero() const { return l1 == 0.0 && l2 == 0.0; }
    // No kinks, no bounds: steps need no proximal operator.
    bool smooth() const { return l1 == 0.0 && box.empty(); }

    // On one coefficient, counted within its output or over all of them.
    double l1_of(std::size_t coefficient) const { return l1 * factor_of(l1_factor, coefficient); }
    double l2_of(std::size_t coefficient) const { return l2 * factor_of(l2_factor, coefficient); }
    // A coefficient that bears nothing of a penalty that others bear.
    bool exempts(std::size_t coefficient) const {
        return !zero() && l1_of(coefficient) == 0.0 && l2_of(coefficient) == 0.0;
    }
    // Whether something keeps a coefficient from growing on and on as it is.
    bool holds(std::size_t coefficient, double w) const {
        const bool penalised = !zero() && !exempts(coefficient);
        return penalised ||
               std::isfinite(w > 0.0 ? box.high_of(coefficient) : box.low_of(coefficient));
    }
    bool fits(std::size_t outputs, std::size_t columns) const {
        const auto matches = [](const LargeVector<double>& values, std::size_t size) {
            return values.empty() || values.size() == size;
        };
        return matches(l1_factor, columns) && matches(l2_factor, columns) &&
               matches(box.low, outputs * columns) && box.low.size() == box.high.size();
    }
    double largest_l2() const {
        double largest = l2_factor.empty() ? l2 : 0.0;
        for (const double factor : l2_factor) largest = std::fmax(largest, l2 * factor);
        return largest;
    }

    double value(std::span<const double> coef) const { return value(coef, 0, coef.size()); }
    // Of coefficients [begin, end) among them.
    double value(std::span<const double> coef, std::size_t begin, std::size_t end) const {
        // a zero strength must not meet an overflowed sum
        double result = 0.0;
        if (l1 > 0.0)
            result += l1 * sum_of(begin, end, [&](std::size_t j) {
                          return factor_of(l1_factor, j) * std::abs(coef[j]);
                      });
        if (l2 > 0.0)
            result += 0.5 * l2 * sum_of(begin, end, [&](std::size_t j) {
                          return factor_of(l2_factor, j) * coef[j] * coef[j];
                      });
        return result;
    }

    static double factor_of(const LargeVector<double>& factor, std::size_t coefficient) {
        return factor.empty() ? 1.0 : factor[coefficient % factor.size()];
    }
};

// argmin_u (u - v)^2 / 2 + threshold |u|
inline double soft_threshold(double v, double threshold) {
    if (v > threshold) return v - threshold;
    if (v < -threshold) return v + threshold;
    return 0.0;
}

// What the soft threshold leaves of a step from c: momentum carries that on, not the step.
inline double proximal_step(double c, double step, double threshold) {
    const double v = c + step;
    if (v > threshold) return step - threshold;
    if (v < -threshold) return step + threshold;
    return -c;
}

}  // namespace fastgd

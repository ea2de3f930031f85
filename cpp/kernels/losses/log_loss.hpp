// Logistic loss: log(1 + exp(-y z)), labels -1/+1.
#pragma once

#include "../math.hpp"

namespace fastgd::FASTGD_ISA {
namespace {

template <class T>
struct LogLoss {
    static constexpr char name[] = "log_loss";
    static constexpr bool binary_targets = true;
    static constexpr bool quadratic = false;
    static constexpr double curvature = 0.25;

    explicit LogLoss(double) {}

    // Only exp(-|margin|) is ever formed: no overflow at any margin.
    T value(T z, T y) const {
        const T margin = y * z;
        const T e = exp_negative(margin > 0 ? -margin : margin);
        return log1p_unit(e) + (margin > 0 ? T(0) : -margin);
    }
    T derivative(T z, T y) const {
        const T margin = y * z;
        const T e = exp_negative(margin > 0 ? -margin : margin);
        return -y * (margin > 0 ? e : T(1)) / (T(1) + e);
    }
    T working_weight(T z, T y) const {
        const T margin = y * z;
        const T e = exp_negative(margin > 0 ? -margin : margin);
        return e / ((T(1) + e) * (T(1) + e));
    }
    // No less than value + conjugate - z * slope, of the derivative less the share `cut` of it.
    // That is a Kullback-Leibler divergence: no more than chi-square and, by convexity, than cut *
    // value.
    T fenchel_gap(T z, T y, T cut) const {
        const T margin = y * z;
        const T e = exp_negative(margin > 0 ? -margin : margin);
        const T chi_square = cut * cut * (margin > 0 ? e : T(1) / e);
        const T chord = cut * value(z, y);
        return chi_square < chord ? chi_square : chord;
    }
};

}  // namespace
}  // namespace fastgd::FASTGD_ISA

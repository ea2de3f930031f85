// Logistic loss: log(1 + exp(-y z)), labels -1/+1.
#pragma once

#include "../math.hpp"

namespace fastgd::FASTGD_ISA {
namespace {

template <class T>
struct LogLoss {
    static constexpr char name[] = "log_loss";
    static constexpr Targets targets = Targets::binary;
    static constexpr bool quadratic = false;
    static double curvature(LossParameters) { return 0.25; }

    explicit LogLoss(LossParameters) {}

    template <class V>
    [[gnu::always_inline]] V value(V z, V y) const {
        const V margin = y * z;
        return log1p_unit(exp_of_size(margin)) + select(margin > T(0), V{}, -margin);
    }
    template <class V>
    [[gnu::always_inline]] V derivative(V z, V y) const {
        const V margin = y * z;
        const V e = exp_of_size(margin);
        return -y * select(margin > T(0), e, V{} + T(1)) / (T(1) + e);
    }
    template <class V>
    [[gnu::always_inline]] V working_weight(V z, V y) const {
        const V e = exp_of_size(y * z);
        return e / ((T(1) + e) * (T(1) + e));
    }
    // No less than value + conjugate - z * slope, of the derivative less the share `cut` of it.
    // That is a Kullback-Leibler divergence: no more than chi-square and, by convexity, than cut *
    // value.
    template <class V>
    [[gnu::always_inline]] V fenchel_gap(V z, V y, V cut) const {
        const V margin = y * z;
        const V e = exp_of_size(margin);
        const V chi_square = cut * cut * select(margin > T(0), e, T(1) / e);
        const V chord = cut * value(z, y);
        return select(chi_square < chord, chi_square, chord);
    }

  private:
    // Only exp(-|margin|) is ever formed: no overflow at any margin.
    template <class V>
    [[gnu::always_inline]] static V exp_of_size(V margin) {
        return exp_negative(below_zero(margin));
    }
};

}  // namespace
}  // namespace fastgd::FASTGD_ISA

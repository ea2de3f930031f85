// Squared error: (z - y)^2 / 2.
#pragma once

#include "../math.hpp"

namespace fastgd::FASTGD_ISA {
namespace {

template <class T>
struct SquaredError {
    static constexpr char name[] = "squared_error";
    static constexpr Targets targets = Targets::real;
    static constexpr bool quadratic = true;
    static double curvature(LossParameters) { return 1.0; }

    explicit SquaredError(LossParameters) {}

    template <class V>
    [[gnu::always_inline]] V value(V z, V y) const {
        return T(0.5) * (z - y) * (z - y);
    }
    template <class V>
    [[gnu::always_inline]] V derivative(V z, V y) const {
        return z - y;
    }
    template <class V>
    [[gnu::always_inline]] V working_weight(V, V) const {
        return V{} + T(1);
    }
    // value + conjugate - z * slope, of the derivative less the share `cut` of it.
    template <class V>
    [[gnu::always_inline]] V fenchel_gap(V z, V y, V cut) const {
        const V taken = cut * (z - y);
        return T(0.5) * taken * taken;
    }
};

}  // namespace
}  // namespace fastgd::FASTGD_ISA

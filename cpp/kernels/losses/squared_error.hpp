// Squared error: (z - y)^2 / 2.
#pragma once

#include "../math.hpp"

namespace fastgd::FASTGD_ISA {
namespace {

template <class T>
struct SquaredError {
    static constexpr char name[] = "squared_error";
    static constexpr bool binary_targets = false;
    static constexpr bool quadratic = true;
    static constexpr double curvature = 1.0;

    explicit SquaredError(double) {}

    T value(T z, T y) const { return T(0.5) * (z - y) * (z - y); }
    T derivative(T z, T y) const { return z - y; }
    T working_weight(T, T) const { return T(1); }
    // value + conjugate - z * slope, of the derivative less the share `cut` of it.
    T fenchel_gap(T z, T y, T cut) const {
        const T taken = cut * (z - y);
        return T(0.5) * taken * taken;
    }
};

}  // namespace
}  // namespace fastgd::FASTGD_ISA

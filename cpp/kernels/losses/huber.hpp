// Huber loss: r^2 / 2 for |r| <= epsilon, else epsilon |r| - epsilon^2 / 2, with r = z - y.
#pragma once

#include "../math.hpp"

namespace fastgd::FASTGD_ISA {
namespace {

template <class T>
struct Huber {
    static constexpr char name[] = "huber";
    static constexpr bool binary_targets = false;
    static constexpr bool quadratic = false;
    static constexpr double curvature = 1.0;

    T epsilon;

    explicit Huber(double parameter) : epsilon(static_cast<T>(parameter)) {}

    T value(T z, T y) const {
        const T r = z - y;
        const T size = r < 0 ? -r : r;
        return size <= epsilon ? T(0.5) * r * r : epsilon * (size - T(0.5) * epsilon);
    }
    T derivative(T z, T y) const {
        const T r = z - y;
        const T raised = r < -epsilon ? -epsilon : r;
        return raised > epsilon ? epsilon : raised;
    }
    // The second derivative; on the outer parts, where it is 0 and a step must end all the same, a
    // share of the tightest parabola above the loss that touches it at z.
    T working_weight(T z, T y) const {
        const T r = z - y;
        const T size = r < 0 ? -r : r;
        return size <= epsilon ? T(1) : outer_share * (epsilon / size);
    }
    // value + conjugate - z * slope, of the derivative less the share `cut` of it.
    T fenchel_gap(T z, T y, T cut) const {
        const T r = z - y;
        const T size = r < 0 ? -r : r;
        const T inner = size > epsilon ? epsilon : size;
        return cut * (T(0.5) * cut * inner * inner + epsilon * (size - inner));
    }

  private:
    static constexpr T outer_share = T(0.01);
};

}  // namespace
}  // namespace fastgd::FASTGD_ISA

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

    template <class V>
    [[gnu::always_inline]] V value(V z, V y) const {
        const V size = absolute(z - y);
        return select(size <= epsilon, T(0.5) * size * size, epsilon * (size - T(0.5) * epsilon));
    }
    template <class V>
    [[gnu::always_inline]] V derivative(V z, V y) const {
        const V r = z - y;
        const V most = V{} + epsilon;
        const V raised = select(r < -most, -most, r);
        return select(raised > most, most, raised);
    }
    // The second derivative; on the outer parts, where it is 0 and a step must end all the same, a
    // share of the tightest parabola above the loss that touches it at z.
    template <class V>
    [[gnu::always_inline]] V working_weight(V z, V y) const {
        const V size = absolute(z - y);
        return select(size <= epsilon, V{} + T(1), outer_share * (epsilon / size));
    }
    // value + conjugate - z * slope, of the derivative less the share `cut` of it.
    template <class V>
    [[gnu::always_inline]] V fenchel_gap(V z, V y, V cut) const {
        const V size = absolute(z - y);
        const V inner = select(size > epsilon, V{} + epsilon, size);
        return cut * (T(0.5) * cut * inner * inner + epsilon * (size - inner));
    }

  private:
    static constexpr T outer_share = T(0.01);

    template <class V>
    [[gnu::always_inline]] static V absolute(V r) {
        return select(r < T(0), -r, r);
    }
};

}  // namespace
}  // namespace fastgd::FASTGD_ISA

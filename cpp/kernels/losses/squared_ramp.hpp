// Squared hinge, max(0, 1 - y z)^2, and squared epsilon-insensitive loss, max(0, |z - y| -
 // epsilon)^2.
#pragma once

#include "../math.hpp"

namespace fastgd::FASTGD_ISA {
namespace {

// max(0, u)^2; where it is flat, a step must end all the same.
template <class T>
struct SquaredRamp {
    static constexpr T flat_share = T(0.00001);

    template <class V>
    [[gnu::always_inline]] static V value(V u) {
        return select(u > T(0), u * u, V{});
    }
    template <class V>
    [[gnu::always_inline]] static V derivative(V u) {
        return select(u > T(0), T(2) * u, V{});
    }
    template <class V>
    [[gnu::always_inline]] static V working_weight(V u) {
        return select(u > T(0), V{} + T(2), V{} + T(2) * flat_share);
    }
    // value + conjugate - u * slope, of the derivative less the share `cut` of it.
    template <class V>
    [[gnu::always_inline]] static V fenchel_gap(V u, V cut) {
        return select(u > T(0), cut * cut * u * u, V{});
    }
};

template <class T>
struct SquaredHinge {
    static constexpr char name[] = "squared_hinge";
    static constexpr Targets targets = Targets::binary;
    static constexpr bool quadratic = false;
    static double curvature(LossParameters) { return 2.0; }
    using Ramp = SquaredRamp<T>;

    explicit SquaredHinge(LossParameters) {}

    template <class V>
    [[gnu::always_inline]] V value(V z, V y) const {
        return Ramp::value(T(1) - y * z);
    }
    template <class V>
    [[gnu::always_inline]] V derivative(V z, V y) const {
        return -y * Ramp::derivative(T(1) - y * z);
    }
    template <class V>
    [[gnu::always_inline]] V working_weight(V z, V y) const {
        return Ramp::working_weight(T(1) - y * z);
    }
    template <class V>
    [[gnu::always_inline]] V fenchel_gap(V z, V y, V cut) const {
        return Ramp::fenchel_gap(T(1) - y * z, cut);
    }
};

template <class T>
struct SquaredEpsilonInsensitive {
    static constexpr char name[] = "squared_epsilon_insensitive";
    static constexpr Targets targets = Targets::real;
    static constexpr bool quadratic = false;
    static double curvature(LossParameters) { return 2.0; }
    using Ramp = SquaredRamp<T>;

    T epsilon;

    explicit SquaredEpsilonInsensitive(LossParameters p) : epsilon(static_cast<T>(p.shape)) {}

    template <class V>
    [[gnu::always_inline]] V value(V z, V y) const {
        return Ramp::value(absolute(z - y) - epsilon);
    }
    template <class V>
    [[gnu::always_inline]] V derivative(V z, V y) const {
        const V r = z - y;
        return Ramp::derivative(r - epsilon) - Ramp::derivative(-r - epsilon);
    }
    template <class V>
    [[gnu::always_inline]] V working_weight(V z, V y) const {
        return Ramp::working_weight(absolute(z - y) - epsilon);
    }
    template <class V>
    [[gnu::always_inline]] V fenchel_gap(V z, V y, V cut) const {
        return Ramp::fenchel_gap(absolute(z - y) - epsilon, cut);
    }
};

}  // namespace
}  // namespace fastgd::FASTGD_ISA

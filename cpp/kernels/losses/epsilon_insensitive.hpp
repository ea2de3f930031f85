// Epsilon-insensitive loss: max(0, |z - y| - epsilon), its kinks rounded off.
#pragma once

#include "ramp.hpp"

namespace fastgd::FASTGD_ISA {
namespace {

// Two ramps about kinks at residuals of -epsilon and epsilon.
template <class T>
struct EpsilonInsensitive {
    static constexpr char name[] = "epsilon_insensitive";
    static constexpr Targets targets = Targets::real;
    static constexpr bool quadratic = false;
    // kinks closer to one another than the width bend together
    static double curvature(LossParameters p) {
        return (p.shape < 0.5 * p.smoothing ? 2.0 : 1.0) / p.smoothing;
    }

    T start;  // of the ramps, in residuals
    Ramp<T> ramp;

    explicit EpsilonInsensitive(LossParameters p)
        : start(static_cast<T>(p.shape - 0.5 * p.smoothing)), ramp(1.0, p.smoothing) {}

    template <class V>
    [[gnu::always_inline]] V value(V z, V y) const {
        const V r = z - y;
        return ramp.value(r - start) + ramp.value(-r - start);
    }
    template <class V>
    [[gnu::always_inline]] V derivative(V z, V y) const {
        const V r = z - y;
        return ramp.derivative(r - start) - ramp.derivative(-r - start);
    }
    template <class V>
    [[gnu::always_inline]] V working_weight(V z, V y) const {
        const V size = absolute(z - y);
        const V far = -size - start;
        return ramp.working_weight(size - start) + select(far > T(0), V{} + ramp.bend, V{});
    }
    // Exact where one ramp alone rises, no less elsewhere.
    template <class V>
    [[gnu::always_inline]] V fenchel_gap(V z, V y, V cut) const {
        const V r = z - y;
        return ramp.fenchel_gap(r - start, cut) + ramp.fenchel_gap(-r - start, cut);
    }
};

}  // namespace
}  // namespace fastgd::FASTGD_ISA

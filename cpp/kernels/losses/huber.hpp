// Huber loss: r^2 / 2 for |r| <= epsilon, else epsilon |r| - epsilon^2 / 2, with r = z - y.
#pragma once

#include "ramp.hpp"

namespace fastgd::FASTGD_ISA {
namespace {

template <class T>
struct Huber {
    static constexpr char name[] = "huber";
    static constexpr Targets targets = Targets::real;
    static constexpr bool quadratic = false;
    static double curvature(LossParameters) { return 1.0; }

    Ramp<T> ramp;

    explicit Huber(LossParameters p) : ramp(p.shape, 1.0) {}

    template <class V>
    [[gnu::always_inline]] V value(V z, V y) const {
        return ramp.value(absolute(z - y));
    }
    template <class V>
    [[gnu::always_inline]] V derivative(V z, V y) const {
        const V r = z - y;
        const V most = V{} + ramp.slope;
        const V raised = select(r < -most, -most, r);
        return select(raised > most, most, raised);
    }
    template <class V>
    [[gnu::always_inline]] V working_weight(V z, V y) const {
        return ramp.working_weight(absolute(z - y));
    }
    template <class V>
    [[gnu::always_inline]] V fenchel_gap(V z, V y, V cut) const {
        return ramp.fenchel_gap(absolute(z - y), cut);
    }
};

}  // namespace
}  // namespace fastgd::FASTGD_ISA

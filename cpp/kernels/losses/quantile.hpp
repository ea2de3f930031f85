// Quantile (pinball) loss: (1 - q) r for r > 0, -q r below, with r = z - y, its kink rounded off.
#pragma once

#include "ramp.hpp"

namespace fastgd::FASTGD_ISA {
namespace {

// A ramp about 0 less a line: the check loss convolved with a uniform density (Fernandes, Guerre
// and Horta 2021).
template <class T>
struct Quantile {
    static constexpr char name[] = "quantile";
    static constexpr Targets targets = Targets::real;
    static constexpr bool quadratic = false;
    static double curvature(LossParameters p) { return 1.0 / p.smoothing; }

    T share;  // of targets below the predictor
    T half;   // of the round part
    Ramp<T> ramp;

    explicit Quantile(LossParameters p)
        : share(static_cast<T>(p.shape)),
          half(static_cast<T>(0.5 * p.smoothing)),
          ramp(1.0, p.smoothing) {}

    template <class V>
    [[gnu::always_inline]] V value(V z, V y) const {
        return of_residual(z - y);
    }
    template <class V>
    [[gnu::always_inline]] V derivative(V z, V y) const {
        return ramp.derivative(z - y + half) - share;
    }
    template <class V>
    [[gnu::always_inline]] V working_weight(V z, V y) const {
        return ramp.working_weight(absolute(z - y) + half);
    }
    // Of the derivative less its share `cut`, which is the one at the residual `there`.
    template <class V>
    [[gnu::always_inline]] V fenchel_gap(V z, V y, V cut) const {
        const V r = z - y;
        const V left = (T(1) - cut) * derivative(z, y);
        const V there = (left + share) * ramp.width - half;
        const V gap = of_residual(r) - of_residual(there) - left * (r - there);
        return select(gap > T(0), gap, V{});
    }

  private:
    // max((1 - share) r, -share r): digits are not lost to a line taken off
    template <class V>
    [[gnu::always_inline]] V of_residual(V r) const {
        const V outer = select(r > T(0), (T(1) - share) * r, -share * r);
        const V u = half - absolute(r);
        return outer + select(u > T(0), T(0.5) * ramp.bend * u * u, V{});
    }
};

}  // namespace
}  // namespace fastgd::FASTGD_ISA

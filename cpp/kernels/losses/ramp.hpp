// A ramp in u: 0 up to u = 0, u^2 / (2 width) until its slope is `slope`, straight from there.
#pragma once

#include "../math.hpp"

namespace fastgd::FASTGD_ISA {
namespace {

// What losses with straight parts are made of; a width of 0 leaves the kink, whose subgradient at
// u = 0 is the slope above it.
template <class T>
struct Ramp {
    T slope;
    T width;
    T bend;  // second derivative on the round part
    T end;   // of the round part

    Ramp(double slope_above, double round_width)
        : slope(static_cast<T>(slope_above)),
          width(static_cast<T>(round_width)),
          bend(width > 0 ? T(1) / width : T(0)),
          end(slope * width) {}

    template <class V>
    [[gnu::always_inline]] V value(V u) const {
        const V inner = inner_part(u);
        return T(0.5) * bend * inner * inner + slope * (positive(u) - inner);
    }
    template <class V>
    [[gnu::always_inline]] V derivative(V u) const {
        return select(u >= end, V{} + slope, bend * positive(u));
    }
    // The second derivative; on the straight parts, where it is 0 and a step must end all the same,
    // a share of the tightest parabola above the loss that touches it there.
    template <class V>
    [[gnu::always_inline]] V working_weight(V u) const {
        const V straight = straight_share * (slope / select(u > end, u, V{} + end));
        const V flat = flat_share * (slope / (end + positive(-u)));
        return select(u < T(0), flat, select(u > end, straight, V{} + bend));
    }
    // value + conjugate - u * slope, of the derivative less the share `cut` of it.
    template <class V>
    [[gnu::always_inline]] V fenchel_gap(V u, V cut) const {
        const V inner = inner_part(u);
        return cut * (T(0.5) * cut * bend * inner * inner + slope * (positive(u) - inner));
    }

  private:
    static constexpr T straight_share = T(0.01);
    static constexpr T flat_share = T(0.00001);

    template <class V>
    [[gnu::always_inline]] static V positive(V u) {
        return select(u > T(0), u, V{});
    }
    template <class V>
    [[gnu::always_inline]] V inner_part(V u) const {
        const V raised = positive(u);
        return select(raised > end, V{} + end, raised);
    }
};

}  // namespace
}  // namespace fastgd::FASTGD_ISA

// Hinge losses: a ramp in border - y z, labels -1/+1.
#pragma once

#include "ramp.hpp"

namespace fastgd::FASTGD_ISA {
namespace {

template <class T>
struct RampOfMargin {
    static constexpr Targets targets = Targets::binary;
    static constexpr bool quadratic = false;

    T border;
    Ramp<T> ramp;

    RampOfMargin(double border_margin, Ramp<T> below)
        : border(static_cast<T>(border_margin)), ramp(below) {}

    template <class V>
    [[gnu::always_inline]] V value(V z, V y) const {
        return ramp.value(border - y * z);
    }
    template <class V>
    [[gnu::always_inline]] V derivative(V z, V y) const {
        return -y * ramp.derivative(border - y * z);
    }
    template <class V>
    [[gnu::always_inline]] V working_weight(V z, V y) const {
        return ramp.working_weight(border - y * z);
    }
    template <class V>
    [[gnu::always_inline]] V fenchel_gap(V z, V y, V cut) const {
        return ramp.fenchel_gap(border - y * z, cut);
    }
};

// max(0, 1 - y z), rounded off about its kink.
template <class T>
struct Hinge : RampOfMargin<T> {
    static constexpr char name[] = "hinge";
    static double curvature(LossParameters p) { return 1.0 / p.smoothing; }
    explicit Hinge(LossParameters p)
        : RampOfMargin<T>(1.0 + 0.5 * p.smoothing, {1.0, p.smoothing}) {}
};

// The same with a round part as wide as asked for (Rennie and Srebro 2005: 1).
template <class T>
struct SmoothedHinge : RampOfMargin<T> {
    static constexpr char name[] = "smoothed_hinge";
    static double curvature(LossParameters p) { return 1.0 / p.shape; }
    explicit SmoothedHinge(LossParameters p) : RampOfMargin<T>(1.0, {1.0, p.shape}) {}
};

// max(0, -y z), rounded off about its kink: coefficients of 0 are not at rest.
template <class T>
struct Perceptron : RampOfMargin<T> {
    static constexpr char name[] = "perceptron";
    static double curvature(LossParameters p) { return 1.0 / p.smoothing; }
    explicit Perceptron(LossParameters p)
        : RampOfMargin<T>(0.5 * p.smoothing, {1.0, p.smoothing}) {}
};

// (1 - y z)^2 for margins y z from -1 to 1, -4 y z below (Zhang 2004).
template <class T>
struct ModifiedHuber : RampOfMargin<T> {
    static constexpr char name[] = "modified_huber";
    static double curvature(LossParameters) { return 2.0; }
    explicit ModifiedHuber(LossParameters) : RampOfMargin<T>(1.0, {4.0, 0.5}) {}
};

}  // namespace
}  // namespace fastgd::FASTGD_ISA

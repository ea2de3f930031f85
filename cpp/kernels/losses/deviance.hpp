// Half the unit deviances of Poisson, gamma and Tweedie means exp(z), targets >= 0 (gamma: > 0).
#pragma once

#include "../math.hpp"

namespace fastgd::FASTGD_ISA {
namespace {

// All are 0 at the target and written in d = z - log(y): no digits are lost to what cancels.

// exp(z) - y z + y log(y) - y.
template <class T>
struct Poisson {
    static constexpr char name[] = "poisson";
    static constexpr Targets targets = Targets::mean;
    static constexpr bool quadratic = false;
    static double curvature(LossParameters) { return unbounded; }

    explicit Poisson(LossParameters) {}

    template <class V>
    [[gnu::always_inline]] V value(V z, V y) const {
        const V some = y * exp_beyond_line(z - log_positive(y));
        return select(y > T(0), some, exp_any(z));
    }
    template <class V>
    [[gnu::always_inline]] V derivative(V z, V y) const {
        return exp_any(z) - y;
    }
    template <class V>
    [[gnu::always_inline]] V working_weight(V z, V) const {
        return exp_any(z);
    }
    // Of the derivative less its share `cut`, which is the one at (1 - cut) exp(z) + cut y.
    template <class V>
    [[gnu::always_inline]] V fenchel_gap(V z, V y, V cut) const {
        const V mean = exp_any(z);
        const V there = mean - cut * (mean - y);
        const V gap = cut * (mean - y) - there * (z - log_positive(there));
        return select(there > T(0), gap, mean);
    }
};

// z - log(y) + y exp(-z) - 1.
template <class T>
struct Gamma {
    static constexpr char name[] = "gamma";
    static constexpr Targets targets = Targets::mean;
    static constexpr bool quadratic = false;
    static double curvature(LossParameters) { return unbounded; }

    explicit Gamma(LossParameters) {}

    template <class V>
    [[gnu::always_inline]] V value(V z, V y) const {
        return exp_beyond_line(log_positive(y) - z);
    }
    template <class V>
    [[gnu::always_inline]] V derivative(V z, V y) const {
        return T(1) - y * exp_any(-z);
    }
    template <class V>
    [[gnu::always_inline]] V working_weight(V z, V y) const {
        return y * exp_any(-z);
    }
    // Of the derivative less its share `cut`, which is the one where y exp(-z) is `there`.
    template <class V>
    [[gnu::always_inline]] V fenchel_gap(V z, V y, V cut) const {
        const V ratio = y * exp_any(-z);
        const V there = ratio + cut * (T(1) - ratio);
        return there * (z - log_positive(y) + log_positive(there)) + ratio - there;
    }
};

// With a = 2 - power and b = 1 - power: y^a / (a b) - y exp(b z) / b + exp(a z) / a.
template <class T>
struct Tweedie {
    static constexpr char name[] = "tweedie";
    static constexpr Targets targets = Targets::mean;
    static constexpr bool quadratic = false;
    static double curvature(LossParameters) { return unbounded; }

    T a;
    T b;

    explicit Tweedie(LossParameters p)
        : a(static_cast<T>(2.0 - p.shape)), b(static_cast<T>(1.0 - p.shape)) {}

    template <class V>
    [[gnu::always_inline]] V value(V z, V y) const {
        const V log_y = log_positive(y);
        const V d = z - log_y;
        const V shape = exp_beyond_line(a * d) / a - exp_beyond_line(b * d) / b;
        return select(y > T(0), exp_any(a * log_y) * shape, exp_any(a * z) / a);
    }
    template <class V>
    [[gnu::always_inline]] V derivative(V z, V y) const {
        return exp_any(a * z) - y * exp_any(b * z);
    }
    template <class V>
    [[gnu::always_inline]] V working_weight(V z, V y) const {
        return a * exp_any(a * z) - b * y * exp_any(b * z);
    }
};

}  // namespace
}  // namespace fastgd::FASTGD_ISA

// Losses by their definitions, in long double: one row for each loss the kernels list.
#pragma once

#include <cmath>
#include <stdexcept>
#include <string>
#include <string_view>

#include "kernels/table.hpp"

namespace fastgd::testing {

using Real = long double;

// Losses of one output each; those of all outputs together follow them in the table.
template <class T>
Index pointwise_losses(const KernelTable<T>& kernels) {
    Index count = kernels.loss_count;
    while (kernels.losses[count - 1].targets == Targets::classes) --count;
    return count;
}

struct LossOracle {
    std::string_view name;
    LossParameters parameters;  // what these tests use for it
    Real (*value)(Real z, Real y, LossParameters);
    Real (*derivative)(Real z, Real y, LossParameters);
    Real (*working_weight)(Real z, Real y, LossParameters);
};

// Targets of a loss in these tests: any number, labels, or numbers >= 0 (> 0 where 0 is none).
inline double target_like(std::string_view loss, Targets targets, double number) {
    if (targets == Targets::binary) return number > 0 ? 1.0 : -1.0;
    if (targets == Targets::real) return number;
    return loss == "gamma" || number > 0 ? std::abs(number) + 0.125 : 0.0;
}

// A ramp with a round part from 0 to slope * width, and what steps take its straight parts to bend.
struct OracleRamp {
    Real slope;
    Real width;

    Real value(Real u) const {
        if (u <= 0) return 0;
        return u < slope * width ? u * u / (2 * width) : slope * (u - slope * width / 2);
    }
    Real derivative(Real u) const {
        if (u >= slope * width) return slope;
        return u > 0 ? u / width : 0;
    }
    Real working_weight(Real u) const {
        if (u < 0) return slope / (slope * width - u) / 100000;
        return u > slope * width ? slope / u / 100 : 1 / width;
    }
};

template <class RampOf>
constexpr LossOracle margin_oracle(std::string_view name, LossParameters parameters, RampOf) {
    return {name, parameters,
            [](Real z, Real y, LossParameters p) {
                const auto [border, ramp] = RampOf{}(p);
                return ramp.value(border - y * z);
            },
            [](Real z, Real y, LossParameters p) {
                const auto [border, ramp] = RampOf{}(p);
                return -y * ramp.derivative(border - y * z);
            },
            [](Real z, Real y, LossParameters p) {
                const auto [border, ramp] = RampOf{}(p);
                return ramp.working_weight(border - y * z);
            }};
}

struct BorderedRamp {
    Real border;
    OracleRamp ramp;
};

inline Real squared_ramp(Real u) { return u > 0 ? u * u : 0; }
inline Real squared_ramp_weight(Real u) { return u > 0 ? 2 : 2e-5L; }

inline Real tweedie(Real z, Real y, Real power) {
    const Real a = 2 - power;
    const Real b = 1 - power;
    const Real at_target = y > 0 ? std::pow(y, a) / (a * b) : 0;
    return at_target - y * std::exp(b * z) / b + std::exp(a * z) / a;
}

inline const LossOracle& loss_oracle(std::string_view name) {
    static constexpr LossOracle oracles[] = {
        {"squared_error",
         {},
         [](Real z, Real y, LossParameters) { return (z - y) * (z - y) / 2; },
         [](Real z, Real y, LossParameters) { return z - y; },
         [](Real, Real, LossParameters) { return Real(1); }},
        {"log_loss",
         {},
         [](Real z, Real y, LossParameters) {
             const Real margin = y * z;
             return std::log1p(std::exp(-std::abs(margin))) + (margin < 0 ? -margin : 0);
         },
         [](Real z, Real y, LossParameters) {
             const Real margin = y * z;
             const Real e = std::exp(-std::abs(margin));
             return -y * (margin > 0 ? e : 1) / (1 + e);
         },
         [](Real z, Real y, LossParameters) {
             const Real e = std::exp(-std::abs(y * z));
             return e / ((1 + e) * (1 + e));
         }},
        {"huber",
         {0.75},
         [](Real z, Real y, LossParameters p) {
             return OracleRamp{p.shape, 1}.value(std::abs(z - y));
         },
         [](Real z, Real y, LossParameters p) {
             const Real slope = OracleRamp{p.shape, 1}.derivative(std::abs(z - y));
             return z < y ? -slope : slope;
         },
         [](Real z, Real y, LossParameters p) {
             return OracleRamp{p.shape, 1}.working_weight(std::abs(z - y));
         }},
        {"epsilon_insensitive",
         {0.75, 0.5},
         [](Real z, Real y, LossParameters p) {
             return OracleRamp{1, p.smoothing}.value(std::abs(z - y) - p.shape + p.smoothing / 2);
         },
         [](Real z, Real y, LossParameters p) {
             const Real u = std::abs(z - y) - p.shape + p.smoothing / 2;
             const Real slope = OracleRamp{1, p.smoothing}.derivative(u);
             return z < y ? -slope : slope;
         },
         [](Real z, Real y, LossParameters p) {
             const Real u = std::abs(z - y) - p.shape + p.smoothing / 2;
             return OracleRamp{1, p.smoothing}.working_weight(u);
         }},
        {"squared_epsilon_insensitive",
         {0.75},
         [](Real z, Real y, LossParameters p) { return squared_ramp(std::abs(z - y) - p.shape); },
         [](Real z, Real y, LossParameters p) {
             const Real u = std::abs(z - y) - p.shape;
             return (u > 0 ? 2 * u : 0) * (z < y ? -1 : 1);
         },
         [](Real z, Real y, LossParameters p) {
             return squared_ramp_weight(std::abs(z - y) - p.shape);
         }},
        {"quantile",
         {0.75, 0.5},
         [](Real z, Real y, LossParameters p) {
             const Real r = z - y;
             return OracleRamp{1, p.smoothing}.value(r + p.smoothing / 2) - p.shape * r;
         },
         [](Real z, Real y, LossParameters p) {
             return OracleRamp{1, p.smoothing}.derivative(z - y + p.smoothing / 2) - p.shape;
         },
         [](Real z, Real y, LossParameters p) {
             return OracleRamp{1, p.smoothing}.working_weight(std::abs(z - y) + p.smoothing / 2);
         }},
        margin_oracle("hinge", {0.0, 0.5},
                      [](LossParameters p) {
                          return BorderedRamp{1 + static_cast<Real>(p.smoothing) / 2,
                                              {1, p.smoothing}};
                      }),
        {"squared_hinge",
         {},
         [](Real z, Real y, LossParameters) { return squared_ramp(1 - y * z); },
         [](Real z, Real y, LossParameters) { return y * z < 1 ? -2 * y * (1 - y * z) : 0; },
         [](Real z, Real y, LossParameters) { return squared_ramp_weight(1 - y * z); }},
        margin_oracle("modified_huber", {},
                      [](LossParameters) { return BorderedRamp{1, {4, 0.5L}}; }),
        margin_oracle("smoothed_hinge", {1.5},
                      [](LossParameters p) { return BorderedRamp{1, {1, p.shape}}; }),
        margin_oracle("perceptron", {0.0, 0.5},
                      [](LossParameters p) {
                          return BorderedRamp{static_cast<Real>(p.smoothing) / 2, {1, p.smoothing}};
                      }),
        {"poisson",
         {},
         [](Real z, Real y, LossParameters) {
             return std::exp(z) - y * z + (y > 0 ? y * std::log(y) : 0) - y;
         },
         [](Real z, Real y, LossParameters) { return std::exp(z) - y; },
         [](Real z, Real, LossParameters) { return std::exp(z); }},
        {"gamma",
         {},
         [](Real z, Real y, LossParameters) { return z - std::log(y) + y * std::exp(-z) - 1; },
         [](Real z, Real y, LossParameters) { return 1 - y * std::exp(-z); },
         [](Real z, Real y, LossParameters) { return y * std::exp(-z); }},
        {"tweedie",
         {1.5},
         [](Real z, Real y, LossParameters p) { return tweedie(z, y, p.shape); },
         [](Real z, Real y, LossParameters p) {
             return std::exp((2 - p.shape) * z) - y * std::exp((1 - p.shape) * z);
         },
         [](Real z, Real y, LossParameters p) {
             const Real a = 2 - static_cast<Real>(p.shape);
             const Real b = a - 1;
             return a * std::exp(a * z) - b * y * std::exp(b * z);
         }},
    };
    for (const LossOracle& oracle : oracles)
        if (oracle.name == name) return oracle;
    throw std::logic_error("loss_oracle.hpp has no row for '" + std::string(name) + "'");
}

}  // namespace fastgd::testing

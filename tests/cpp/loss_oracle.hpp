// Losses by their definitions, in long double: one row for each loss the kernels list.
#pragma once

#include <cmath>
#include <stdexcept>
#include <string>
#include <string_view>

namespace fastgd::testing {

struct LossOracle {
    std::string_view name;
    double parameter;  // what these tests use for it
    long double (*value)(long double z, long double y, long double parameter);
    long double (*derivative)(long double z, long double y, long double parameter);
    long double (*working_weight)(long double z, long double y, long double parameter);
};

inline const LossOracle& loss_oracle(std::string_view name) {
    using Real = long double;
    static constexpr LossOracle oracles[] = {
        {"squared_error", 0.0, [](Real z, Real y, Real) { return (z - y) * (z - y) / 2; },
         [](Real z, Real y, Real) { return z - y; }, [](Real, Real, Real) { return Real(1); }},
        {"log_loss", 0.0,
         [](Real z, Real y, Real) {
             const Real margin = y * z;
             return std::log1p(std::exp(-std::abs(margin))) + (margin < 0 ? -margin : 0);
         },
         [](Real z, Real y, Real) {
             const Real margin = y * z;
             const Real e = std::exp(-std::abs(margin));
             return -y * (margin > 0 ? e : 1) / (1 + e);
         },
         [](Real z, Real y, Real) {
             const Real e = std::exp(-std::abs(y * z));
             return e / ((1 + e) * (1 + e));
         }},
        {"huber", 0.75,
         [](Real z, Real y, Real epsilon) {
             const Real r = std::abs(z - y);
             return r <= epsilon ? r * r / 2 : epsilon * (r - epsilon / 2);
         },
         [](Real z, Real y, Real epsilon) {
             const Real r = z - y;
             return r > epsilon ? epsilon : (r < -epsilon ? -epsilon : r);
         },
         [](Real z, Real y, Real epsilon) {
             const Real r = std::abs(z - y);
             return r <= epsilon ? 1 : epsilon / r / 100;
         }},
    };
    for (const LossOracle& oracle : oracles)
        if (oracle.name == name) return oracle;
    throw std::logic_error("loss_oracle.hpp has no row for '" + std::string(name) + "'");
}

}  // namespace fastgd::testing

// Coefficients of a linear model and what is done with them as a whole.
#pragma once

#include <span>

#include "large_vector.hpp"

namespace fastgd {

struct Coefficients {
    LargeVector<double> coef;  // outputs x columns
    LargeVector<double> intercept;

    bool finite() const;
    bool zero() const;

    // The same model on columns reduced by `shift` (by none if it is empty), or back from there.
    Coefficients onto_shifted(std::span<const double> shift) const&;
    Coefficients onto_shifted(std::span<const double> shift) &&;
    Coefficients onto_raw(std::span<const double> shift) const&;
    Coefficients onto_raw(std::span<const double> shift) &&;
};

// The point that lies the share `t` of the way from `from` to `to`; for 1 that is `to` to the bit.
Coefficients between(const Coefficients& from, const Coefficients& to, double t);

}  // namespace fastgd

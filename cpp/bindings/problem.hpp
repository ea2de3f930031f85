// A penalty and a model's coefficients, checked against the data they meet.
#pragma once

#include "../core/descent.hpp"
#include "../dispatch/dispatch.hpp"
#include "custom_loss.hpp"

namespace fastgd::bindings {

// What Python calls `penalty_factor`: a number for each column, or none for 1.
using PenaltyFactor = std::optional<py::array_t<double>>;

inline PenaltyStrength penalty_of(double alpha, double l1_ratio, const PenaltyFactor& factor) {
    if (!factor) return PenaltyStrength::of(alpha, l1_ratio);
    return PenaltyStrength::of(alpha, l1_ratio, values_of(*factor));
}

inline void check_penalty(const PenaltyStrength& penalty, Index outputs, Index columns) {
    if (!penalty.fits(static_cast<std::size_t>(outputs), static_cast<std::size_t>(columns)))
        throw py::value_error("penalty_factor and bounds must match the columns of X and y");
}

inline Coefficients coefficients_of(const py::array_t<double>& coef,
                                    const py::array_t<double>& intercept, Index outputs,
                                    Index columns) {
    Coefficients result{values_of(coef), values_of(intercept)};
    if (static_cast<Index>(result.coef.size()) != outputs * columns ||
        static_cast<Index>(result.intercept.size()) != outputs)
        throw py::value_error("coef and intercept must match the columns of X and y");
    return result;
}

}  // namespace fastgd::bindings

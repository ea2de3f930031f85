// The objective, and its gradient if asked for, at given coefficients.
#pragma once

#include "../core/coefficients.hpp"
#include "../core/large_vector.hpp"
#include "../core/measure.hpp"
#include "../core/objective.hpp"
#include "../core/penalty_scale.hpp"
#include "../dispatch/dispatch.hpp"

namespace fastgd::bindings {

struct Evaluation {
    double value;
    GradientSums gradient;
};

template <class T>
Evaluation evaluate(const Data& data, const LossSpec& loss, const PenaltyStrength& strength,
                    PenaltyScale scale, const Coefficients& at, const RowSelection& rows,
                    bool with_gradient, int threads) {
    const Objective<T> objective(selected_kernels<T>(), loss, threads);
    const PenaltyStrength penalty = scaled_penalty(objective, data, rows, strength, scale);
    const LargeVector<T> coef(at.coef.begin(), at.coef.end());
    const LargeVector<T> intercept(at.intercept.begin(), at.intercept.end());
    const LinearModel<T> model{coef.data(), intercept.data()};
    GradientSums sums(data.outputs(), with_gradient ? data.columns() : 0);
    if (!with_gradient) {
        objective.add_value(data, rows, model, sums);
        return {sums.loss / sums.weight + penalty.value(at.coef), std::move(sums)};
    }
    objective.add_gradient(data, rows, model, sums);
    const double value = finish_gradient(sums, penalty, at.coef);
    return {value, std::move(sums)};
}

}  // namespace fastgd::bindings

#include "coefficients.hpp"

#include <algorithm>
#include <utility>

#include "dot.hpp"

namespace fastgd {

namespace {

// Intercepts move by sign * shift . coef.
Coefficients moved(Coefficients model, std::span<const double> shift, double sign) {
    const std::size_t columns = shift.size();
    if (shift.empty()) return model;
    for (std::size_t k = 0; k < model.intercept.size(); ++k)
        model.intercept[k] +=
            sign * dot(shift, std::span(model.coef).subspan(k * columns, columns));
    return model;
}

void move_towards(LargeVector<double>& from, const LargeVector<double>& to, double t) {
    for (std::size_t j = 0; j < from.size(); ++j) from[j] += t * (to[j] - from[j]);
}

}  // namespace

bool Coefficients::finite() const {
    // without a question of each number: only what is not finite makes 0 times itself another
    const auto finite_all = [](const LargeVector<double>& numbers) {
        return sum_of(0, numbers.size(), [&](std::size_t j) { return 0.0 * numbers[j]; }) == 0.0;
    };
    return finite_all(coef) && finite_all(intercept);
}

bool Coefficients::zero() const {
    const auto is_zero = [](double x) { return x == 0.0; };
    return std::all_of(coef.begin(), coef.end(), is_zero) &&
           std::all_of(intercept.begin(), intercept.end(), is_zero);
}

Coefficients Coefficients::onto_shifted(std::span<const double> shift) const& {
    return moved(*this, shift, 1.0);
}

Coefficients Coefficients::onto_shifted(std::span<const double> shift) && {
    return moved(std::move(*this), shift, 1.0);
}

Coefficients Coefficients::onto_raw(std::span<const double> shift) const& {
    return moved(*this, shift, -1.0);
}

Coefficients Coefficients::onto_raw(std::span<const double> shift) && {
    return moved(std::move(*this), shift, -1.0);
}

Coefficients between(const Coefficients& from, const Coefficients& to, double t) {
    if (t == 1.0) return to;
    Coefficients result = from;
    move_towards(result.coef, to.coef, t);
    move_towards(result.intercept, to.intercept, t);
    return result;
}

}  // namespace fastgd

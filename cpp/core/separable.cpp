#include "separable.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace fastgd {

namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();

// The least loss of a row at the border between the classes; 0 where there are none.
template <class T>
double border_loss(const Objective<T>& objective) {
    const LossKernels<T>& loss = objective.loss();
    // below log(2) a class has more than half of all probability
    if (loss.targets == Targets::classes) return std::log(2.0);
    if (loss.targets != Targets::binary) return 0.0;
    const T border = 0;
    double least = infinite;
    for (const T label : {T(1), T(-1)})
        least = std::min(least, loss.value({1, 1, &border, &label, nullptr, nullptr,
                                            objective.loss_parameters()}));
    return least;
}

// Summed over rows, without the coefficients that a penalty or a bound keeps from infinity.
template <class T>
double unbounded_loss(const Objective<T>& objective, const Data& data,
                      const PenaltyStrength& penalty, const Coefficients& at,
                      std::span<const double> shift) {
    LargeVector<T> coef(at.coef.begin(), at.coef.end());
    for (std::size_t j = 0; j < coef.size(); ++j)
        if (penalty.holds(j, at.coef[j])) coef[j] = T(0);
    if (std::all_of(coef.begin(), coef.end(), [](T w) { return w == T(0); })) return infinite;
    const LargeVector<T> intercept(at.intercept.begin(), at.intercept.end());
    const LargeVector<T> shift_T(shift.begin(), shift.end());
    GradientSums sums(data.outputs(), 0);
    objective.add_value(data, {nullptr, 0, data.rows()},
                        {coef.data(), intercept.data(), shift.empty() ? nullptr : shift_T.data()},
                        sums);
    return sums.loss;
}

}  // namespace

template <class T>
bool separates(const Objective<T>& objective, const Data& data, const PenaltyStrength& penalty,
               const ColumnMoments& moments, const Coefficients& at, double objective_there,
               std::span<const double> shift) {
    const double border = border_loss(objective) * moments.least_weight;
    if (border == 0.0) return false;
    const bool unheld = penalty.zero() && penalty.box.empty();
    return (unheld ? objective_there * moments.weight
                   : unbounded_loss(objective, data, penalty, at, shift)) < border;
}

template bool separates(const Objective<float>&, const Data&, const PenaltyStrength&,
                        const ColumnMoments&, const Coefficients&, double, std::span<const double>);
template bool separates(const Objective<double>&, const Data&, const PenaltyStrength&,
                        const ColumnMoments&, const Coefficients&, double, std::span<const double>);

}  // namespace fastgd

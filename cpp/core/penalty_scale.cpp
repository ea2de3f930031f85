#include "penalty_scale.hpp"

#include <limits>

namespace fastgd {

PenaltyStrength in_deviations(PenaltyStrength penalty, const ColumnMoments& moments) {
    const std::size_t columns = moments.variance.size();
    penalty.l1_factor.assign(columns, 0.0);
    penalty.l2_factor.assign(columns, 0.0);
    for (std::size_t j = 0; j < columns; ++j) {
        const double square = moments.spread_square(j);
        if (!std::isfinite(square)) continue;
        penalty.l1_factor[j] = std::sqrt(square);
        penalty.l2_factor[j] = square;
    }
    return penalty;
}

template <class T>
PenaltyStrength scaled_penalty(const Objective<T>& objective, const Data& data,
                               const RowSelection& rows, const PenaltyStrength& penalty,
                               PenaltyScale scale) {
    if (scale == PenaltyScale::raw || penalty.zero()) return penalty;
    const ColumnMoments moments =
        column_moments(objective.kernels(), data, rows, objective.threads(), [] { return true; });
    if (!moments.non_finite) return in_deviations(penalty, moments);
    constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
    PenaltyStrength spoiled = penalty;
    spoiled.l1_factor = spoiled.l2_factor = {unknown};
    return spoiled;
}

template PenaltyStrength scaled_penalty(const Objective<float>&, const Data&, const RowSelection&,
                                        const PenaltyStrength&, PenaltyScale);
template PenaltyStrength scaled_penalty(const Objective<double>&, const Data&, const RowSelection&,
                                        const PenaltyStrength&, PenaltyScale);

}  // namespace fastgd

#include "penalty_scale.hpp"

#include <limits>

namespace fastgd {

PenaltyStrength in_deviations(const PenaltyStrength& penalty, const ColumnMoments& moments) {
    PenaltyStrength result{penalty.l1, penalty.l2, {}, {}, penalty.box};
    for (std::size_t j = 0; j < moments.variance.size(); ++j) {
        const double square = moments.spread_square(j);
        const double known = std::isfinite(square) ? square : 0.0;
        result.l1_factor.push_back(std::sqrt(known) * penalty.factor_of(penalty.l1_factor, j));
        result.l2_factor.push_back(known * penalty.factor_of(penalty.l2_factor, j));
    }
    return result;
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

// What a penalty measures coefficients in: their own units, or deviations of their columns.
#pragma once

#include "moments.hpp"
#include "objective.hpp"
#include "penalty.hpp"

namespace fastgd {

enum class PenaltyScale {
    raw,
    deviation,  // s_j w_j, with the weighted standard deviation s_j of the column
};

// The penalty on s_j w_j, on top of its factors; columns that are constant, or whose spread
// overflows, bear none.
PenaltyStrength in_deviations(const PenaltyStrength& penalty, const ColumnMoments& moments);

// The penalty in its scale, which for deviations reads `rows` once unless the penalty is zero.
// Rows with a number that is not finite make it NaN.
template <class T>
PenaltyStrength scaled_penalty(const Objective<T>& objective, const Data& data,
                               const RowSelection& rows, const PenaltyStrength& penalty,
                               PenaltyScale scale);

}  // namespace fastgd

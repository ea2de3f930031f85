// Passive-aggressive steps (Crammer et al. 2006): a row's loss and norm say how long its own is.
#pragma once

#include "sgd_chunk.hpp"

namespace fastgd::FASTGD_ISA {
namespace {

// PA-I ends where the row's loss does, or after `most`; PA-II before that, the nearer the larger
// `most` is. Reciprocals do not wait for the loss, as a division would.
template <class T>
[[gnu::always_inline]] inline T length_to_target(T loss, T norm, T most, bool damped) {
    if (damped) return loss * (T(1) / (norm + T(0.5) / most));
    const T length = loss * (T(1) / norm);
    return length < most ? length : most;
}

// On columns as given, there is neither metric nor shift, of losses whose slope is -1, 0 or 1.
template <PenaltyKind Kind, Mode Keeps, class T>
[[gnu::noinline]] void passive_aggressive_rows(const SgdChunk<T>& s) noexcept {
    const Index columns = s.tile.columns;
    const Index last = s.tile.rows - 2;
    for (Index i = 0; i < s.tile.rows; ++i) {
        const T* row = s.tile.row[i];
        const T* soon = s.tile.row[i < last ? i + 2 : i];
        const T* next = s.tile.next != nullptr ? s.tile.next[i] : row;
        for (Index k = 0; k < s.outputs; ++k) {
            const Index at = i * s.outputs + k;
            T* coef = s.coef + k * columns;
            const RowProducts<T> products = row_products<false, false, true, T>(
                row, soon, next, nullptr, nullptr, coef, nullptr, columns);
            const T offset = s.offset != nullptr ? s.offset[at] : T(0);
            const T weight = s.weight != nullptr ? s.weight[at] : T(1);
            const T z = products.predictor + (s.intercept[k] + offset);
            // hinge (labels are -1/+1, its shape is 0) and epsilon-insensitive loss alike
            const T slope = s.slope(z, s.y[at], s.loss);
            const T loss = slope == 0 ? T(0) : slope * (z - s.y[at]) - static_cast<T>(s.loss.shape);
            // a row of zeros has no way to its target: PA-I passes it by, its penalty as well
            const T most = products.norm == 0 && !s.damped ? T(0) : s.step[i];
            const T length = length_to_target(loss, products.norm, most, s.damped);
            const T multiplier = weight == 0 ? T(0) : weight * slope * length;
            row_step<false, Kind, Keeps, T>(
                row, s, most, multiplier, coef,
                Keeps == Mode::averaged ? s.coef_sum + k * columns : nullptr, nullptr);
            s.intercept[k] -= multiplier * s.intercept_metric;
            if constexpr (Keeps == Mode::averaged) s.intercept_sum[k] += s.intercept[k];
        }
    }
}

template <class T>
void passive_aggressive(const SgdChunk<T>& s) noexcept {
    by_penalty(s.penalty, [&](auto kind) {
        if (s.coef_sum != nullptr)
            passive_aggressive_rows<kind.value, Mode::averaged>(s);
        else
            passive_aggressive_rows<kind.value, Mode::plain>(s);
    });
}

}  // namespace
}  // namespace fastgd::FASTGD_ISA

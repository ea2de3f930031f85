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

// How far row i moves output k, of losses whose slope is -1, 0 or 1; the intercept is moved.
template <Mode Keeps, class T>
[[gnu::always_inline]] inline T move_to_target(const SgdChunk<T>& s, Index i, Index k, T predictor,
                                               T norm, T most) {
    const Index at = i * s.outputs + k;
    const T offset = s.offset != nullptr ? s.offset[at] : T(0);
    const T weight = s.weight != nullptr ? s.weight[at] : T(1);
    const T z = predictor + (s.intercept[k] + offset);
    // hinge (labels are -1/+1, its shape is 0) and epsilon-insensitive loss alike
    const T slope = s.slope(z, s.y[at], s.loss);
    const T loss = slope == 0 ? T(0) : slope * (z - s.y[at]) - static_cast<T>(s.loss.shape);
    const T length = length_to_target(loss, norm, most, s.damped);
    const T move = weight == 0 ? T(0) : weight * slope * length;
    s.intercept[k] -= move * s.intercept_metric;
    if constexpr (Keeps == Mode::averaged) s.intercept_sum[k] += s.intercept[k];
    return move;
}

// The same of a sparse row.
template <Mode Keeps>
struct MoveToTarget {
    template <class T>
    [[gnu::always_inline]] T operator()(const SgdChunk<T>& s, Index i, Index k, T predictor,
                                        T) const {
        const T* value = s.tile.row[i];
        const auto square = [&](Index e) __attribute__((always_inline)) {
            return value[e] * value[e];
        };
        const T norm = sum_entries<T>(s.tile.stored[i], square);
        return move_to_target<Keeps>(s, i, k, predictor, norm, s.step[i]);
    }
};

// On columns as given: there is neither metric nor shift.
template <PenaltyKind Kind, Mode Keeps, class T>
[[gnu::noinline]] void passive_aggressive_rows(const SgdChunk<T>& s) noexcept {
    if (s.tile.sparse()) return sgd_sparse<false, Kind, Keeps>(s, MoveToTarget<Keeps>{});
    const Index columns = s.tile.columns;
    const Index last = s.tile.rows - 2;
    for (Index i = 0; i < s.tile.rows; ++i) {
        const T* row = s.tile.row[i];
        const T* soon = s.tile.row[i < last ? i + 2 : i];
        const T* next = s.tile.next != nullptr ? s.tile.next[i] : row;
        for (Index k = 0; k < s.outputs; ++k) {
            T* coef = s.coef + k * columns;
            const RowProducts<T> products = row_products<false, false, true, T>(
                row, soon, next, nullptr, nullptr, coef, nullptr, columns);
            // a row of zeros has no way to its target: PA-I passes it by, its penalty as well
            const T most = products.norm == 0 && !s.damped ? T(0) : s.step[i];
            const T move = move_to_target<Keeps>(s, i, k, products.predictor, products.norm, most);
            row_step<false, Kind, Keeps, T>(
                row, s, most, move, coef,
                Keeps == Mode::averaged ? s.coef_sum + k * columns : nullptr, nullptr);
        }
    }
}

template <class T>
void passive_aggressive(const SgdChunk<T>& s) noexcept {
    by_penalty(s.penalty, [&](auto kind) {
        if (s.coef_sum != nullptr || s.lazy.total != nullptr)
            passive_aggressive_rows<kind.value, Mode::averaged>(s);
        else
            passive_aggressive_rows<kind.value, Mode::plain>(s);
    });
}

}  // namespace
}  // namespace fastgd::FASTGD_ISA

// How far each row of a block moves the coefficients: the part of per-sample steps that waits for
// the loss, row after row, in numbers alone.
#pragma once

#include "vector.hpp"

namespace fastgd::FASTGD_ISA {
namespace {

template <class Loss, bool Anchored, class T>
[[gnu::always_inline]] inline void moves_in_turn(BlockMoves<T>& m) {
    constexpr int B = static_cast<int>(sgd_block_rows);
    const Loss loss(m.loss);
    Vector<T, B> slope_there = {};
    if constexpr (Anchored)
        slope_there = loss.derivative(load<B>(m.at_anchor) + load<B>(m.offset) + m.anchor_intercept,
                                      load<B>(m.y));
    // z = predictor + rest: what a ridge shrinks and what it does not
    T predictor[B];
    T rest[B];
    each<B>([&](auto r) __attribute__((always_inline)) {
        predictor[r.value] = m.predictor[r.value];
        rest[r.value] = m.intercept + m.offset[r.value];
    });
    T z = predictor[0] + rest[0];
    each<B>([&](auto r) __attribute__((always_inline)) {
        constexpr int i = r.value;
        // a row that weighs nothing moves nothing, however far off it lies
        const bool moves = m.rate[i] != 0;
        const T slope = loss.derivative(z, m.y[i]) - slope_there[i];
        const T move = moves ? m.rate[i] * slope : T(0);
        m.move[i] = move;
        each<B - 1 - i>([&](auto above) __attribute__((always_inline)) {
            constexpr int q = i + 1 + above.value;
            const T product = moves ? m.product[block_pair<B>(i, q)] : T(0);
            T kept = predictor[q] * m.keep[i];
            if constexpr (Anchored) {
                kept -= m.step[i] * m.with_gradient[q];
                rest[q] -= m.step[i] * m.intercept_gradient * m.intercept_metric;
            }
            // one step from `move` to the next row's z: all wait for this chain
            if constexpr (q == i + 1) z = (kept + rest[q]) - move * (product + m.intercept_metric);
            predictor[q] = kept - move * product;
            rest[q] -= move * m.intercept_metric;
        });
    });
}

template <class Loss, class T>
void block_moves(BlockMoves<T>& m) noexcept {
    if (m.at_anchor != nullptr)
        moves_in_turn<Loss, true>(m);
    else
        moves_in_turn<Loss, false>(m);
}

}  // namespace
}  // namespace fastgd::FASTGD_ISA

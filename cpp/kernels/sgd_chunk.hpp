// Per-sample steps: predict one row, differentiate its loss, move along the row.
#pragma once

#include "dense.hpp"
#include "step.hpp"

namespace fastgd::FASTGD_ISA {
namespace {

template <class T>
struct RowProducts {
    T predictor;
    T norm;  // (x - shift)^2 in the metric
};

// Both products in one reading of the row. `soon`, a row of the steps to come, is brought near;
// `next`, one of a later chunk, into the second cache level.
template <bool Metric, bool Prefetch, class T>
[[gnu::always_inline]] inline RowProducts<T> row_products(const T* row, const T* soon,
                                                          const T* next, const T* shift,
                                                          const T* metric, const T* coef,
                                                          Index columns) {
    constexpr int L = lanes<T>;
    // independent sums: one alone would wait for each addition
    constexpr int sums = 4;
    Vector<T, L> sum[sums] = {};
    Vector<T, L> norm[sums] = {};
    Index j = 0;
    const auto add = [&](int s) __attribute__((always_inline)) {
        const auto x = centred<L, Metric>(row, shift, j);
        sum[s] += x * load<L>(coef + j);
        if constexpr (Metric) norm[s] += x * x * load<L>(metric + j);
        if constexpr (Prefetch) {
            __builtin_prefetch(soon + j);
            __builtin_prefetch(next + j, 0, 2);
        }
        j += L;
    };
    while (j + sums * L <= columns)
        for (int s = 0; s < sums; ++s) add(s);
    for (int s = 0; s < sums - 1; ++s)
        if (j + L <= columns) add(s);
    if constexpr (Prefetch)
        if (j < columns) __builtin_prefetch(next + columns - 1);
    RowProducts<T> result{0, 0};
    result.predictor = fold_sum<L, T>(
        (sum[0] + sum[1]) + (sum[2] + sum[3]), j, columns, [&](auto width, Index at) {
            constexpr int H = decltype(width)::value;
            return centred<H, Metric>(row, shift, at) * load<H>(coef + at);
        });
    if constexpr (Metric)
        result.norm = fold_sum<L, T>(
            (norm[0] + norm[1]) + (norm[2] + norm[3]), j, columns, [&](auto width, Index at) {
                constexpr int H = decltype(width)::value;
                const auto x = centred<H, Metric>(row, shift, at);
                return x * x * load<H>(metric + at);
            });
    return result;
}

enum class PenaltyKind { none, ridge, lasso };

template <bool Metric, PenaltyKind Kind, bool Averaged, class T>
[[gnu::always_inline]] inline void row_step(const T* row, const SgdChunk<T>& s, T step,
                                            T multiplier, T* coef, T* coef_sum) {
    for_columns<T>(0, s.tile.columns, [&](auto width, Index j) __attribute__((always_inline)) {
        constexpr int L = decltype(width)::value;
        Vector<T, L> c = load<L>(coef + j);
        Vector<T, L> move = centred<L, Metric>(row, s.tile.shift, j) * multiplier;
        if constexpr (Metric) move *= load<L>(s.metric + j);
        if constexpr (Kind != PenaltyKind::none) {
            Vector<T, L> t = Vector<T, L>{} + step;
            if constexpr (Metric) t *= load<L>(s.metric + j);
            move += t * s.penalty.l2 * c;
            c -= move;
            if constexpr (Kind == PenaltyKind::lasso)
                c = soft_threshold(c, Vector<T, L>(t * s.penalty.l1));
        } else {
            c -= move;
        }
        store<L, T>(coef + j, c);
        if constexpr (Averaged) store<L, T>(coef_sum + j, load<L>(coef_sum + j) + c);
    });
}

template <class Loss, bool Metric, PenaltyKind Kind, bool Averaged, class T>
[[gnu::noinline]] void sgd_rows(const SgdChunk<T>& s) noexcept {
    const Loss loss(s.parameter);
    const Index columns = s.tile.columns;
    const bool one_output = s.outputs == 1;
    const Index last = s.tile.rows - 2;
    for (Index i = 0; i < s.tile.rows; ++i) {
        const T* row = s.tile.row[i];
        for (Index k = 0; k < s.outputs; ++k) {
            const Index at = one_output ? i : i * s.outputs + k;
            T* coef = s.coef + k * columns;
            const RowProducts<T> products =
                k == 0 && s.tile.next != nullptr
                    ? row_products<Metric, true>(row, s.tile.row[i < last ? i + 2 : i],
                                                 s.tile.next[i], s.tile.shift, s.metric, coef,
                                                 columns)
                    : row_products<Metric, false>(row, row, row, s.tile.shift, s.metric, coef,
                                                  columns);
            const T weight = s.weight != nullptr ? s.weight[at] : T(1);
            const T offset = s.offset != nullptr ? s.offset[at] : T(0);
            T step = s.step[i];
            if constexpr (Metric) {
                const T bend = s.curvature * weight * (products.norm + s.intercept_metric);
                if (step * bend > T(1)) step = T(1) / bend;
            }
            const T slope =
                weight * loss.derivative(products.predictor + s.intercept[k] + offset, s.y[at]);
            row_step<Metric, Kind, Averaged>(row, s, s.step[i], step * slope, coef,
                                             Averaged ? s.coef_sum + k * columns : coef);
            s.intercept[k] -= step * slope * s.intercept_metric;
            if constexpr (Averaged) s.intercept_sum[k] += s.intercept[k];
        }
    }
}

template <class Loss, bool Metric, PenaltyKind Kind, class T>
void sgd_chunk_averaged(const SgdChunk<T>& s) {
    if (s.coef_sum != nullptr)
        sgd_rows<Loss, Metric, Kind, true>(s);
    else
        sgd_rows<Loss, Metric, Kind, false>(s);
}

template <class Loss, bool Metric, class T>
void sgd_chunk_penalised(const SgdChunk<T>& s) {
    if (s.penalty.l1 != 0)
        sgd_chunk_averaged<Loss, Metric, PenaltyKind::lasso>(s);
    else if (s.penalty.l2 != 0)
        sgd_chunk_averaged<Loss, Metric, PenaltyKind::ridge>(s);
    else
        sgd_chunk_averaged<Loss, Metric, PenaltyKind::none>(s);
}

template <class Loss, class T>
void sgd_chunk(const SgdChunk<T>& s) noexcept {
    if (s.metric != nullptr)
        sgd_chunk_penalised<Loss, true>(s);
    else
        sgd_chunk_penalised<Loss, false>(s);
}

}  // namespace
}  // namespace fastgd::FASTGD_ISA

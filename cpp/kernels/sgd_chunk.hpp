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

// Both products in one reading of the row; `next` is fetched for a later chunk.
template <bool Metric, class T>
[[gnu::noinline]] RowProducts<T> row_products(const T* row, const T* next, const T* shift,
                                              const T* metric, const T* coef,
                                              Index columns) noexcept {
    constexpr int L = lanes<T>;
    Vector<T, L> sum[2] = {};
    Vector<T, L> norm[2] = {};
    Index j = 0;
    const auto add = [&](int lane, Index at) {
        const auto x = centred<L, Metric>(row, shift, at);
        sum[lane] += x * load<L>(coef + at);
        if constexpr (Metric) norm[lane] += x * x * load<L>(metric + at);
        if (next != nullptr) __builtin_prefetch(next + at, 0, 2);
    };
    for (; j + 2 * L <= columns; j += 2 * L) {
        add(0, j);
        add(1, j + L);
    }
    if (j + L <= columns) {
        add(0, j);
        j += L;
    }
    if (next != nullptr && j < columns) __builtin_prefetch(next + columns - 1, 0, 2);
    RowProducts<T> result{0, 0};
    const Vector<T, L> total = sum[0] + sum[1];
    finish_dot<L, 1, Metric>(&row, shift, coef, j, columns, &total, &result.predictor);
    if constexpr (Metric) {
        Vector<T, L> lane_norm = norm[0] + norm[1];
        for (int l = 0; l < L; ++l) result.norm += lane_norm[l];
        for (; j < columns; ++j) {
            const T x = row[j] - shift[j];
            result.norm += x * x * metric[j];
        }
    }
    return result;
}

enum class PenaltyKind { none, ridge, lasso };

template <bool Metric, PenaltyKind Kind, bool Averaged, class T>
[[gnu::noinline]] void row_step(const T* row, const SgdChunk<T>& s, T step, T multiplier, T* coef,
                                T* coef_sum) noexcept {
    for_columns<T>(0, s.tile.columns, [&](auto width, Index j) {
        constexpr int L = decltype(width)::value;
        const auto x = centred<L, Metric>(row, s.tile.shift, j);
        Vector<T, L> c = load<L>(coef + j);
        Vector<T, L> move = x * multiplier;
        Vector<T, L> t = Vector<T, L>{} + step;
        if constexpr (Metric) {
            move *= load<L>(s.metric + j);
            t *= load<L>(s.metric + j);
        }
        if constexpr (Kind != PenaltyKind::none) move += t * s.penalty.l2 * c;
        c -= move;
        if constexpr (Kind == PenaltyKind::lasso) c = soft_threshold(c, Vector<T, L>(t * s.penalty.l1));
        store<L, T>(coef + j, c);
        if constexpr (Averaged) store<L, T>(coef_sum + j, load<L>(coef_sum + j) + c);
    });
}

template <class T>
using RowStep = void (*)(const T*, const SgdChunk<T>&, T, T, T*, T*) noexcept;

template <class T>
inline RowStep<T> choose_row_step(const SgdChunk<T>& s) {
    const int kind = s.penalty.l1 != 0 ? 2 : s.penalty.l2 != 0 ? 1 : 0;
    const bool averaged = s.coef_sum != nullptr;
    constexpr PenaltyKind none = PenaltyKind::none;
    constexpr PenaltyKind ridge = PenaltyKind::ridge;
    constexpr PenaltyKind lasso = PenaltyKind::lasso;
    static constexpr RowStep<T> table[2][3][2] = {
        {{row_step<false, none, false, T>, row_step<false, none, true, T>},
         {row_step<false, ridge, false, T>, row_step<false, ridge, true, T>},
         {row_step<false, lasso, false, T>, row_step<false, lasso, true, T>}},
        {{row_step<true, none, false, T>, row_step<true, none, true, T>},
         {row_step<true, ridge, false, T>, row_step<true, ridge, true, T>},
         {row_step<true, lasso, false, T>, row_step<true, lasso, true, T>}}};
    return table[s.metric != nullptr][kind][averaged];
}

template <class Loss, class T>
void sgd_chunk(const SgdChunk<T>& s) noexcept {
    const Loss loss(s.parameter);
    const Index columns = s.tile.columns;
    const RowStep<T> take_step = choose_row_step(s);
    for (Index i = 0; i < s.tile.rows; ++i) {
        const T* row = s.tile.row[i];
        for (Index k = 0; k < s.outputs; ++k) {
            T* coef = s.coef + k * columns;
            const T* next = k == 0 && s.tile.next != nullptr ? s.tile.next[i] : nullptr;
            const RowProducts<T> products =
                s.metric != nullptr
                    ? row_products<true>(row, next, s.tile.shift, s.metric, coef, columns)
                    : row_products<false>(row, next, s.tile.shift, s.metric, coef, columns);
            const T weight = s.weight != nullptr ? s.weight[i * s.outputs + k] : T(1);
            T predictor = products.predictor + s.intercept[k];
            if (s.offset != nullptr) predictor += s.offset[i * s.outputs + k];
            T step = s.step[i];
            if (s.curvature > 0) {
                const T bend = s.curvature * weight * (products.norm + s.intercept_metric);
                if (step * bend > T(1)) step = T(1) / bend;
            }
            const T slope = weight * loss.derivative(predictor, s.y[i * s.outputs + k]);
            take_step(row, s, s.step[i], step * slope, coef,
                      s.coef_sum != nullptr ? s.coef_sum + k * columns : nullptr);
            s.intercept[k] -= step * slope * s.intercept_metric;
            if (s.intercept_sum != nullptr) s.intercept_sum[k] += s.intercept[k];
        }
    }
}

}  // namespace
}  // namespace fastgd::FASTGD_ISA

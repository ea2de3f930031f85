// Per-sample steps: predict one row, differentiate its loss, move along the row.
#pragma once

#include "sgd_block.hpp"
#include "sgd_sparse.hpp"

namespace fastgd::FASTGD_ISA {
namespace {

template <class T>
struct RowProducts {
    T predictor;
    T anchored;  // the predictor at the anchor
    T norm;  // (x - shift)^2 in the metric, if there is one
};

// Both products in one reading of the row. `soon`, a row of the steps to come, is brought near;
// `next`, one of a later chunk, into the second cache level.
template <bool Metric, bool Anchored, bool Norm, class T>
[[gnu::always_inline]] inline RowProducts<T> row_products(const T* row, const T* soon,
                                                          const T* next, const T* shift,
                                                          const T* metric, const T* coef,
                                                          const T* anchor, Index columns) {
    constexpr int L = lanes<T>;
    // independent sums: one alone would wait for each addition
    constexpr int sums = 4;
    Vector<T, L> sum[sums] = {};
    Vector<T, L> anchored[sums] = {};
    Vector<T, L> norm[sums] = {};
    const auto square = [&](auto x, Index at) __attribute__((always_inline)) {
        if constexpr (Metric) return x * x * load<sizeof x / sizeof(T)>(metric + at);
        return x * x;
    };
    Index j = 0;
    const auto add = [&](int s) __attribute__((always_inline)) {
        const auto x = centred<L, Metric>(row, shift, j);
        sum[s] += x * load<L>(coef + j);
        if constexpr (Anchored) anchored[s] += x * load<L>(anchor + j);
        if constexpr (Norm) norm[s] += square(x, j);
        __builtin_prefetch(soon + j);
        __builtin_prefetch(next + j, 0, 2);
        j += L;
    };
    while (j + sums * L <= columns)
        for (int s = 0; s < sums; ++s) add(s);
    for (int s = 0; s < sums - 1; ++s)
        if (j + L <= columns) add(s);
    if (j < columns) __builtin_prefetch(next + columns - 1, 0, 2);
    const auto product_with = [&](const T* c) {
        return [=](auto width, Index at) __attribute__((always_inline)) {
            constexpr int H = decltype(width)::value;
            return centred<H, Metric>(row, shift, at) * load<H>(c + at);
        };
    };
    RowProducts<T> result{0, 0, 0};
    result.predictor =
        fold_sum<L, T>((sum[0] + sum[1]) + (sum[2] + sum[3]), j, columns, product_with(coef));
    if constexpr (Anchored)
        result.anchored = fold_sum<L, T>((anchored[0] + anchored[1]) + (anchored[2] + anchored[3]),
                                         j, columns, product_with(anchor));
    if constexpr (Norm)
        result.norm = fold_sum<L, T>((norm[0] + norm[1]) + (norm[2] + norm[3]), j, columns,
                                     [&](auto width, Index at) {
                                         constexpr int H = decltype(width)::value;
                                         return square(centred<H, Metric>(row, shift, at), at);
                                     });
    return result;
}

// `sum` is of iterates, `gradient` the one at the anchor; each is read in its mode alone.
template <bool Metric, PenaltyKind Kind, Mode Keeps, class T>
[[gnu::always_inline]] inline void row_step(const T* row, const SgdChunk<T>& s, T step,
                                            T multiplier, T* coef, T* sum, const T* gradient) {
    for_columns<T>(
        0, s.tile.columns, [&](auto width, Index j) __attribute__((always_inline)) {
            constexpr int L = decltype(width)::value;
            const auto x = centred<L, Metric>(row, s.tile.shift, j);
            const Vector<T, L> moved = moved_along<L, Metric, Kind, Keeps>(
                load<L>(coef + j), x, s, step, multiplier, gradient, j);
            const Vector<T, L> c = kinked<L, Metric, Kind>(moved, s, step, j, coef - s.coef + j);
            store<L, T>(coef + j, c);
            if constexpr (Keeps == Mode::averaged) store<L, T>(sum + j, load<L>(sum + j) + c);
        });
}

// Rows [begin, end) of a chunk, one after the other.
template <bool Metric, PenaltyKind Kind, Mode Keeps, class T>
[[gnu::noinline]] void sgd_rows(const SgdChunk<T>& s, Index begin, Index end) noexcept {
    constexpr bool anchored = Keeps == Mode::anchored;
    const Index columns = s.tile.columns;
    const Index last = s.tile.rows - 2;
    for (Index i = begin; i < end; ++i) {
        const T* row = s.tile.row[i];
        const T* soon = s.tile.row[i < last ? i + 2 : i];
        const T* next = s.tile.next != nullptr ? s.tile.next[i] : row;
        for (Index k = 0; k < s.outputs; ++k) {
            const Index at = i * s.outputs + k;
            T* coef = s.coef + k * columns;
            const T* anchor = anchored ? s.anchor.coef + k * columns : nullptr;
            const RowProducts<T> products = row_products<Metric, anchored, Metric>(
                row, soon, next, s.tile.shift, s.metric, coef, anchor, columns);
            const T weight = s.weight != nullptr ? s.weight[at] : T(1);
            const T offset = s.offset != nullptr ? s.offset[at] : T(0);
            const T step = Metric ? capped_step(s, s.step[i], weight, products.norm) : s.step[i];
            const T z = products.predictor + s.intercept[k] + offset;
            T slope = s.slope(z, s.y[at], s.loss);
            T of_intercept = 0;
            const T* gradient = nullptr;
            if constexpr (anchored) {
                const T anchor_z = products.anchored + s.anchor.intercept[k] + offset;
                slope -= s.slope(anchor_z, s.y[at], s.loss);
                gradient = s.anchor.gradient + k * columns;
                of_intercept = s.step[i] * s.anchor.gradient[s.outputs * columns + k];
            }
            // a row that weighs nothing moves nothing, however far off it lies
            const T multiplier = weight == 0 ? T(0) : step * weight * slope;
            row_step<Metric, Kind, Keeps>(
                row, s, s.step[i], multiplier, coef,
                Keeps == Mode::averaged ? s.coef_sum + k * columns : nullptr, gradient);
            s.intercept[k] -= (multiplier + of_intercept) * s.intercept_metric;
            if constexpr (Keeps == Mode::averaged) s.intercept_sum[k] += s.intercept[k];
        }
    }
}

template <bool Metric, PenaltyKind Kind, Mode Keeps, class T>
void sgd_all_rows(const SgdChunk<T>& s) {
    if (s.tile.sparse()) return sgd_sparse<Metric, Kind, Keeps>(s, GradientMove<Metric, Keeps>{});
    Index done = 0;
    // steps that shrink each column by its own factor, or move it to 0, are no sums of rows
    if constexpr (Kind == PenaltyKind::none || (Kind == PenaltyKind::ridge && !Metric)) {
        constexpr int few = lanes<T> >= 4 ? lanes<T> / 4 : 1;
        if (s.tile.columns >= few) done = s.tile.rows / sgd_block_rows * sgd_block_rows;
        if (s.tile.columns >= lanes<T>)
            sgd_blocks<lanes<T>, Metric, Keeps>(s, done);
        else
            sgd_blocks<few, Metric, Keeps>(s, done);
    }
    sgd_rows<Metric, Kind, Keeps>(s, done, s.tile.rows);
}

template <bool Metric, PenaltyKind Kind, class T>
void sgd_chunk_by_mode(const SgdChunk<T>& s) {
    if (s.anchor.coef != nullptr)
        sgd_all_rows<Metric, Kind, Mode::anchored>(s);
    else if (s.coef_sum != nullptr || s.lazy.total != nullptr)
        sgd_all_rows<Metric, Kind, Mode::averaged>(s);
    else
        sgd_all_rows<Metric, Kind, Mode::plain>(s);
}

template <class T>
void sgd_chunk(const SgdChunk<T>& s) noexcept {
    by_penalty(s.penalty, [&](auto kind) {
        if (s.metric != nullptr)
            sgd_chunk_by_mode<true, kind.value>(s);
        else
            sgd_chunk_by_mode<false, kind.value>(s);
    });
}

}  // namespace
}  // namespace fastgd::FASTGD_ISA

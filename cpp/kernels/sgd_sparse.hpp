// Per-sample steps along sparse rows, at a cost that grows with what the rows store.
#pragma once

#include "lazy.hpp"
#include "sgd_block.hpp"

namespace fastgd::FASTGD_ISA {
namespace {

template <class T>
struct RowProducts {
    T predictor;
    T anchored;  // the predictor at the anchor
    T norm;  // (x - shift)^2 in the metric
};

// Entries of rows to come that are on their way from memory.
constexpr Index entries_ahead = 96;

// The sum of term(e) over the entries of a row.
template <class T, class Term>
[[gnu::always_inline]] inline T sum_entries(Index stored, const Term& term) {
    // independent sums: one alone would wait for each addition
    constexpr int sums = 4;
    T sum[sums] = {};
    Index e = 0;
    for (; e + sums <= stored; e += sums)
        for (int q = 0; q < sums; ++q) sum[q] += term(e + q);
    for (; e < stored; ++e) sum[0] += term(e);
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

// What columns that are centred add to the products of every row: x - shift is -shift in all of
// them, and what a row stores is told on top.
template <bool Metric, bool Anchored, class T>
[[gnu::always_inline]] inline RowProducts<T> shift_products(const SgdChunk<T>& s, const T* coef,
                                                            const T* anchor) {
    RowProducts<T> result{0, 0, 0};
    for (Index n = 0; n < s.lazy.shifted_count; ++n) {
        const Index j = s.lazy.shifted[n];
        const T shift = s.tile.shift[j];
        result.predictor -= shift * coef[j];
        if constexpr (Anchored) result.anchored -= shift * anchor[j];
        if constexpr (Metric) result.norm += shift * shift * s.metric[j];
    }
    return result;
}

template <bool Metric, bool Anchored, class T>
[[gnu::always_inline]] inline RowProducts<T> sparse_products(const SgdChunk<T>& s, Index i,
                                                             const T* coef, const T* anchor) {
    const T* value = s.tile.row[i];
    const std::int32_t* column = s.tile.column[i];
    const Index stored = s.tile.stored[i];
    RowProducts<T> result = shift_products<Metric, Anchored>(s, coef, anchor);
    result.predictor += sum_entries<T>(
        stored, [&](Index e) __attribute__((always_inline)) { return value[e] * coef[column[e]]; });
    if constexpr (Anchored)
        result.anchored += sum_entries<T>(
            stored, [&](Index e)
                        __attribute__((always_inline)) { return value[e] * anchor[column[e]]; });
    if constexpr (Metric) {
        if (s.lazy.shifted_count > 0)
            result.norm += sum_entries<T>(
                stored, [&](Index e) __attribute__((always_inline)) {
                    const Index j = column[e];
                    const T shift = s.tile.shift[j];
                    return value[e] * (value[e] - shift - shift) * s.metric[j];
                });
        else
            result.norm += sum_entries<T>(
                stored, [&](Index e) __attribute__((always_inline)) {
                    return value[e] * value[e] * s.metric[column[e]];
                });
    }
    return result;
}

// Brings what the steps along row i will read near.
template <bool Metric, bool Lazy, bool Anchored, class T>
[[gnu::always_inline]] inline void fetch_columns(const SgdChunk<T>& s, Index i) {
    const std::int32_t* column = s.tile.column[i];
    for (Index e = 0; e < s.tile.stored[i]; ++e) {
        const Index j = column[e];
        __builtin_prefetch(s.coef + j, 1);
        if constexpr (Lazy) __builtin_prefetch(s.lazy.seen + j, 1);
        if constexpr (Metric) __builtin_prefetch(s.metric + j);
        if constexpr (Anchored) {
            __builtin_prefetch(s.anchor.coef + j);
            __builtin_prefetch(s.anchor.gradient + j);
        }
        for (Index k = 1; k < s.outputs; ++k)
            __builtin_prefetch(s.coef + k * s.tile.columns + j, 1);
    }
}

// The numbers of row i themselves.
template <class T>
[[gnu::always_inline]] inline void fetch_entries(const RowTile<T>& tile, Index i) {
    constexpr Index columns_a_line = cache_line / static_cast<Index>(sizeof(std::int32_t));
    constexpr Index values_a_line = cache_line / static_cast<Index>(sizeof(T));
    const Index stored = tile.stored[i];
    for (Index e = 0; e < stored; e += columns_a_line) __builtin_prefetch(tile.column[i] + e);
    for (Index e = 0; e < stored; e += values_a_line) __builtin_prefetch(tile.row[i] + e);
}

// How many rows make up the entries fetched ahead.
template <class T>
Index rows_ahead(const RowTile<T>& tile) {
    Index stored = 0;
    for (Index i = 0; i < tile.rows; ++i) stored += tile.stored[i];
    const Index rows = entries_ahead * tile.rows / (stored + 1);
    return rows < 1 ? 1 : rows > 16 ? 16 : rows;
}

// The columns of row i take the steps they missed before step number `now`.
template <class T>
[[gnu::always_inline]] inline void bring_up(const SgdChunk<T>& s, Index i, std::uint32_t now) {
    const std::int32_t* column = s.tile.column[i];
    for (Index e = 0; e < s.tile.stored[i]; ++e) {
        const Index j = column[e];
        const std::uint32_t seen = s.lazy.seen[j];
        if (seen > now) continue;
        s.lazy.seen[j] = now + 1;
        if (seen == now) continue;
        for (Index k = 0; k < s.outputs; ++k) {
            T* c = s.coef + k * s.tile.columns + j;
            *c = brought_up(s.lazy, s.penalty, s.metric, s.anchor.gradient, s.tile.columns, k, j,
                            *c, seen, now);
        }
    }
}

template <bool Metric, PenaltyKind Kind, Mode Keeps, class T>
[[gnu::noinline]] void sgd_sparse_rows(const SgdChunk<T>& s) noexcept {
    constexpr bool anchored = Keeps == Mode::anchored;
    constexpr bool lazy = Kind != PenaltyKind::none || Keeps != Mode::plain;
    const Index columns = s.tile.columns;
    const Index ahead = rows_ahead(s.tile);
    for (Index i = 0; i < s.tile.rows && i < 2 * ahead; ++i) fetch_entries(s.tile, i);
    for (Index i = 0; i < s.tile.rows && i < ahead; ++i)
        fetch_columns<Metric, lazy, anchored>(s, i);
    for (Index i = 0; i < s.tile.rows; ++i) {
        if (i + 2 * ahead < s.tile.rows) fetch_entries(s.tile, i + 2 * ahead);
        if (i + ahead < s.tile.rows) fetch_columns<Metric, lazy, anchored>(s, i + ahead);
        const T* value = s.tile.row[i];
        const std::int32_t* column = s.tile.column[i];
        const Index stored = s.tile.stored[i];
        const T full_step = s.step[i];
        if constexpr (lazy) bring_up(s, i, s.lazy.taken + static_cast<std::uint32_t>(i));
        for (Index k = 0; k < s.outputs; ++k) {
            const Index at = i * s.outputs + k;
            const Index first = k * columns;
            T* coef = s.coef + first;
            const T* anchor = anchored ? s.anchor.coef + first : nullptr;
            const T* gradient = anchored ? s.anchor.gradient + first : nullptr;
            double* total = Keeps == Mode::averaged ? s.lazy.total + first : nullptr;
            const RowProducts<T> products = sparse_products<Metric, anchored>(s, i, coef, anchor);
            const T weight = s.weight != nullptr ? s.weight[at] : T(1);
            const T offset = s.offset != nullptr ? s.offset[at] : T(0);
            const T step = Metric ? capped_step(s, full_step, weight, products.norm) : full_step;
            const T z = products.predictor + s.intercept[k] + offset;
            T slope = s.slope(z, s.y[at], s.loss);
            T of_intercept = 0;
            if constexpr (anchored) {
                slope -=
                    s.slope(products.anchored + s.anchor.intercept[k] + offset, s.y[at], s.loss);
                of_intercept = full_step * s.anchor.gradient[s.outputs * columns + k];
            }
            // a row that weighs nothing moves nothing, however far off it lies
            const T multiplier = weight == 0 ? T(0) : step * weight * slope;
            const auto moved = [&](T x, Index j) __attribute__((always_inline)) {
                return moved_along<1, Metric, Kind, Keeps>(load<1>(coef + j), Vector<T, 1>{x}, s,
                                                           full_step, multiplier, gradient, j);
            };
            const auto keep = [&](Vector<T, 1> c, Index j) __attribute__((always_inline)) {
                c = kinked<1, Metric, Kind>(c, s, full_step, j, first + j);
                store<1, T>(coef + j, c);
                if constexpr (Keeps == Mode::averaged) total[j] += static_cast<double>(c[0]);
            };
            const bool centred = s.lazy.shifted_count > 0;
            for (Index n = 0; n < s.lazy.shifted_count; ++n) {
                const Index j = s.lazy.shifted[n];
                store<1, T>(coef + j, moved(-s.tile.shift[j], j));
            }
            for (Index e = 0; e < stored; ++e) {
                const Index j = column[e];
                if (centred && s.tile.shift[j] != 0)
                    coef[j] -= value[e] * multiplier * (Metric ? s.metric[j] : T(1));
                else
                    keep(moved(value[e], j), j);
            }
            for (Index n = 0; n < s.lazy.shifted_count; ++n) {
                const Index j = s.lazy.shifted[n];
                keep(load<1>(coef + j), j);
            }
            s.intercept[k] -= (multiplier + of_intercept) * s.intercept_metric;
            if constexpr (Keeps == Mode::averaged) s.intercept_sum[k] += s.intercept[k];
        }
    }
}

}  // namespace
}  // namespace fastgd::FASTGD_ISA

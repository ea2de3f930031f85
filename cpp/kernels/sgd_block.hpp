// Per-sample steps of a few rows at a time. With B rows' predictors at the coefficients before them
// and the products of each two rows, a row's predictor after the steps before it is a sum of
// numbers: z_i <- keep z_i - move_j (x_j . x_i). Coefficients are read and written once for B
// steps, and no step waits for the one before to reach memory. The same iterates but for rounding.
#pragma once

#include "dense.hpp"

namespace fastgd::FASTGD_ISA {
namespace {

// What a chunk keeps beside its coefficients.
enum class Mode { plain, averaged, anchored };

// A row's own step ends at its target at the latest.
template <class T>
[[gnu::always_inline]] inline T capped_step(const SgdChunk<T>& s, T step, T weight, T norm) {
    const T bend = s.curvature * weight * (norm + s.intercept_metric);
    return step * bend > T(1) ? T(1) / bend : step;
}

// Of B rows: predictors, and products of each two (and, in a metric, of each with itself).
template <class T, int B>
struct BlockProducts {
    T predictor[B];
    T product[B][B];  // upper triangle
};

template <int B, bool Metric, bool Products, bool Prefetch, class T>
[[gnu::always_inline]] inline void block_products(const T* const* row, const T* const* soon,
                                                  const T* const* next, const T* shift,
                                                  const T* metric, const T* coef, Index columns,
                                                  BlockProducts<T, B>& out) {
    constexpr int L = lanes<T>;
    // two sums of each: one alone would wait for each addition
    constexpr int U = 2;
    constexpr int first = Metric ? 0 : 1;
    Vector<T, L> predictor[U][B] = {};
    Vector<T, L> product[U][B][B] = {};
    Index j = 0;
    const auto add = [&](int u) __attribute__((always_inline)) {
        Vector<T, L> x[B];
        for (int r = 0; r < B; ++r) x[r] = centred<L, Metric>(row[r], shift, j);
        const auto c = load<L>(coef + j);
        for (int r = 0; r < B; ++r) predictor[u][r] += x[r] * c;
        if constexpr (Products)
            for (int r = 0; r < B; ++r) {
                auto scaled = x[r];
                if constexpr (Metric) scaled *= load<L>(metric + j);
                for (int q = r + first; q < B; ++q) product[u][r][q] += scaled * x[q];
            }
        if constexpr (Prefetch)
            for (int r = 0; r < B; ++r) {
                __builtin_prefetch(soon[r] + j);
                __builtin_prefetch(next[r] + j, 0, 2);
            }
        j += L;
    };
    while (j + U * L <= columns)
        for (int u = 0; u < U; ++u) add(u);
    if (j + L <= columns) add(0);
    if constexpr (Prefetch)
        if (j < columns)
            for (int r = 0; r < B; ++r) __builtin_prefetch(next[r] + columns - 1);
    const auto at_row = [&](int r, auto width, Index at) __attribute__((always_inline)) {
        constexpr int H = decltype(width)::value;
        return centred<H, Metric>(row[r], shift, at);
    };
    for (int r = 0; r < B; ++r) {
        out.predictor[r] = fold_sum<L, T>(predictor[0][r] + predictor[1][r], j, columns,
                                          [&](auto width, Index at) {
                                              constexpr int H = decltype(width)::value;
                                              return at_row(r, width, at) * load<H>(coef + at);
                                          });
        if constexpr (Products)
            for (int q = r + first; q < B; ++q)
                out.product[r][q] = fold_sum<L, T>(
                    product[0][r][q] + product[1][r][q], j, columns, [&](auto width, Index at) {
                        constexpr int H = decltype(width)::value;
                        auto term = at_row(r, width, at) * at_row(q, width, at);
                        if constexpr (Metric) term *= load<H>(metric + at);
                        return term;
                    });
    }
}

// All B steps of one output's coefficients; `sum` is of iterates.
template <int B, bool Metric, Mode Keeps, class T>
[[gnu::always_inline]] inline void block_step(const T* const* row, const SgdChunk<T>& s,
                                              const T* keep, const T* move, T* coef, T* sum) {
    for_columns<T>(
        0, s.tile.columns, [&](auto width, Index j) __attribute__((always_inline)) {
            constexpr int L = decltype(width)::value;
            Vector<T, L> c = load<L>(coef + j);
            Vector<T, L> iterates = {};
            for (int r = 0; r < B; ++r) {
                auto x = centred<L, Metric>(row[r], s.tile.shift, j) * move[r];
                if constexpr (Metric) x *= load<L>(s.metric + j);
                c = c * keep[r] - x;
                if constexpr (Keeps == Mode::averaged) iterates += c;
            }
            store<L, T>(coef + j, c);
            if constexpr (Keeps == Mode::averaged)
                store<L, T>(sum + j, load<L>(sum + j) + iterates);
        });
}

// The first `rows` rows of a chunk, a whole number of blocks. A ridge needs Metric to be false.
template <bool Metric, Mode Keeps, class T>
[[gnu::noinline]] void sgd_blocks(const SgdChunk<T>& s, Index rows) noexcept {
    constexpr int B = static_cast<int>(sgd_block_rows);
    const Index columns = s.tile.columns;
    const Index last = s.tile.rows - B;
    for (Index i = 0; i < rows; i += B) {
        const T* const* row = s.tile.row + i;
        const T* const* soon = s.tile.row + (i + B <= last ? i + B : i);
        const T* const* next = s.tile.next != nullptr ? s.tile.next + i : nullptr;
        BlockProducts<T, B> p;
        T keep[B];
        for (int r = 0; r < B; ++r) keep[r] = T(1) - s.step[i + r] * s.penalty.l2;
        for (Index k = 0; k < s.outputs; ++k) {
            T* coef = s.coef + k * columns;
            if (k > 0)
                block_products<B, Metric, false, false>(row, row, row, s.tile.shift, s.metric, coef,
                                                        columns, p);
            else if (next != nullptr)
                block_products<B, Metric, true, true>(row, soon, next, s.tile.shift, s.metric, coef,
                                                      columns, p);
            else
                block_products<B, Metric, true, false>(row, row, row, s.tile.shift, s.metric, coef,
                                                       columns, p);
            T intercept = s.intercept[k];
            T move[B];
            for (int r = 0; r < B; ++r) {
                const Index at = (i + r) * s.outputs + k;
                const T weight = s.weight != nullptr ? s.weight[at] : T(1);
                const T offset = s.offset != nullptr ? s.offset[at] : T(0);
                T step = s.step[i + r];
                if constexpr (Metric) step = capped_step(s, step, weight, p.product[r][r]);
                const T z = p.predictor[r] + intercept + offset;
                // a row that weighs nothing moves nothing, however far off it lies
                const T slope = s.slope(z, s.y[at], s.parameter);
                move[r] = weight == 0 ? T(0) : step * weight * slope;
                intercept -= move[r] * s.intercept_metric;
                if constexpr (Keeps == Mode::averaged) s.intercept_sum[k] += intercept;
                for (int q = r + 1; q < B; ++q) {
                    const T moved = weight == 0 ? T(0) : move[r] * p.product[r][q];
                    p.predictor[q] = p.predictor[q] * keep[r] - moved;
                }
            }
            s.intercept[k] = intercept;
            block_step<B, Metric, Keeps>(
                row, s, keep, move, coef,
                Keeps == Mode::averaged ? s.coef_sum + k * columns : nullptr);
        }
    }
}

}  // namespace
}  // namespace fastgd::FASTGD_ISA

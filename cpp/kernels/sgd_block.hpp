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

// A row's own step ends at its target at the latest. A branch, as few are cut: the division would
// hold up all others.
template <class T>
[[gnu::always_inline]] inline T capped_step(const SgdChunk<T>& s, T step, T weight, T norm) {
    const T bend = s.curvature * weight * (norm + s.intercept_metric);
    return step * bend > T(1) ? T(1) / bend : step;
}

// The numbers of output k that belong to B rows from row i on.
template <int B, class T>
[[gnu::always_inline]] inline Vector<T, B> of_rows(const T* p, Index outputs, Index i, Index k) {
    if (outputs == 1) return load<B>(p + i);
    Vector<T, B> v = {};
    for (int r = 0; r < B; ++r) v[r] = p[(i + r) * outputs + k];
    return v;
}

// Where the sums over columns that B rows need stand in one array: of each row with the
// coefficients, with the anchor's and, in the metric, with its gradient; then, in the metric, of
// each two rows and, where that caps their steps, of each with itself.
template <int B, bool Metric, Mode Keeps>
struct BlockSums {
    static constexpr bool anchored = Keeps == Mode::anchored;
    static constexpr int at_anchor = B;
    static constexpr int with_gradient = 2 * B;
    static constexpr int of_output = anchored ? 3 * B : B;
    static constexpr int norm = of_output + block_pairs<B>;
    static constexpr int all = Metric ? norm + B : norm;
};

// Brings one line of each of B rows into the first cache level, or into the second alone.
template <int B, class T>
[[gnu::always_inline]] inline void fetch_lines(const T* const* row, Index j, bool near) {
    if (near)
        for (int r = 0; r < B; ++r) __builtin_prefetch(row[r] + j);
    else
        for (int r = 0; r < B; ++r) __builtin_prefetch(row[r] + j, 0, 2);
}

// Whether rows of a later chunk go into the first cache level: seen to be 5 to 9 % faster for rows
// of 800 and 1,200 bytes, as fast for shorter ones, 15 % slower for those of 2,400.
template <class T>
[[gnu::always_inline]] inline bool fetched_near(Index columns) {
    const Index lines = columns * static_cast<Index>(sizeof(T)) / cache_line;
    return lines > 8 && lines < 24;
}

// Sums over the columns in vectors of L. With the products of rows, as for the first output, rows
// are fetched too: `soon`, the next block, is brought near; `next` are rows of a later chunk.
template <int L, int B, bool Metric, Mode Keeps, bool Products, class T>
[[gnu::always_inline]] inline void block_sums(const T* const* row, const T* const* soon,
                                              const T* const* next, const SgdChunk<T>& s, Index k,
                                              T* out) {
    using Sums = BlockSums<B, Metric, Keeps>;
    constexpr int S = Products ? Sums::all : Sums::of_output;
    const Index columns = s.tile.columns;
    const T* coef = s.coef + k * columns;
    const T* anchor = Sums::anchored ? s.anchor.coef + k * columns : nullptr;
    const T* gradient = Sums::anchored ? s.anchor.gradient + k * columns : nullptr;
    const bool near = fetched_near<T>(columns);
    Vector<T, L> sum[S] = {};
    const auto add = [&](const Vector<T, L>(&x)[B], Index j) __attribute__((always_inline)) {
        each<B>([&](auto r) __attribute__((always_inline)) {
            auto scaled = x[r.value];
            if constexpr (Metric) scaled *= load<L>(s.metric + j);
            sum[r.value] += x[r.value] * load<L>(coef + j);
            if constexpr (Sums::anchored) {
                sum[Sums::at_anchor + r.value] += x[r.value] * load<L>(anchor + j);
                sum[Sums::with_gradient + r.value] += scaled * load<L>(gradient + j);
            }
            if constexpr (Products && Metric) sum[Sums::norm + r.value] += scaled * x[r.value];
            if constexpr (Products)
                each<B - 1 - r.value>([&](auto above) __attribute__((always_inline)) {
                    constexpr int q = r.value + 1 + above.value;
                    sum[Sums::of_output + block_pair<B>(r.value, q)] += scaled * x[q];
                });
        });
    };
    Vector<T, L> x[B];
    Index j = 0;
    for (; j + L <= columns; j += L) {
        each<B>([&](auto r) __attribute__((always_inline)) {
            x[r.value] = centred<L, Metric>(row[r.value], s.tile.shift, j);
        });
        if (Products && j * static_cast<Index>(sizeof(T)) % cache_line == 0) {
            fetch_lines<B>(soon, j, true);
            fetch_lines<B>(next, j, near);
        }
        add(x, j);
    }
    if (Products) {
        fetch_lines<B>(soon, columns - 1, true);
        fetch_lines<B>(next, columns - 1, near);
    }
    if (j < columns) {
        // the last L columns once more, but for those that were summed
        const Index last = columns - L;
        const auto summed = lane_numbers<T, L>() < static_cast<T>(j - last);
        each<B>([&](auto r) __attribute__((always_inline)) {
            x[r.value] = select(summed, Vector<T, L>{},
                                centred<L, Metric>(row[r.value], s.tile.shift, last));
        });
        add(x, last);
    }
    sum_lanes<S, L, T, L>(sum, out);
}

// All B steps of output k; `move` is along each row, `keep` what a ridge leaves of coefficients.
template <int B, bool Metric, bool Ridge, Mode Keeps, class T>
[[gnu::always_inline]] inline void block_step(const T* const* row, const SgdChunk<T>& s, Index k,
                                              const T* step, const T* keep, const T* move) {
    constexpr bool anchored = Keeps == Mode::anchored;
    const Index columns = s.tile.columns;
    T* coef = s.coef + k * columns;
    T* sum = Keeps == Mode::averaged ? s.coef_sum + k * columns : nullptr;
    const T* gradient = anchored ? s.anchor.gradient + k * columns : nullptr;
    T all_steps = 0;
    for (int r = 0; r < B; ++r) all_steps += step[r];
    for_columns<T>(
        0, columns, [&](auto width, Index j) __attribute__((always_inline)) {
            constexpr int L = decltype(width)::value;
            const auto along = [&](int r) __attribute__((always_inline)) {
                return centred<L, Metric>(row[r], s.tile.shift, j) * move[r];
            };
            Vector<T, L> c = load<L>(coef + j);
            if constexpr (Ridge || Keeps == Mode::averaged) {
                Vector<T, L> iterates = {};
                for (int r = 0; r < B; ++r) {
                    auto x = along(r);
                    if constexpr (anchored) x += load<L>(gradient + j) * step[r];
                    if constexpr (Metric) x *= load<L>(s.metric + j);
                    c = Ridge ? c * keep[r] - x : c - x;
                    if constexpr (Keeps == Mode::averaged) iterates += c;
                }
                if constexpr (Keeps == Mode::averaged)
                    store<L, T>(sum + j, load<L>(sum + j) + iterates);
            } else {
                auto x = along(0);
                for (int r = 1; r < B; ++r) x += along(r);
                if constexpr (anchored) x += load<L>(gradient + j) * all_steps;
                if constexpr (Metric) x *= load<L>(s.metric + j);
                c -= x;
            }
            store<L, T>(coef + j, c);
        });
}

// The first `rows` rows of a chunk, a whole number of blocks, of at least L columns. A ridge needs
// Metric to be false.
template <int L, bool Metric, Mode Keeps, class T>
[[gnu::noinline]] void sgd_blocks(const SgdChunk<T>& s, Index rows) noexcept {
    constexpr int B = static_cast<int>(sgd_block_rows);
    using Sums = BlockSums<B, Metric, Keeps>;
    const Index last = s.tile.rows - B;
    alignas(cache_line) T row_sums[rounded_up(Sums::all, L)];
    alignas(cache_line) T output_sums[rounded_up(Sums::of_output, L)];
    for (Index i = 0; i < rows; i += B) {
        const T* const* row = s.tile.row + i;
        const T* const* soon = s.tile.row + (i + B <= last ? i + B : i);
        const T* const* next = s.tile.next != nullptr ? s.tile.next + i : row;
        const T* step = s.step + i;
        for (Index k = 0; k < s.outputs; ++k) {
            // products of rows are the same for all outputs
            T* sum = k > 0 ? output_sums : row_sums;
            if (k > 0)
                block_sums<L, B, Metric, Keeps, false>(row, row, row, s, k, sum);
            else
                block_sums<L, B, Metric, Keeps, true>(row, soon, next, s, k, sum);
            BlockMoves<T> moves;
            moves.parameter = s.parameter;
            moves.predictor = sum;
            moves.at_anchor = Sums::anchored ? sum + Sums::at_anchor : nullptr;
            moves.product = row_sums + Sums::of_output;
            moves.intercept_metric = s.intercept_metric;
            if constexpr (Sums::anchored) {
                moves.with_gradient = sum + Sums::with_gradient;
                moves.anchor_intercept = s.anchor.intercept[k];
                moves.intercept_gradient = s.anchor.gradient[s.outputs * s.tile.columns + k];
            }
            const Vector<T, B> steps = load<B>(step);
            Vector<T, B> weight = Vector<T, B>{} + T(1);
            Vector<T, B> offset = {};
            if (s.weight != nullptr) weight = of_rows<B>(s.weight, s.outputs, i, k);
            if (s.offset != nullptr) offset = of_rows<B>(s.offset, s.outputs, i, k);
            store<B, T>(moves.y, of_rows<B>(s.y, s.outputs, i, k));
            store<B, T>(moves.offset, offset);
            store<B, T>(moves.step, steps);
            store<B, T>(moves.keep, T(1) - steps * s.penalty.l2);
            if constexpr (Metric)
                each<B>([&](auto r) __attribute__((always_inline)) {
                    constexpr int at = r.value;
                    moves.rate[at] = weight[at] * capped_step(s, step[at], T(weight[at]),
                                                              row_sums[Sums::norm + at]);
                });
            else
                store<B, T>(moves.rate, weight * steps);
            T intercept = s.intercept[k];
            moves.intercept = intercept;
            s.moves(moves);
            for (int r = 0; r < B; ++r) {
                T move = moves.move[r];
                if constexpr (Sums::anchored) move += step[r] * moves.intercept_gradient;
                intercept -= move * s.intercept_metric;
                if constexpr (Keeps == Mode::averaged) s.intercept_sum[k] += intercept;
            }
            s.intercept[k] = intercept;
            if (!Metric && s.penalty.l2 != 0)
                block_step<B, Metric, true, Keeps>(row, s, k, step, moves.keep, moves.move);
            else
                block_step<B, Metric, false, Keeps>(row, s, k, step, moves.keep, moves.move);
        }
    }
}

}  // namespace
}  // namespace fastgd::FASTGD_ISA

// Per-sample steps of a few rows at a time. With B rows' predictors at the coefficients before them
// and the products of each two rows, a row's predictor after the steps before it is a sum of
// numbers: z_i <- keep z_i - move_j (x_j . x_i). Coefficients are read and written once for B
// steps, in the reading that sums the next block. The same iterates but for rounding.
#pragma once

#include "dense.hpp"
#include "step.hpp"

namespace fastgd::FASTGD_ISA {
namespace {

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

// Brings one line of each of B rows, which the second cache level holds, into the first, and one of
// each of B rows of a later chunk into the second: some processors wait for a place in the first
// for longer than having them there would save. The latter are asked for twice where `again`, as in
// fetch_ahead: four times would take longer than it saves.
template <int B, class T>
[[gnu::always_inline]] inline void fetch_lines(const T* const (&soon)[B], const T* const (&next)[B],
                                               Index j, bool again) {
    constexpr Index half = cache_line / 2 / static_cast<Index>(sizeof(T));
    for (int r = 0; r < B; ++r) __builtin_prefetch(soon[r] + j);
    for (int r = 0; r < B; ++r) __builtin_prefetch(next[r] + j, 0, 2);
    if (again)
        for (int r = 0; r < B; ++r) __builtin_prefetch(next[r] + j + half, 0, 2);
}

// What B steps do to one column, x_r being its values in their rows and g the anchor's gradient:
//   c   <- keep c - sum of move[r] x_r - pull g
//   sum <- sum + sum_keep c - sum of sum_move[r] x_r
template <int B, class T>
struct BlockStep {
    T keep;
    T pull;
    T move[B];
    T sum_keep;
    T sum_move[B];
};

// `move` is how far each row's own step goes, `keep` what its ridge leaves of coefficients.
template <int B, class T>
[[gnu::always_inline]] inline BlockStep<B, T> all_steps(const T* step, const T* keep,
                                                        const T* move) {
    BlockStep<B, T> all;
    all.pull = 0;
    T left = 1;  // of a step, after those that follow it
    T summed = 1;  // the same, in all iterates from its own on
    each<B>([&](auto from_last) __attribute__((always_inline)) {
        constexpr int r = B - 1 - from_last.value;
        all.move[r] = move[r] * left;
        all.sum_move[r] = move[r] * summed;
        all.pull += step[r] * left;
        left *= keep[r];
        all.sum_keep = keep[r] * summed;
        summed = T(1) + keep[r] * summed;
    });
    all.keep = left;
    return all;
}

// What one reading of the columns does: a block's steps, the sums of the block after them, or both,
// so that coefficients need not come back from memory. With the products of rows, as for the first
// output, rows are fetched too.
struct Pass {
    bool steps;
    bool sums;
    bool products;
};

// The rows of a pass: those whose steps are taken, those summed, and those fetched meanwhile:
// `soon`, the next block, is brought near; `next` are rows of a later chunk.
template <int B, class T>
struct PassRows {
    const T* stepped[B];
    const T* summed[B];
    const T* soon[B];
    const T* next[B];
};

// Columns in vectors of L, the last of which may begin among those of the one before.
template <Pass Does, int L, int B, bool Metric, Mode Keeps, class T>
[[gnu::always_inline]] inline void block_pass(const PassRows<B, T> rows, const BlockStep<B, T> step,
                                              const SgdChunk<T>& s, Index k, T* out) {
    using Sums = BlockSums<B, Metric, Keeps>;
    constexpr bool averaged = Keeps == Mode::averaged;
    constexpr int S = Does.products ? Sums::all : Sums::of_output;
    using V = Vector<T, L>;
    const Index columns = s.tile.columns;
    const bool again = s.tile.ask_again;
    T* coef = s.coef + k * columns;
    T* coef_sum = averaged ? s.coef_sum + k * columns : nullptr;
    const T* anchor = Sums::anchored ? s.anchor.coef + k * columns : nullptr;
    const T* gradient = Sums::anchored ? s.anchor.gradient + k * columns : nullptr;
    const auto fetch = [&](Index j) __attribute__((always_inline)) {
        fetch_lines<B>(rows.soon, rows.next, j, again);
    };
    V c;
    V total = {};  // of the iterates
    const auto take_steps = [&](Index j) __attribute__((always_inline)) {
        const V before = load<L>(coef + j);
        V move = {};
        V sum_move = {};
        each<B>([&](auto r) __attribute__((always_inline)) {
            const V x = centred<L, Metric>(rows.stepped[r.value], s.tile.shift, j);
            move += x * step.move[r.value];
            if constexpr (averaged) sum_move += x * step.sum_move[r.value];
        });
        if constexpr (Sums::anchored) move += load<L>(gradient + j) * step.pull;
        if constexpr (Metric) {
            const V metric = load<L>(s.metric + j);
            move *= metric;
            sum_move *= metric;
        }
        c = before * step.keep - move;
        if constexpr (averaged) total = load<L>(coef_sum + j) + (before * step.sum_keep - sum_move);
    };
    const auto keep_steps = [&](Index j) __attribute__((always_inline)) {
        store<L, T>(coef + j, c);
        if constexpr (averaged) store<L, T>(coef_sum + j, total);
    };
    V sum[S] = {};
    V x[B];
    const auto add = [&](Index j) __attribute__((always_inline)) {
        each<B>([&](auto r) __attribute__((always_inline)) {
            auto scaled = x[r.value];
            if constexpr (Metric) scaled *= load<L>(s.metric + j);
            sum[r.value] += x[r.value] * c;
            if constexpr (Sums::anchored) {
                sum[Sums::at_anchor + r.value] += x[r.value] * load<L>(anchor + j);
                sum[Sums::with_gradient + r.value] += scaled * load<L>(gradient + j);
            }
            if constexpr (Does.products && Metric) sum[Sums::norm + r.value] += scaled * x[r.value];
            if constexpr (Does.products)
                each<B - 1 - r.value>([&](auto above) __attribute__((always_inline)) {
                    constexpr int q = r.value + 1 + above.value;
                    sum[Sums::of_output + block_pair<B>(r.value, q)] += scaled * x[q];
                });
        });
    };
    const auto load_rows = [&](Index j) __attribute__((always_inline)) {
        each<B>([&](auto r) __attribute__((always_inline)) {
            x[r.value] = centred<L, Metric>(rows.summed[r.value], s.tile.shift, j);
        });
    };
    const Index whole = columns / L * L;
    const Index last = columns - L;
    // the last vector's steps come first, from coefficients none has changed, and are kept last
    V last_c = {};
    V last_total = {};
    if (whole < columns) {
        if constexpr (Does.steps)
            take_steps(last);
        else
            c = load<L>(coef + last);
        last_c = c;
        last_total = total;
    }
    for (Index j = 0; j < whole; j += L) {
        if constexpr (Does.steps) {
            take_steps(j);
            keep_steps(j);
        } else {
            c = load<L>(coef + j);
        }
        if constexpr (Does.sums) {
            load_rows(j);
            if (Does.products && j * static_cast<Index>(sizeof(T)) % cache_line == 0) fetch(j);
            add(j);
        }
    }
    if constexpr (Does.products) fetch(columns - 1);
    if (whole < columns) {
        c = last_c;
        total = last_total;
        if constexpr (Does.steps) keep_steps(last);
        if constexpr (Does.sums) {
            load_rows(last);
            each<B>([&](auto r) __attribute__((always_inline)) {
                x[r.value] = unless_summed<L>(x[r.value], whole - last);
            });
            add(last);
        }
    }
    if constexpr (Does.sums) sum_lanes<S, L, T, L>(sum, out);
}

// The steps of block i of output k in numbers, from its sums.
template <int B, bool Metric, Mode Keeps, class T>
[[gnu::always_inline]] inline BlockStep<B, T> block_step(const SgdChunk<T>& s, Index i, Index k,
                                                         const T* sum, const T* row_sums) {
    using Sums = BlockSums<B, Metric, Keeps>;
    const T* step = s.step + i;
    BlockMoves<T> moves;
    moves.loss = s.loss;
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
            moves.rate[at] =
                weight[at] * capped_step(s, step[at], T(weight[at]), row_sums[Sums::norm + at]);
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
    return all_steps<B>(step, moves.keep, moves.move);
}

// The other levels have half the registers: there two readings measure faster than one.
constexpr bool joins_passes = vector_bytes == 64;

// The first `rows` rows of a chunk, a whole number of blocks, of at least L columns. A ridge needs
// Metric to be false.
template <int L, bool Metric, Mode Keeps, class T>
[[gnu::noinline]] void sgd_blocks(const SgdChunk<T>& s, Index rows) noexcept {
    constexpr int B = static_cast<int>(sgd_block_rows);
    using Sums = BlockSums<B, Metric, Keeps>;
    constexpr Pass first_sums{.steps = false, .sums = true, .products = true};
    constexpr Pass other_sums{.steps = false, .sums = true, .products = false};
    constexpr Pass steps{.steps = true, .sums = false, .products = false};
    constexpr Pass steps_and_sums{.steps = true, .sums = true, .products = true};
    alignas(cache_line) T row_sums[rounded_up(Sums::all, L)];
    alignas(cache_line) T output_sums[rounded_up(Sums::of_output, L)];
    const auto rows_at = [&](Index i, Index summed) {
        const T* const* row = s.tile.row;
        const Index soon = summed + 2 * B <= s.tile.rows ? summed + B : summed;
        const T* const* next = s.tile.next != nullptr ? s.tile.next : row;
        PassRows<B, T> at;
        for (int r = 0; r < B; ++r) {
            at.stepped[r] = row[i + r];
            at.summed[r] = row[summed + r];
            at.soon[r] = row[soon + r];
            at.next[r] = next[summed + r];
        }
        return at;
    };
    const bool joined = joins_passes && s.outputs == 1;
    const BlockStep<B, T> none = {};
    for (Index i = 0; i < rows; i += B) {
        const PassRows<B, T> here = rows_at(i, i);
        if (i == 0 || !joined)
            block_pass<first_sums, L, B, Metric, Keeps>(here, none, s, 0, row_sums);
        for (Index k = 0; k < s.outputs; ++k) {
            // products of rows are the same for all outputs
            T* sum = k > 0 ? output_sums : row_sums;
            if (k > 0) block_pass<other_sums, L, B, Metric, Keeps>(here, none, s, k, sum);
            const BlockStep<B, T> step = block_step<B, Metric, Keeps>(s, i, k, sum, row_sums);
            if (joined && i + B < rows)
                block_pass<steps_and_sums, L, B, Metric, Keeps>(rows_at(i, i + B), step, s, k, sum);
            else
                block_pass<steps, L, B, Metric, Keeps>(here, step, s, k, sum);
        }
    }
}

}  // namespace
}  // namespace fastgd::FASTGD_ISA

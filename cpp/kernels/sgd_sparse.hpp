// Per-sample steps along sparse rows, at a cost that grows with what the rows store.
#pragma once

#include "lazy.hpp"
#include "sgd_block.hpp"
#include "sparse_entries.hpp"

namespace fastgd::FASTGD_ISA {
namespace {

// Entries of rows to come that are on their way from memory, and those whose columns are.
constexpr Index entries_ahead = 320;
constexpr Index columns_ahead = 96;

// The products of row i with coefficients c, c being read by `at`, less those of the shift.
template <class T, class At, class Meanwhile>
[[gnu::always_inline]] inline T centred_product(const RowTile<T>& tile, Index i, const At& at,
                                                const Meanwhile& meanwhile) {
    const T* value = tile.row[i];
    const std::int32_t* column = tile.column[i];
    T product = sum_entries<T>(
        tile.stored[i],
        [&](Index e)
            __attribute__((always_inline)) { return value[e] * at(static_cast<Index>(column[e])); },
        meanwhile);
    for (Index n = 0; n < tile.centred_columns; ++n) {
        const Index j = tile.centred[n];
        product -= tile.shift[j] * at(j);
    }
    return product;
}

template <class T, class At>
[[gnu::always_inline]] inline T centred_product(const RowTile<T>& tile, Index i, const At& at) {
    return centred_product(tile, i, at, [](Index) {});
}

// The same; a row to come is brought near meanwhile, once for all outputs.
template <class T, class At>
[[gnu::always_inline]] inline T product_fetching(const RowTile<T>& tile, Index i, const At& at,
                                                 const RowToCome<T>& coming, bool fetches) {
    const T product = centred_product(
        tile, i, at, [&](Index e) __attribute__((always_inline)) {
            if (fetches) coming.fetch_turn(e);
        });
    if (fetches) coming.fetch_rest(tile.stored[i] / entries_a_turn * entries_a_turn);
    return product;
}

// (x - shift)^2 of row i in the metric: the shift's own, and what the row changes.
template <class T>
[[gnu::always_inline]] inline T centred_square(const RowTile<T>& tile, const T* metric, Index i) {
    const T* value = tile.row[i];
    const std::int32_t* column = tile.column[i];
    if (tile.centred_columns == 0)
        return sum_entries<T>(
            tile.stored[i], [&](Index e) __attribute__((always_inline)) {
                return value[e] * value[e] * metric[column[e]];
            });
    T square = sum_entries<T>(
        tile.stored[i], [&](Index e) __attribute__((always_inline)) {
            const Index j = column[e];
            return value[e] * (value[e] - 2 * tile.shift[j]) * metric[j];
        });
    for (Index n = 0; n < tile.centred_columns; ++n) {
        const Index j = tile.centred[n];
        square += tile.shift[j] * tile.shift[j] * metric[j];
    }
    return square;
}

// Brings what the steps along row i will read near.
template <bool Metric, bool Seen, Mode Keeps, class T>
[[gnu::always_inline]] inline void fetch_columns(const SgdChunk<T>& s, Index i) {
    fetch_columns(
        s.tile, i, Seen ? s.lazy.seen : nullptr, Metric ? s.metric : nullptr, s.outputs,
        s.coef, [&](Index at) __attribute__((always_inline)) {
            if constexpr (Keeps == Mode::averaged) __builtin_prefetch(s.lazy.total + at, 1);
            if constexpr (Keeps == Mode::anchored) {
                __builtin_prefetch(s.anchor.coef + at);
                __builtin_prefetch(s.anchor.gradient + at);
            }
        });
}

// How many rows make up so many entries, of a tile that stores `stored`.
inline Index rows_of(Index entries, Index rows, Index stored, Index least, Index most) {
    const Index count = entries * rows / (stored + 1);
    return count < least ? least : count > most ? most : count;
}

// Row i of the tile or, past its end, of those that follow; the row at work where none is known.
template <class T>
[[gnu::always_inline]] inline RowToCome<T> row_to_come(const RowTile<T>& tile, Index i, Index now) {
    const Index after = i - tile.rows;
    if (after < 0) return {tile.row[i], tile.column[i], tile.stored[i]};
    if (tile.upcoming_in_turn && after < tile.rows && tile.upcoming[after].values != nullptr) {
        const StoredRow& row = tile.upcoming[after];
        return {reinterpret_cast<const T*>(row.values),
                reinterpret_cast<const std::int32_t*>(row.columns),
                (row.values_end - row.values) / static_cast<Index>(sizeof(T))};
    }
    return {tile.row[now], tile.column[now], tile.stored[now]};
}

// Calls step(i, row to come) for each row, what later ones will read being on its way.
template <bool Metric, bool Seen, Mode Keeps, class T, class Step>
[[gnu::always_inline]] inline void for_rows(const SgdChunk<T>& s, const Step& step) {
    const Index rows = s.tile.rows;
    Index stored = 0;
    for (Index i = 0; i < rows; ++i) stored += s.tile.stored[i];
    const Index ahead = rows_of(columns_ahead, rows, stored, 1, 16);
    const Index entries = rows_of(entries_ahead, rows, stored, 2, 32);
    // long rows have enough columns of their own under way: fetching those of others costs more
    // than it saves, unless a step does much else to each
    const Index fetched = Seen || stored < long_sparse_row * rows ? rows : 0;
    for (Index i = 0; i < fetched && i < ahead; ++i) fetch_columns<Metric, Seen, Keeps>(s, i);
    for (Index i = 0; i < rows; ++i) {
        if (!s.tile.upcoming_in_turn) s.tile.fetch_upcoming(i);
        if (i + ahead < fetched) fetch_columns<Metric, Seen, Keeps>(s, i + ahead);
        step(i, row_to_come(s.tile, i + entries, i));
    }
}

// How far row i moves output k, from the products with its coefficients and the anchor's; the
// intercept is moved.
template <bool Metric, Mode Keeps>
struct GradientMove {
    template <class T>
    [[gnu::always_inline]] T operator()(const SgdChunk<T>& s, Index i, Index k, T predictor,
                                        T at_anchor) const {
        const Index at = i * s.outputs + k;
        const T weight = s.weight != nullptr ? s.weight[at] : T(1);
        const T offset = s.offset != nullptr ? s.offset[at] : T(0);
        T step = s.step[i];
        if constexpr (Metric)
            step = capped_step(s, step, weight, centred_square(s.tile, s.metric, i));
        T slope = s.slope(predictor + s.intercept[k] + offset, s.y[at], s.loss);
        T of_intercept = 0;
        if constexpr (Keeps == Mode::anchored) {
            slope -= s.slope(at_anchor + s.anchor.intercept[k] + offset, s.y[at], s.loss);
            of_intercept = s.step[i] * s.anchor.gradient[s.outputs * s.tile.columns + k];
        }
        // a row that weighs nothing moves nothing, however far off it lies
        const T move = weight == 0 ? T(0) : step * weight * slope;
        s.intercept[k] -= (move + of_intercept) * s.intercept_metric;
        if constexpr (Keeps == Mode::averaged) s.intercept_sum[k] += s.intercept[k];
        return move;
    }
};

// Steps that do the same to all columns, but for the rows' own moves. In `lazy.all` they cost
// nothing: with c = keep u - pulled pull a row's move of c is one of u, keep times smaller.
template <bool Metric, PenaltyKind Kind, Mode Keeps, class T, class Move>
[[gnu::noinline]] void sgd_sparse_alike(const SgdChunk<T>& s, Move row_move) noexcept {
    const Index columns = s.tile.columns;
    MissedSteps all;
    if (s.lazy.all != nullptr) all = *s.lazy.all;
    for_rows<Metric, false, Keeps>(
        s, [&](Index i, const RowToCome<T>& coming) __attribute__((always_inline)) {
            const auto keep = static_cast<T>(all.keep);
            const auto pulled = static_cast<T>(all.pulled);
            if constexpr (Kind != PenaltyKind::none || Keeps != Mode::plain) {
                all = then(all, one_step(static_cast<double>(s.step[i]),
                                         static_cast<double>(s.penalty.l2)));
            }
            const bool renewed = Kind != PenaltyKind::none && !(all.keep > least_kept);
            for (Index k = 0; k < s.outputs; ++k) {
                const Index first = k * columns;
                T* coef = s.coef + first;
                const auto coef_at = [&](Index j) { return coef[j]; };
                T predictor = product_fetching(s.tile, i, coef_at, coming, k == 0);
                if constexpr (Kind != PenaltyKind::none) predictor *= keep;
                T at_anchor = 0;
                if constexpr (Keeps == Mode::anchored) {
                    const T* anchor = s.anchor.coef + first;
                    const T* gradient = s.anchor.gradient + first;
                    at_anchor = centred_product(s.tile, i, [&](Index j) { return anchor[j]; });
                    predictor -= pulled * centred_product(s.tile, i, [&](Index j) {
                                     return Metric ? s.metric[j] * gradient[j] : gradient[j];
                                 });
                }
                const T move = row_move(s, i, k, predictor, at_anchor);
                if constexpr (Kind != PenaltyKind::none) {
                    if (renewed) {
                        const Index size = columns;
                        MissedSteps own = all;
                        LazyColumns<T> lazy = s.lazy;
                        lazy.all = &own;
                        if (lazy.total != nullptr) lazy.total += first;
                        bring_all_up(lazy, s.metric,
                                     Keeps == Mode::anchored ? s.anchor.gradient + first : nullptr,
                                     size, 1, coef);
                    }
                }
                const MissedSteps now = renewed ? MissedSteps{} : all;
                const T along = Kind != PenaltyKind::none
                                    ? static_cast<T>(static_cast<double>(move) / now.keep)
                                    : move;
                // iterates before this one have nothing of its move
                const double before = now.keep_sum - now.keep;
                const auto add = [&](Index j, T x) __attribute__((always_inline)) {
                    const T change = Metric ? x * along * s.metric[j] : x * along;
                    coef[j] -= change;
                    if constexpr (Keeps == Mode::averaged)
                        s.lazy.total[first + j] += static_cast<double>(change) * before;
                };
                const T* value = s.tile.row[i];
                const std::int32_t* column = s.tile.column[i];
                for_entries(
                    s.tile.stored[i], [&](Index e) __attribute__((always_inline)) {
                        add(column[e], value[e]);
                    });
                for (Index n = 0; n < s.tile.centred_columns; ++n)
                    add(s.tile.centred[n], -s.tile.shift[s.tile.centred[n]]);
            }
            if (renewed) all = {};
        });
    if (s.lazy.all != nullptr) *s.lazy.all = all;
}

// The columns of row i take the steps they missed before step number `now`.
template <class T>
[[gnu::always_inline]] inline void bring_row_up(const SgdChunk<T>& s, Index i, std::uint32_t now) {
    for_late_columns(s.tile, i, s.lazy.seen, now, [&](Index j, std::uint32_t seen) {
        if (seen == now) return;
        for (Index k = 0; k < s.outputs; ++k) {
            T* c = s.coef + k * s.tile.columns + j;
            *c = brought_up(s.lazy, s.penalty, s.metric, s.anchor.gradient, s.tile.columns, k, j,
                            *c, seen, now);
        }
    });
}

// Where a kink is all that columns owe, those of row i take the steps before number `now`, and owe
// that one: thresholds add up as long as nothing moves a column between them. No branch that a
// column would decide.
template <bool Metric, PenaltyKind Kind, class T>
[[gnu::always_inline]] inline void bring_row_to_kink(const SgdChunk<T>& s, Index i,
                                                     std::uint32_t now) {
    // what is read stands in variables, for all compilers know a store might change the rest
    const std::int32_t* const column = s.tile.column[i];
    const T* const factor = s.penalty.l1_factor;
    const T* const metric = s.metric;
    const T strength = s.penalty.l1;
    std::uint32_t* const seen_of = s.lazy.seen;
    T* const coef = s.coef;
    const Index columns = s.tile.columns;
    const Index outputs = s.outputs;
    const Index stored = s.tile.stored[i];
    const auto bring = [&](const auto& length_from) __attribute__((always_inline)) {
        for (Index e = 0; e < stored; ++e) {
            const Index j = column[e];
            const std::uint32_t seen = seen_of[j];
            seen_of[j] = seen > now ? seen : now;
            auto kink = strength_in<1, Kind == PenaltyKind::lasso_in_columns>(strength, factor, j);
            if constexpr (Metric) kink *= load<1>(metric + j);
            const double pull = length_from(seen < now ? seen : now) * static_cast<double>(kink[0]);
            T* c = coef + j;
            *c = static_cast<T>(shrunk(static_cast<double>(*c), pull));
            for (Index k = 1; k < outputs; ++k) {
                c += columns;
                *c = static_cast<T>(shrunk(static_cast<double>(*c), pull));
            }
        }
    };
    if (s.lazy.step == nullptr) {
        const double held = s.lazy.held;
        bring([&](std::uint32_t from) __attribute__((always_inline)) {
            return static_cast<double>(static_cast<std::int32_t>(now - from)) * held;
        });
    } else {
        const MissedSteps* const missed = s.lazy.missed;
        const double pulled = missed[now].pulled;
        bring([&](std::uint32_t from)
                  __attribute__((always_inline)) { return pulled - missed[from].pulled; });
    }
}

// Steps that do something else to each column: one takes those it missed when a row has it.
template <bool Metric, PenaltyKind Kind, Mode Keeps, class T, class Move>
[[gnu::noinline]] void sgd_sparse_by_column(const SgdChunk<T>& s, Move row_move) noexcept {
    constexpr bool anchored = Keeps == Mode::anchored;
    const Index columns = s.tile.columns;
    const bool owes_own = kink_alone(s.lazy, s.penalty, s.anchor.gradient);
    for_rows<Metric, true, Keeps>(
        s, [&](Index i, const RowToCome<T>& coming) __attribute__((always_inline)) {
            const T step = s.step[i];
            const std::uint32_t now = s.lazy.taken + static_cast<std::uint32_t>(i);
            if (!owes_own)
                bring_row_up(s, i, now);
            else if constexpr (has_kinks(Kind) && Keeps == Mode::plain)
                bring_row_to_kink<Metric, Kind>(s, i, now);
            for (Index k = 0; k < s.outputs; ++k) {
                const Index first = k * columns;
                T* coef = s.coef + first;
                const T* anchor = anchored ? s.anchor.coef + first : nullptr;
                const T* gradient = anchored ? s.anchor.gradient + first : nullptr;
                const auto coef_at = [&](Index j) { return coef[j]; };
                const T predictor = product_fetching(s.tile, i, coef_at, coming, k == 0);
                T at_anchor = 0;
                if constexpr (anchored)
                    at_anchor = centred_product(s.tile, i, [&](Index j) { return anchor[j]; });
                const T move = row_move(s, i, k, predictor, at_anchor);
                const auto moved = [&](Index j, T x) __attribute__((always_inline)) {
                    return moved_along<1, Metric, Kind, Keeps>(load<1>(coef + j), Vector<T, 1>{x},
                                                               s, step, move, gradient, j);
                };
                const auto keep = [&](Index j, Vector<T, 1> c) __attribute__((always_inline)) {
                    c = kinked<1, Metric, Kind>(c, s, step, j, first + j);
                    store<1, T>(coef + j, c);
                    if constexpr (Keeps == Mode::averaged)
                        s.lazy.total[first + j] += static_cast<double>(c[0]);
                };
                for (Index n = 0; n < s.tile.centred_columns; ++n) {
                    const Index j = s.tile.centred[n];
                    store<1, T>(coef + j, moved(j, -s.tile.shift[j]));
                }
                const T* value = s.tile.row[i];
                const std::int32_t* column = s.tile.column[i];
                const bool centred = s.tile.centred_columns > 0;
                for (Index e = 0; e < s.tile.stored[i]; ++e) {
                    const Index j = column[e];
                    if (owes_own || (centred && s.tile.shift[j] != 0))
                        coef[j] -= value[e] * move * (Metric ? s.metric[j] : T(1));
                    else
                        keep(j, moved(j, value[e]));
                }
                for (Index n = 0; n < s.tile.centred_columns; ++n)
                    keep(s.tile.centred[n], load<1>(coef + s.tile.centred[n]));
            }
        });
}

// `row_move` tells how far a row moves an output, as GradientMove does.
template <bool Metric, PenaltyKind Kind, Mode Keeps, class T, class Move>
void sgd_sparse(const SgdChunk<T>& s, Move row_move) {
    if constexpr (Kind == PenaltyKind::none || (Kind == PenaltyKind::ridge && !Metric))
        sgd_sparse_alike<Metric, Kind, Keeps>(s, row_move);
    else
        sgd_sparse_by_column<Metric, Kind, Keeps>(s, row_move);
}

}  // namespace
}  // namespace fastgd::FASTGD_ISA

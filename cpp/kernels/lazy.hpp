// What columns owe to steps whose sparse rows lack them: penalties and the anchor's gradient, from
// the number of steps alone.
#pragma once

#include "step.hpp"

namespace fastgd::FASTGD_ISA {
namespace {

// What the steps [from, to) do to a column of this ridge.
template <class T>
inline MissedSteps missed_steps(const LazyColumns<T>& lazy, double ridge, std::uint32_t from,
                                std::uint32_t to) {
    if (lazy.missed != nullptr && lazy.step == nullptr) {
        const std::uint32_t count = to - from;
        const std::uint32_t low = count & ((1u << LazyColumns<T>::low_bits) - 1u);
        const std::uint32_t high = count >> LazyColumns<T>::low_bits;
        if (high == 0) return lazy.missed[low];
        const MissedSteps* of_high = lazy.missed + (1 << LazyColumns<T>::low_bits) - 1;
        return then(lazy.missed[low], of_high[high]);
    }
    if (lazy.missed != nullptr) {
        const MissedSteps& a = lazy.missed[from];
        const MissedSteps& b = lazy.missed[to];
        const double back = 1.0 / a.keep;
        const double count = static_cast<double>(to - from);
        return {b.keep * back, (b.pulled - a.pulled) * back, (b.keep_sum - a.keep_sum) * back,
                (b.pulled_sum - a.pulled_sum - count * a.pulled) * back};
    }
    MissedSteps all;
    if (lazy.step != nullptr) {
        for (std::uint32_t i = from; i < to; ++i)
            all = then(all, one_step(static_cast<double>(lazy.step[i]), ridge));
        return all;
    }
    MissedSteps power = one_step(lazy.held, ridge);
    for (std::uint32_t count = to - from; count != 0; count >>= 1) {
        if (count & 1u) all = then(all, power);
        power = then(power, power);
    }
    return all;
}

// The pulls on one coefficient in its metric, and its bounds.
struct Owed {
    double ridge;
    double smooth;  // the anchor's gradient
    double kink;    // l1
    double low;
    double high;
};

template <class T>
[[gnu::always_inline]] inline Owed owed_by(const Penalty<T>& penalty, const T* metric,
                                           const T* gradient, Index columns, Index k, Index j) {
    const double unit = metric != nullptr ? static_cast<double>(metric[j]) : 1.0;
    const bool factors = penalty.l1_factor != nullptr;
    const bool bounded = penalty.low != nullptr;
    const Index at = k * columns + j;
    return {unit * static_cast<double>(penalty.l2) *
                (factors ? static_cast<double>(penalty.l2_factor[j]) : 1.0),
            gradient != nullptr ? unit * static_cast<double>(gradient[at]) : 0.0,
            unit * static_cast<double>(penalty.l1) *
                (factors ? static_cast<double>(penalty.l1_factor[j]) : 1.0),
            bounded ? static_cast<double>(penalty.low[at]) : -unbounded,
            bounded ? static_cast<double>(penalty.high[at]) : unbounded};
}

[[gnu::always_inline]] inline double bounded_by(double v, double low, double high) {
    return v < low ? low : (v > high ? high : v);
}

// One step, as rows take it that lack the column.
[[gnu::always_inline]] inline double after_step(double c, double step, const Owed& owed) {
    const double v = c - step * (owed.ridge * c + owed.smooth);
    const double u = owed.kink != 0 ? shrunk(v, step * owed.kink) : v;
    return bounded_by(u, owed.low, owed.high);
}

// Steps of this kind never pass the point they lead to, so their number until they pass `end` is
// found by halves: the most of [from, to) after which (c - end) side is above 0.
template <class T>
inline std::uint32_t steps_before(const LazyColumns<T>& lazy, double ridge, double c, double pull,
                                  double end, double side, std::uint32_t from, std::uint32_t to) {
    std::uint32_t before = from;
    while (to - before > 1) {
        const std::uint32_t middle = before + (to - before) / 2;
        const MissedSteps some = missed_steps(lazy, ridge, from, middle);
        if ((some.keep * c - some.pulled * pull - end) * side > 0)
            before = middle;
        else
            to = middle;
    }
    return before;
}

// Where steps without an anchor lead: towards 0, or the bound next to it, and to rest there.
template <class T>
inline double after_decay(const LazyColumns<T>& lazy, const Owed& owed, double c,
                          std::uint32_t from, std::uint32_t to, double* total) {
    const double end = bounded_by(0.0, owed.low, owed.high);
    const double side = c > end ? 1.0 : -1.0;
    const double pull = (c > 0 ? 1.0 : -1.0) * owed.kink;
    const double count = static_cast<double>(to - from);
    const bool rests = c == end && (end == 0.0 || owed.ridge != 0 || owed.kink != 0);
    if (rests) {
        if (total != nullptr) *total += count * c;
        return c;
    }
    const MissedSteps all = missed_steps(lazy, owed.ridge, from, to);
    const double moved = all.keep * c - all.pulled * pull;
    const bool ends = (owed.ridge != 0 || owed.kink != 0) && (moved - end) * side <= 0;
    if (total != nullptr) {
        if (ends) {
            const std::uint32_t q = steps_before(lazy, owed.ridge, c, pull, end, side, from, to);
            const MissedSteps some = missed_steps(lazy, owed.ridge, from, q);
            *total +=
                some.keep_sum * c - some.pulled_sum * pull + static_cast<double>(to - q) * end;
        } else {
            *total += all.keep_sum * c - all.pulled_sum * pull;
        }
    }
    return ends ? end : moved;
}

// Where steps lead that the anchor's gradient pulls too: through a kink at 0 at the most once, or
// to rest in it.
template <class T>
inline double after_pull(const LazyColumns<T>& lazy, const Owed& owed, double c, std::uint32_t from,
                         std::uint32_t to) {
    while (from < to) {
        double side = 0;
        double pull = owed.smooth;
        if (owed.kink != 0) {
            side = c > 0 ? 1.0 : -1.0;
            if (c == 0)
                side = owed.smooth > owed.kink ? -1.0 : owed.smooth < -owed.kink ? 1.0 : 0.0;
            if (side == 0) break;
            pull += side * owed.kink;
        }
        const MissedSteps all = missed_steps(lazy, owed.ridge, from, to);
        const double moved = all.keep * c - all.pulled * pull;
        if (side == 0 || moved * side > 0) return bounded_by(moved, owed.low, owed.high);
        const std::uint32_t q = steps_before(lazy, owed.ridge, c, pull, 0.0, side, from, to);
        const MissedSteps some = missed_steps(lazy, owed.ridge, from, q);
        c = some.keep * c - some.pulled * pull;
        // the step that meets the kink
        c = after_step(c, lazy.step_at(q), owed);
        from = q + 1;
    }
    return bounded_by(c, owed.low, owed.high);
}

// What the steps [from, to) do, but for the sums of iterates.
struct Kept {
    double keep;
    double pulled;
};

// n steps of one length, e = length * ridge: pulled = length (1 - (1 - e)^n) / e by the binomial
// series, whose terms fall by n e / 2, n e / 3, ...
constexpr double longest_series = 1.0 / 16.0;  // n e; nine terms then leave 1e-17
constexpr double short_series = 1e-4;          // and four terms 1e-18

template <int Terms>
[[gnu::always_inline]] inline Kept kept_by_series(double length, double ridge, double n) {
    const double e = length * ridge;
    double sum = 1;
    each<Terms>([&](auto i) __attribute__((always_inline)) {
        constexpr double k = Terms - i.value;
        constexpr double share = 1 / (k + 1);
        sum = 1 - (n - k) * (e * share) * sum;
    });
    const double pulled = length * n * sum;
    return {1 - ridge * pulled, pulled};
}

template <class T>
[[gnu::always_inline]] inline Kept kept_after(const LazyColumns<T>& lazy, double ridge,
                                              std::uint32_t from, std::uint32_t to) {
    if (lazy.step != nullptr) {
        const MissedSteps some = missed_steps(lazy, ridge, from, to);
        return {some.keep, some.pulled};
    }
    std::uint32_t count = to - from;
    if (ridge == 0) return {1.0, static_cast<double>(count) * lazy.held};
    const double n = static_cast<double>(count);
    const double exponent = n * lazy.held * ridge;
    if (exponent <= short_series) return kept_by_series<4>(lazy.held, ridge, n);
    if (exponent <= longest_series) return kept_by_series<9>(lazy.held, ridge, n);
    Kept all{1.0, 0.0};
    Kept power{1.0 - lazy.held * ridge, lazy.held};
    for (; count != 0; count >>= 1) {
        const bool taken = (count & 1u) != 0;
        all.pulled = taken ? power.keep * all.pulled + power.pulled : all.pulled;
        all.keep = taken ? power.keep * all.keep : all.keep;
        power.pulled += power.keep * power.pulled;
        power.keep *= power.keep;
    }
    return all;
}

// What column j of output k, `c` before it, is after the steps [from, to).
template <class T>
[[gnu::always_inline]] inline T brought_up(const LazyColumns<T>& lazy, const Penalty<T>& penalty,
                                           const T* metric, const T* gradient, Index columns,
                                           Index k, Index j, T coef, std::uint32_t from,
                                           std::uint32_t to) {
    const Owed owed = owed_by(penalty, metric, gradient, columns, k, j);
    const auto c = static_cast<double>(coef);
    double* total = lazy.total != nullptr ? lazy.total + k * columns + j : nullptr;
    if (to - from == 1) {
        const double moved = after_step(c, lazy.step_at(from), owed);
        if (total != nullptr) *total += moved;
        return static_cast<T>(moved);
    }
    if (total == nullptr && owed.kink == 0) {
        const Kept all = kept_after(lazy, owed.ridge, from, to);
        return static_cast<T>(
            bounded_by(all.keep * c - all.pulled * owed.smooth, owed.low, owed.high));
    }
    if (total == nullptr && gradient == nullptr && penalty.low == nullptr) {
        const Kept all = kept_after(lazy, owed.ridge, from, to);
        return static_cast<T>(shrunk(all.keep * c, all.pulled * owed.kink));
    }
    if (gradient != nullptr) return static_cast<T>(after_pull(lazy, owed, c, from, to));
    return static_cast<T>(after_decay(lazy, owed, c, from, to, total));
}

// Whether steps do nothing to columns without a row but pull them to a kink at 0.
template <class T>
[[gnu::always_inline]] inline bool kink_alone(const LazyColumns<T>& lazy, const Penalty<T>& penalty,
                                              const T* gradient) {
    return penalty.l1 != 0 && penalty.l2 == 0 && penalty.low == nullptr && gradient == nullptr &&
           lazy.total == nullptr;
}

// Calls late(j, seen) for the columns of row i that no row of step `now` had before.
template <class T, class Late>
[[gnu::always_inline]] inline void for_late_columns(const RowTile<T>& tile, Index i,
                                                    std::uint32_t* seen_of, std::uint32_t now,
                                                    const Late& late) {
    for (Index e = 0; e < tile.stored[i]; ++e) {
        const Index j = tile.column[i][e];
        const std::uint32_t seen = seen_of[j];
        if (seen > now) continue;
        seen_of[j] = now + 1;
        late(j, seen);
    }
}

// Brings near what steps along row i will read of its columns; `seen` and `metric` may be null, and
// more(at) asks for what else is read of coefficient `at`.
template <class T, class More>
[[gnu::always_inline]] inline void fetch_columns(const RowTile<T>& tile, Index i,
                                                 const std::uint32_t* seen, const T* metric,
                                                 Index outputs, const T* coef, const More& more) {
    const std::int32_t* column = tile.column[i];
    for (Index e = 0; e < tile.stored[i]; ++e) {
        const Index j = column[e];
        if (seen != nullptr) __builtin_prefetch(seen + j, 1);
        if (metric != nullptr) __builtin_prefetch(metric + j);
        for (Index k = 0; k < outputs; ++k) {
            const Index at = k * tile.columns + j;
            __builtin_prefetch(coef + at, 1);
            more(at);
        }
    }
}

template <class T>
Index touch(const RowTile<T>& tile, const LazyColumns<T>& lazy, const Penalty<T>& penalty,
            const T* metric, const T* gradient, Index outputs, T* coef, std::int32_t* touched,
            Index count) noexcept {
    const std::uint32_t now = lazy.taken;
    const bool owing = penalty.l1 != 0 || penalty.l2 != 0 || penalty.low != nullptr ||
                       gradient != nullptr || lazy.total != nullptr;
    for (Index i = 0; i < tile.rows; ++i) {
        if (i + 1 < tile.rows)
            fetch_columns(tile, i + 1, lazy.seen, metric, outputs, coef, [&](Index at) {
                if (lazy.total != nullptr) __builtin_prefetch(lazy.total + at, 1);
                if (gradient != nullptr) __builtin_prefetch(gradient + at);
            });
        for_late_columns(tile, i, lazy.seen, now, [&](Index j, std::uint32_t seen) {
            touched[count++] = static_cast<std::int32_t>(j);
            for (Index k = 0; k < outputs; ++k) {
                T* c = coef + k * tile.columns + j;
                if (owing && seen < now)
                    *c = brought_up(lazy, penalty, metric, gradient, tile.columns, k, j, *c, seen,
                                    now);
            }
        });
    }
    return count;
}

// All columns take the steps that `lazy.all` tells of.
template <class T>
void bring_all_up(const LazyColumns<T>& lazy, const T* metric, const T* gradient, Index columns,
                  Index outputs, T* coef) {
    const MissedSteps all = *lazy.all;
    for (Index k = 0; k < outputs; ++k)
        for (Index j = 0; j < columns; ++j) {
            const Index at = k * columns + j;
            const auto c = static_cast<double>(coef[at]);
            double pull = 0;
            if (gradient != nullptr)
                pull = static_cast<double>(gradient[at]) *
                       (metric != nullptr ? static_cast<double>(metric[j]) : 1.0);
            coef[at] = static_cast<T>(all.keep * c - all.pulled * pull);
            if (lazy.total != nullptr) lazy.total[at] += all.keep_sum * c;
        }
    *lazy.all = {};
}

template <class T>
void bring_up(const LazyColumns<T>& lazy, const Penalty<T>& penalty, const T* metric,
              const T* gradient, Index columns, Index outputs, T* coef) noexcept {
    if (lazy.all != nullptr) return bring_all_up(lazy, metric, gradient, columns, outputs, coef);
    for (Index k = 0; k < outputs; ++k)
        for (Index j = 0; j < columns; ++j) {
            T* c = coef + k * columns + j;
            if (lazy.seen[j] < lazy.taken)
                *c = brought_up(lazy, penalty, metric, gradient, columns, k, j, *c, lazy.seen[j],
                                lazy.taken);
        }
}

}  // namespace
}  // namespace fastgd::FASTGD_ISA

// Column sums, sums of squares and ranges of one tile, about an origin close to the rows.
#pragma once

#include "fetch.hpp"

namespace fastgd::FASTGD_ISA {
namespace {

// R rows at once: the sums are read and written once for all of them.
template <int R, bool Weighted, bool Fetches, class T>
[[gnu::always_inline]] inline void add_moments(const T* const* row, const T* const* next,
                                               bool again, const T* weight, Index columns,
                                               const MomentSums<T>& moments) {
    // copies: compilers take what lies in memory for what a store may have changed
    const MomentSums<T> sums = moments;
    const T* x[R];
    const T* fetched[R];
    T w[R];
    for (int r = 0; r < R; ++r) {
        x[r] = row[r];
        fetched[r] = Fetches ? next[r] : nullptr;
        w[r] = Weighted ? weight[r] : T(1);
    }
    const auto add = [&](auto width, Index j) __attribute__((always_inline)) {
        constexpr int L = decltype(width)::value;
        const auto origin = load<L>(sums.origin + j);
        auto sum = load<L>(sums.sum + j);
        auto square = load<L>(sums.square + j);
        auto smallest = load<L>(sums.smallest + j);
        auto largest = load<L>(sums.largest + j);
        each<R>([&](auto r) __attribute__((always_inline)) {
            const auto value = load<L>(x[r.value] + j);
            const auto difference = value - origin;
            const auto weighted = Weighted ? difference * w[r.value] : difference;
            sum += weighted;
            square += weighted * difference;
            // rows that weigh nothing are checked for NaN by the sum, but count for nothing
            if (Weighted && w[r.value] == 0) return;
            smallest = value < smallest ? value : smallest;
            largest = value > largest ? value : largest;
        });
        store<L, T>(sums.sum + j, sum);
        store<L, T>(sums.square + j, square);
        store<L, T>(sums.smallest + j, smallest);
        store<L, T>(sums.largest + j, largest);
    };
    for_columns<T>(
        0, columns, [&](auto width, Index begin) __attribute__((always_inline)) {
            constexpr int W = decltype(width)::value;
            constexpr int H = W < streamed_lanes<T> ? W : streamed_lanes<T>;
            for (Index j = begin; j < begin + W; j += H) add(Width<H>{}, j);
            if constexpr (Fetches) fetch_ahead<W, R>(fetched, begin, again);
        });
}

template <bool Weighted, class T>
inline void moments_loop(const RowTile<T>& tile, const T* weight, const MomentSums<T>& sums) {
    constexpr int R = 4;
    const auto weight_of = [&](Index i) { return Weighted ? weight + i : nullptr; };
    Index i = 0;
    if (tile.next != nullptr)
        for (; i + R <= tile.rows; i += R)
            add_moments<R, Weighted, true>(tile.row + i, tile.next + i, tile.ask_again,
                                           weight_of(i), tile.columns, sums);
    for (; i + R <= tile.rows; i += R)
        add_moments<R, Weighted, false, T>(tile.row + i, nullptr, false, weight_of(i), tile.columns,
                                           sums);
    for (; i < tile.rows; ++i)
        add_moments<1, Weighted, false, T>(tile.row + i, nullptr, false, weight_of(i), tile.columns,
                                           sums);
}

template <class T>
void moments(const RowTile<T>& tile, const T* weight, const MomentSums<T>& sums) noexcept {
    if (weight != nullptr)
        moments_loop<true>(tile, weight, sums);
    else
        moments_loop<false, T>(tile, nullptr, sums);
}

}  // namespace
}  // namespace fastgd::FASTGD_ISA

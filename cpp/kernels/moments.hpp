// Column sums, sums of squares and ranges of one tile, about an origin close to the rows.
#pragma once

#include "vector.hpp"

namespace fastgd::FASTGD_ISA {
namespace {

// R rows at once: the sums are read and written once for all of them.
template <int R, bool Weighted, class T>
[[gnu::always_inline]] inline void add_moments(const T* const* row, const T* const* next,
                                               const T* weight, Index columns,
                                               const MomentSums<T>& sums) {
    for_columns<T>(0, columns, [&](auto width, Index j) {
        constexpr int L = decltype(width)::value;
        const auto origin = load<L>(sums.origin + j);
        auto sum = load<L>(sums.sum + j);
        auto square = load<L>(sums.square + j);
        auto smallest = load<L>(sums.smallest + j);
        auto largest = load<L>(sums.largest + j);
        for (int r = 0; r < R; ++r) {
            const auto x = load<L>(row[r] + j);
            if (next != nullptr) __builtin_prefetch(next[r] + j, 0, 2);
            const auto difference = x - origin;
            const auto weighted = Weighted ? difference * weight[r] : difference;
            sum += weighted;
            square += weighted * difference;
            // rows that weigh nothing are checked for NaN by the sum, but count for nothing
            if (Weighted && weight[r] == 0) continue;
            smallest = x < smallest ? x : smallest;
            largest = x > largest ? x : largest;
        }
        store<L, T>(sums.sum + j, sum);
        store<L, T>(sums.square + j, square);
        store<L, T>(sums.smallest + j, smallest);
        store<L, T>(sums.largest + j, largest);
    });
}

template <bool Weighted, class T>
inline void moments_loop(const RowTile<T>& tile, const T* weight, const MomentSums<T>& sums) {
    const auto weight_of = [&](Index i) { return Weighted ? weight + i : nullptr; };
    Index i = 0;
    for (; i + 4 <= tile.rows; i += 4)
        add_moments<4, Weighted>(tile.row + i, tile.next != nullptr ? tile.next + i : nullptr,
                                 weight_of(i), tile.columns, sums);
    for (; i < tile.rows; ++i)
        add_moments<1, Weighted, T>(tile.row + i, nullptr, weight_of(i), tile.columns, sums);
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

// The forward stage of one output on dense rows that are read one after the other, as they lie in
// memory: some processors fetch what is read in order for themselves, faster than they can be
// asked.
#pragma once

#include "dense.hpp"

namespace fastgd::FASTGD_ISA {
namespace {

// Rows of so many bytes at most are read in turn (measured on an AMD EPYC, Zen 3: rows of 400 and
// 800 bytes take a sixth to a quarter less time, rows of 4,096 a fifth more).
constexpr Index in_turn_bytes = vector_bytes == 32 ? 1024 : 0;

// (row - shift) . coef, its lanes not yet summed. Each addition waits for the last one, so the loop
// is unrolled: then more rows are under way.
template <bool Shifted, class T>
[[gnu::always_inline]] inline Vector<T, lanes<T>> lanes_of_dot(const T* row, const T* shift,
                                                               const T* coef, Index columns) {
    constexpr int L = lanes<T>;
    constexpr int unrolled = 8;
    Vector<T, L> sum = {};
    const auto add = [&](Index j) __attribute__((always_inline)) {
        sum += centred<L, Shifted>(row, shift, j) * load<L>(coef + j);
    };
    Index j = 0;
    for (; j + unrolled * L <= columns; j += unrolled * L)
        each<unrolled>([&](auto part) __attribute__((always_inline)) { add(j + part.value * L); });
    for (; j + L <= columns; j += L) add(j);
    if (j < columns) {
        const Index last = columns - L;
        sum += unless_summed<L>(centred<L, Shifted>(row, shift, last), j - last) *
               load<L>(coef + last);
    }
    return sum;
}

// The sums of dot_rows, to the bit, of rows of a vector and more.
template <bool Shifted, class T>
[[gnu::aligned(cache_line)]] inline void forward_in_turn(const RowTile<T>& tile, const T* coef,
                                                         T intercept, T* z) {
    constexpr int L = lanes<T>;
    alignas(cache_line) T sums[L];
    Index i = 0;
    for (; i + L <= tile.rows; i += L) {
        Vector<T, L> dot[L];
        for (int r = 0; r < L; ++r)
            dot[r] = lanes_of_dot<Shifted>(tile.row[i + r], tile.shift, coef, tile.columns);
        sum_lanes<L, L, T, L>(dot, sums);
        store<L, T>(z + i, load<L>(sums) + intercept);
    }
    for (; i < tile.rows; ++i) {
        const Vector<T, L> dot[1] = {
            lanes_of_dot<Shifted>(tile.row[i], tile.shift, coef, tile.columns)};
        sum_lanes<1, L, T, L>(dot, sums);
        z[i] = sums[0] + intercept;
    }
}

}  // namespace
}  // namespace fastgd::FASTGD_ISA

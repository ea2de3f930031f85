// Forward and backward stages on dense rows: linear predictor and gradient sums.
#pragma once

#include "sparse.hpp"

namespace fastgd::FASTGD_ISA {
namespace {

template <int L, bool Shifted, class T>
[[gnu::always_inline]] inline Vector<T, L> centred(const T* row, const T* shift, Index j) {
    if constexpr (Shifted) return load<L>(row + j) - load<L>(shift + j);
    return load<L>(row + j);
}

// Rows worked on at once.
constexpr int rows_at_once = 4;

// out[r] = (row[r] - shift) . coef for R rows at once, so that coef is read once for all; the first
// `Fetched` of the next rows are brought into the second cache level.
template <int R, bool Shifted, int Fetched, class T>
[[gnu::always_inline]] inline void dot_rows(const T* const* row, const T* const* next,
                                            const T* shift, const T* coef, Index columns, T* out) {
    constexpr int L = lanes<T>;
    Vector<T, L> sum[R] = {};
    Index j = 0;
    for (; j + L <= columns; j += L) {
        const auto c = load<L>(coef + j);
        for (int r = 0; r < R; ++r) {
            sum[r] += centred<L, Shifted>(row[r], shift, j) * c;
            if (r < Fetched) __builtin_prefetch(next[r] + j, 0, 2);
        }
    }
    if (j < columns)
        for (int r = 0; r < Fetched; ++r) __builtin_prefetch(next[r] + columns - 1, 0, 2);
    if (columns < L) {
        for (int r = 0; r < R; ++r)
            out[r] = fold_sum<L, T>(sum[r], j, columns, [&](auto width, Index at) {
                constexpr int H = decltype(width)::value;
                return centred<H, Shifted>(row[r], shift, at) * load<H>(coef + at);
            });
        return;
    }
    if (j < columns) {
        const Index last = columns - L;
        const auto c = load<L>(coef + last);
        each<R>([&](auto r) __attribute__((always_inline)) {
            const auto x = centred<L, Shifted>(row[r.value], shift, last);
            sum[r.value] += unless_summed<L>(x, j - last) * c;
        });
    }
    alignas(cache_line) T sums[rounded_up(R, L)];
    sum_lanes<R, L, T, L>(sum, sums);
    for (int r = 0; r < R; ++r) out[r] = sums[r];
}

// gradient += sum_r weight[r] (row[r] - shift) for R rows: the gradient is read and written once.
// Of the next rows those from `Fetched` on are brought near.
template <int R, bool Shifted, int Fetched, class T>
[[gnu::always_inline]] inline void add_rows(const T* const* row, const T* const* next,
                                            const T* shift, const T* weight, Index columns,
                                            T* gradient) {
    for_columns<T>(0, columns, [&](auto width, Index j) {
        constexpr int L = decltype(width)::value;
        auto sum = load<L>(gradient + j);
        for (int r = 0; r < R; ++r) {
            sum += centred<L, Shifted>(row[r], shift, j) * weight[r];
            if (r >= Fetched) __builtin_prefetch(next[r] + j, 0, 2);
        }
        store<L, T>(gradient + j, sum);
    });
}

// On a cache line, so that its speed does not hang on what stands before it (3 to 10 %).
template <bool Shifted, int Fetched, class T>
[[gnu::aligned(cache_line)]] inline void forward_loop(const RowTile<T>& tile, const T* coef,
                                                      Index outputs, const T* intercept, T* z) {
    constexpr int R = rows_at_once;
    for (Index k = 0; k < outputs; ++k) {
        const T* c = coef + k * tile.columns;
        Index i = 0;
        T out[R];
        for (; i + R <= tile.rows; i += R) {
            // the first output brings the next tile's rows in; the others find theirs in cache
            if (Fetched > 0 && k == 0)
                dot_rows<R, Shifted, Fetched>(tile.row + i, tile.next + i, tile.shift, c,
                                              tile.columns, out);
            else
                dot_rows<R, Shifted, 0>(tile.row + i, tile.row + i, tile.shift, c, tile.columns,
                                        out);
            for (int r = 0; r < R; ++r) z[(i + r) * outputs + k] = out[r] + intercept[k];
        }
        for (; i < tile.rows; ++i) {
            dot_rows<1, Shifted, 0>(tile.row + i, tile.row + i, tile.shift, c, tile.columns, out);
            z[i * outputs + k] = out[0] + intercept[k];
        }
    }
}

template <bool Shifted, class T>
inline void forward_fetching(const RowTile<T>& tile, const T* coef, Index outputs,
                             const T* intercept, T* z) {
    if (tile.next == nullptr)
        forward_loop<Shifted, 0>(tile, coef, outputs, intercept, z);
    else if (tile.backward_follows)
        forward_loop<Shifted, rows_at_once / 2>(tile, coef, outputs, intercept, z);
    else
        forward_loop<Shifted, rows_at_once>(tile, coef, outputs, intercept, z);
}

template <bool Shifted, class T>
[[gnu::aligned(cache_line)]] inline void backward_loop(const RowTile<T>& tile, const T* derivative,
                                                       Index outputs, T* gradient) {
    constexpr int R = rows_at_once;
    const bool fetches = tile.next != nullptr && tile.backward_follows;
    for (Index k = 0; k < outputs; ++k) {
        T* g = gradient + k * tile.columns;
        T weight[R];
        Index i = 0;
        for (; i + R <= tile.rows; i += R) {
            for (int r = 0; r < R; ++r) weight[r] = derivative[(i + r) * outputs + k];
            if (fetches && k == 0)
                add_rows<R, Shifted, R / 2>(tile.row + i, tile.next + i, tile.shift, weight,
                                            tile.columns, g);
            else
                add_rows<R, Shifted, R>(tile.row + i, tile.row + i, tile.shift, weight,
                                        tile.columns, g);
        }
        for (; i < tile.rows; ++i)
            add_rows<1, Shifted, 1>(tile.row + i, tile.row + i, tile.shift,
                                    derivative + i * outputs + k, tile.columns, g);
    }
}

// out[i] = max_j ((x_ij - shift_j) unit_j)^2.
template <class T>
void largest_squares(const RowTile<T>& tile, const T* unit, T* out) noexcept {
    constexpr int L = lanes<T>;
    if (tile.sparse()) return largest_squares_sparse(tile, unit, out);
    for (Index i = 0; i < tile.rows; ++i) {
        const T* row = tile.row[i];
        Vector<T, L> most = {};
        T rest = 0;
        Index j = 0;
        for (; j + L <= tile.columns; j += L) {
            if (tile.next != nullptr) __builtin_prefetch(tile.next[i] + j);
            const auto x = centred<L, true>(row, tile.shift, j) * load<L>(unit + j);
            most = x * x > most ? x * x : most;
        }
        for (; j < tile.columns; ++j) {
            const T x = (row[j] - tile.shift[j]) * unit[j];
            rest = x * x > rest ? x * x : rest;
        }
        for (int l = 0; l < L; ++l) rest = most[l] > rest ? most[l] : rest;
        out[i] = rest;
    }
}

}  // namespace
}  // namespace fastgd::FASTGD_ISA

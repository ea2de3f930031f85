// Forward and backward stages on dense rows: linear predictor and gradient sums.
#pragma once

#include "fetch.hpp"
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

// out[r] = (row[r] - shift) . coef for R rows at once, so that coef is read once for all; at least
// a vector of columns. The first `Fetched` of the next rows are brought into the second cache
// level.
template <int R, bool Shifted, int Fetched, class T>
[[gnu::always_inline]] inline void dot_rows(const T* const* row, const T* const* next, bool again,
                                            const T* shift, const T* coef, Index columns, T* out) {
    constexpr int L = lanes<T>;
    constexpr int H = streamed_lanes<T>;
    constexpr int parts = L / H;
    Vector<T, H> sum[R][parts] = {};
    const auto add = [&](Index j, Index summed) __attribute__((always_inline)) {
        each<parts>([&](auto part) __attribute__((always_inline)) {
            constexpr int first = part.value * H;
            if (summed >= first + H) return;
            const auto c = load<H>(coef + j + first);
            each<R>([&](auto r) __attribute__((always_inline)) {
                auto x = centred<H, Shifted>(row[r.value], shift, j + first);
                if (summed > first) x = unless_summed<H>(x, summed - first);
                sum[r.value][part.value] += x * c;
            });
        });
    };
    Index j = 0;
    for (; j + L <= columns; j += L) {
        add(j, 0);
        fetch_ahead<L, Fetched>(next, j, again);
    }
    if (j < columns) {
        for (int r = 0; r < Fetched; ++r) __builtin_prefetch(next[r] + columns - 1, 0, 2);
        add(columns - L, j + L - columns);
    }
    Vector<T, H> folded[R];
    for (int r = 0; r < R; ++r) folded[r] = parts == 2 ? sum[r][0] + sum[r][parts - 1] : sum[r][0];
    alignas(cache_line) T sums[rounded_up(R, H)];
    sum_lanes<R, H, T, H>(folded, sums);
    for (int r = 0; r < R; ++r) out[r] = sums[r];
}

// gradient += sum_r weight[r] (row[r] - shift) for R rows: the gradient is read and written once.
// Of the next rows those from `Fetched` on are brought near.
template <int R, bool Shifted, int Fetched, class T>
[[gnu::always_inline]] inline void add_rows(const T* const* row, const T* const* next, bool again,
                                            const T* shift, const T* weight, Index columns,
                                            T* gradient) {
    // copies: compilers take pointers in memory for what a store may have changed
    const T* x[R];
    const T* fetched[R];
    T w[R];
    for (int r = 0; r < R; ++r) {
        x[r] = row[r];
        fetched[r] = next[r];
        w[r] = weight[r];
    }
    const auto add = [&](auto width, Index begin) __attribute__((always_inline)) {
        constexpr int W = decltype(width)::value;
        constexpr int H = W < streamed_lanes<T> ? W : streamed_lanes<T>;
        for (Index j = begin; j < begin + W; j += H) {
            auto sum = load<H>(gradient + j);
            each<R>([&](auto r) __attribute__((always_inline)) {
                sum += centred<H, Shifted>(x[r.value], shift, j) * w[r.value];
            });
            store<H, T>(gradient + j, sum);
        }
        fetch_ahead<W, R - Fetched>(fetched + Fetched, begin, again);
    };
    // rows that nobody fetches ahead may be longer than the cache holds until they are read again
    if constexpr (Fetched < R)
        for_columns<T>(0, columns, add);
    else
        for_columns_back<T>(0, columns, add);
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
                dot_rows<R, Shifted, Fetched>(tile.row + i, tile.next + i, tile.ask_again,
                                              tile.shift, c, tile.columns, out);
            else
                dot_rows<R, Shifted, 0>(tile.row + i, tile.row + i, false, tile.shift, c,
                                        tile.columns, out);
            for (int r = 0; r < R; ++r) z[(i + r) * outputs + k] = out[r] + intercept[k];
        }
        for (; i < tile.rows; ++i) {
            dot_rows<1, Shifted, 0>(tile.row + i, tile.row + i, false, tile.shift, c, tile.columns,
                                    out);
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
                add_rows<R, Shifted, R / 2>(tile.row + i, tile.next + i, tile.ask_again, tile.shift,
                                            weight, tile.columns, g);
            else
                add_rows<R, Shifted, R>(tile.row + i, tile.row + i, false, tile.shift, weight,
                                        tile.columns, g);
        }
        for (; i < tile.rows; ++i)
            add_rows<1, Shifted, 1>(tile.row + i, tile.row + i, false, tile.shift,
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
            if (tile.next != nullptr) fetch_ahead<L, 1>(tile.next + i, j, tile.ask_again);
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

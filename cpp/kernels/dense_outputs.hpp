// Forward and backward stages for several outputs: small matrix products whose sums stay in
// registers.
#pragma once

#include "dense_in_turn.hpp"
#include "dense_narrow.hpp"

namespace fastgd::FASTGD_ISA {
namespace {

// Without fused multiplications and more than two doubles a vector one output at a time is as fast.
constexpr bool together_pays = vector_bytes > 16;

// Outputs worked on at once, as many as four rows leave registers for, and vectors of columns.
constexpr int most_outputs_at_once = vector_bytes == 64 ? 6 : 3;
constexpr int most_vectors_at_once = 3;

// Coefficients that stay in the first cache level while rows pass by.
constexpr Index resident_bytes = 16 * 1024;

// Calls body(Constant<N>{}) with the size of the next group of what is left, 2, 3, 4 or 6: the
// largest, but so that none of one remains.
template <int Most, class Body>
[[gnu::always_inline]] inline Index next_group(Index left, const Body& body) {
    const auto fits = [&](Index size) { return size <= left && left != size + 1; };
    if constexpr (Most >= 6)
        if (fits(6)) return body(Constant<6>{}), 6;
    if constexpr (Most >= 4)
        if (fits(4)) return body(Constant<4>{}), 4;
    if (fits(3)) return body(Constant<3>{}), 3;
    return body(Constant<2>{}), 2;
}

// out[r, q] = (row[r] - shift) . coef[q], the sums of dot_rows; at least a vector of columns.
template <int R, int Q, bool Shifted, class T>
[[gnu::always_inline]] inline void dot_block(const T* const* row, const T* shift, const T* coef,
                                             Index columns, T* out) {
    constexpr int L = lanes<T>;
    Vector<T, L> sum[R * Q] = {};
    const auto add = [&](Index j, Index summed) __attribute__((always_inline)) {
        Vector<T, L> c[Q];
        for (int q = 0; q < Q; ++q) c[q] = load<L>(coef + q * columns + j);
        each<R>([&](auto r) __attribute__((always_inline)) {
            auto x = centred<L, Shifted>(row[r.value], shift, j);
            if (summed > 0) x = unless_summed<L>(x, summed);
            for (int q = 0; q < Q; ++q) sum[r.value * Q + q] += x * c[q];
        });
    };
    Index j = 0;
    for (; j + L <= columns; j += L) add(j, 0);
    if (j < columns) add(columns - L, j + L - columns);
    sum_lanes<R * Q, L, T, L>(sum, out);
}

template <bool Shifted, class T>
inline void forward_outputs(const RowTile<T>& tile, const T* coef, Index outputs,
                            const T* intercept, T* z) {
    constexpr int R = rows_at_once;
    const Index fetched = tile.next == nullptr ? 0 : tile.backward_follows ? R / 2 : R;
    const Index resident = resident_bytes / (tile.columns * static_cast<Index>(sizeof(T)));
    for (Index first = 0, end; first < outputs; first = end) {
        Index i = 0;
        for (; i + R <= tile.rows; i += R) {
            if (first == 0)
                for (Index r = 0; r < fetched; ++r)
                    fetch_row(tile.next[i + r], 0, tile.columns, false);
            Index k = first;
            do {
                k += next_group<most_outputs_at_once>(
                    outputs - k, [&](auto q) __attribute__((always_inline)) {
                        constexpr int Q = decltype(q)::value;
                        alignas(cache_line) T sums[rounded_up(R * Q, lanes<T>)];
                        dot_block<R, Q, Shifted>(tile.row + i, tile.shift, coef + k * tile.columns,
                                                 tile.columns, sums);
                        for (int r = 0; r < R; ++r)
                            for (int o = 0; o < Q; ++o)
                                z[(i + r) * outputs + k + o] = sums[r * Q + o] + intercept[k + o];
                    });
            } while (k < outputs && k - first < resident);
            end = k;
        }
        if (i == 0) end = outputs;
        for (; i < tile.rows; ++i)
            for (Index k = first; k < end; ++k) {
                T out;
                dot_rows<1, Shifted, 0>(tile.row + i, tile.row + i, false, tile.shift,
                                        coef + k * tile.columns, tile.columns, &out);
                z[i * outputs + k] = out + intercept[k];
            }
    }
}

// gradient[q] += sum_i derivative[i, q] (row_i - shift) in V vectors of columns from `begin` on;
// the last of them ends with the row at the latest: columns of two vectors get the same sum twice.
template <int V, int Q, bool Shifted, class T>
[[gnu::always_inline]] inline void add_block(const RowTile<T>& tile, Index begin,
                                             const T* derivative, Index outputs, T* gradient) {
    constexpr int L = lanes<T>;
    const Index columns = tile.columns;
    Index at[V];
    for (int v = 0; v < V; ++v) at[v] = begin + v * L;
    if (at[V - 1] > columns - L) at[V - 1] = columns - L;
    Vector<T, L> sum[Q * V];
    each<Q * V>([&](auto s) __attribute__((always_inline)) {
        sum[s.value] = load<L>(gradient + s.value / V * columns + at[s.value % V]);
    });
    for (Index i = 0; i < tile.rows; ++i) {
        const T* row = tile.row[i];
        const T* weight = derivative + i * outputs;
        each<V>([&](auto v) __attribute__((always_inline)) {
            const auto x = centred<L, Shifted>(row, tile.shift, at[v.value]);
            for (int q = 0; q < Q; ++q) sum[q * V + v.value] += x * weight[q];
        });
    }
    each<Q * V>([&](auto s) __attribute__((always_inline)) {
        store<L, T>(gradient + s.value / V * columns + at[s.value % V], sum[s.value]);
    });
}

// Where there are more columns than a vector holds.
template <bool Shifted, class T>
inline void backward_outputs(const RowTile<T>& tile, const T* derivative, Index outputs,
                             T* gradient) {
    constexpr Index L = lanes<T>;
    const Index vectors = (tile.columns + L - 1) / L;
    const bool fetches = tile.next != nullptr && tile.backward_follows;
    for (Index vector = 0; vector < vectors;)
        vector += next_group<most_vectors_at_once>(
            vectors - vector, [&](auto v) __attribute__((always_inline)) {
                constexpr int V = decltype(v)::value;
                const Index begin = vector * L;
                const Index end = begin + V * L < tile.columns ? begin + V * L : tile.columns;
                if (fetches)
                    for (Index i = 0; i + rows_at_once <= tile.rows; i += rows_at_once)
                        for (Index r = rows_at_once / 2; r < rows_at_once; ++r)
                            fetch_row(tile.next[i + r], begin, end, false);
                for (Index k = 0; k < outputs;)
                    k += next_group<most_outputs_at_once>(
                        outputs - k, [&](auto q) __attribute__((always_inline)) {
                            add_block<V, decltype(q)::value, Shifted>(
                                tile, begin, derivative + k, outputs, gradient + k * tile.columns);
                        });
            });
}

template <bool Shifted, class T>
inline void forward_centred(const RowTile<T>& tile, const T* coef, Index outputs,
                            const T* intercept, T* z) {
    if (tile.columns < lanes<T>) return forward_short<Shifted>(tile, coef, outputs, intercept, z);
    if constexpr (together_pays)
        if (outputs > 1) return forward_outputs<Shifted>(tile, coef, outputs, intercept, z);
    const auto narrow = [&]<class Row>() __attribute__((always_inline)) {
        forward_narrow<Row>(tile, coef, 1, *intercept, z);
    };
    if (outputs == 1 && if_narrow<Shifted, T>(tile.columns, narrow)) return;
    if constexpr (in_turn_bytes > 0)
        if (outputs == 1 && tile.in_turn)
            return forward_in_turn<Shifted>(tile, coef, *intercept, z);
    forward_fetching<Shifted>(tile, coef, outputs, intercept, z);
}

template <bool Shifted, class T>
inline void backward_centred(const RowTile<T>& tile, const T* derivative, Index outputs,
                             T* gradient) {
    if (tile.columns < lanes<T>)
        return backward_short<Shifted>(tile, derivative, outputs, gradient);
    if constexpr (together_pays)
        if (outputs > 1 && tile.columns > lanes<T>)
            return backward_outputs<Shifted>(tile, derivative, outputs, gradient);
    const auto narrow = [&]<class Row>() __attribute__((always_inline)) {
        backward_narrow<Row>(tile, derivative, 1, gradient);
    };
    if (outputs == 1 && if_narrow<Shifted, T>(tile.columns, narrow)) return;
    backward_loop<Shifted>(tile, derivative, outputs, gradient);
}

template <class T>
void forward(const RowTile<T>& tile, const T* coef, Index outputs, const T* intercept,
             T* z) noexcept {
    if (tile.sparse())
        forward_sparse(tile, coef, outputs, intercept, z);
    else if (tile.shift != nullptr)
        forward_centred<true>(tile, coef, outputs, intercept, z);
    else
        forward_centred<false>(tile, coef, outputs, intercept, z);
}

template <class T>
void backward(const RowTile<T>& tile, const T* derivative, Index outputs, T* gradient) noexcept {
    if (tile.sparse())
        backward_sparse(tile, derivative, outputs, gradient);
    else if (tile.shift != nullptr)
        backward_centred<true>(tile, derivative, outputs, gradient);
    else
        backward_centred<false>(tile, derivative, outputs, gradient);
}

}  // namespace
}  // namespace fastgd::FASTGD_ISA

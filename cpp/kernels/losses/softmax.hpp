// Softmax loss: log(sum_k exp(z_k)) - z_y, of all outputs of a row together; y is a class's number.
#pragma once

#include "../pointwise.hpp"

namespace fastgd::FASTGD_ISA {
namespace {

template <class T, int L>
[[gnu::always_inline]] inline T sum_of_lanes(Vector<T, L> v) {
    if constexpr (L == 1)
        return v[0];
    else
        return sum_of_lanes<T, L / 2>(fold<T, L>(v));
}

// One row's outputs, in vectors; those of the rows after it may be read and written beside them, as
// they are worked on later.
template <class T>
struct SoftmaxRow {
    static constexpr int L = lanes<T>;
    using V = Vector<T, L>;

    const PointwiseTile<T>& tile;
    Index first;
    Index left;  // numbers up to the end of the tile

    SoftmaxRow(const PointwiseTile<T>& of, Index row)
        : tile(of), first(row * of.outputs), left((of.rows - row) * of.outputs) {}

    // Calls body(k, inside) for each vector of outputs; lanes beyond the row are not `inside`.
    template <class Body>
    [[gnu::always_inline]] void each_vector(const Body& body) const {
        const V lane = lane_numbers<T, L>();
        for (Index k = 0; k < tile.outputs; k += L)
            body(k, lane < static_cast<T>(tile.outputs - k));
    }
    [[gnu::always_inline]] V load_at(const T* p, Index k) const {
        const Index size = left - k;
        return load_some<L>(p + first + k, size < L ? size : Index{L});
    }
    [[gnu::always_inline]] void store_at(T* p, Index k, V v) const {
        const Index size = left - k;
        store_some<L, T>(p + first + k, v, size < L ? size : Index{L});
    }
    [[gnu::always_inline]] V predictors(Index k) const {
        const V z = load_at(tile.z, k);
        return tile.offset != nullptr ? z + load_at(tile.offset, k) : z;
    }
    T predictor(Index k) const {
        const T z = tile.z[first + k];
        return tile.offset != nullptr ? z + tile.offset[first + k] : z;
    }
    Index own() const { return static_cast<Index>(tile.y[first]); }
    T weight() const { return tile.weight != nullptr ? tile.weight[first] : T(1); }
};

// Beside the largest predictor, whose exponential is 1, those of the others add up to `rest`: small
// losses keep their digits.
template <class T>
struct SoftmaxSum {
    Index largest = 0;
    T most = 0;
    T rest = 0;
};

// exp(z - max z) goes to `exponential`, if that is kept.
template <bool Kept, class T>
[[gnu::always_inline]] inline SoftmaxSum<T> softmax_sum(const SoftmaxRow<T>& row, T* exponential) {
    using V = typename SoftmaxRow<T>::V;
    constexpr int L = SoftmaxRow<T>::L;
    const V lane = lane_numbers<T, L>();
    constexpr T lowest = -__builtin_huge_valf();
    V most = V{} + lowest;
    V number = {};
    row.each_vector([&](Index k, auto inside) __attribute__((always_inline)) {
        const V z = select(inside, row.predictors(k), V{} + lowest);
        const auto above = z > most;
        number = select(above, lane + static_cast<T>(k), number);
        most = select(above, z, most);
    });
    SoftmaxSum<T> sum{static_cast<Index>(number[0]), most[0], 0};
    for (int l = 1; l < L; ++l)
        if (most[l] > sum.most) {
            sum.most = most[l];
            sum.largest = static_cast<Index>(number[l]);
        }
    V rest = {};
    row.each_vector([&](Index k, auto inside) __attribute__((always_inline)) {
        const V e = exp_negative(row.predictors(k) - sum.most);
        if constexpr (Kept) row.store_at(exponential, k, e);
        const auto other = lane + static_cast<T>(k) != static_cast<T>(sum.largest);
        rest += select(inside, select(other, e, V{}), V{});
    });
    sum.rest = sum_of_lanes<T, L>(rest);
    return sum;
}

// log(1 + rest); NaN and infinity go through, the logarithm knows neither.
template <class V>
[[gnu::always_inline]] inline V log_beside(V rest) {
    using T = Element<V>;
    const V small = log1p_unit(select(rest < T(1), rest, V{}));
    const V large = log_positive(T(1) + rest);
    return select(rest - rest == T(0), select(rest < T(1), small, large), rest);
}

// Logarithms of as many rows as a vector has lanes are taken together.
template <bool Kept, class T>
[[gnu::always_inline]] inline double softmax_rows(const PointwiseTile<T>& tile, T* derivative) {
    constexpr int L = lanes<T>;
    double sum = 0.0;
    for (Index begin = 0; begin < tile.rows; begin += L) {
        Vector<T, L> weight = {};
        Vector<T, L> rest = {};
        Vector<T, L> below = {};  // how far the own predictor lies below the largest
        const Index count = tile.rows - begin < L ? tile.rows - begin : Index{L};
        for (Index l = 0; l < count; ++l) {
            const SoftmaxRow<T> row(tile, begin + l);
            const SoftmaxSum<T> of_row = softmax_sum<Kept>(row, derivative);
            const Index own = row.own();
            const T w = row.weight();
            if constexpr (Kept) {
                const T share = w / (T(1) + of_row.rest);
                row.each_vector([&](Index k, auto) __attribute__((always_inline)) {
                    row.store_at(derivative, k, row.load_at(derivative, k) * share);
                });
                T& slope = derivative[row.first + own];
                slope = own == of_row.largest ? -share * of_row.rest : slope - w;
            }
            // a row that weighs nothing counts for nothing, however far off it lies
            if (w == 0) {
                for (Index k = 0; Kept && k < tile.outputs; ++k) derivative[row.first + k] = 0;
                continue;
            }
            weight[l] = w;
            rest[l] = of_row.rest;
            below[l] = of_row.most - row.predictor(own);
        }
        const auto value = weight * (below + log_beside(rest));
        for (Index l = 0; l < count; ++l) sum += static_cast<double>(value[l]);
    }
    return sum;
}

template <class T>
double softmax_derivative(const PointwiseTile<T>& tile, T* derivative) noexcept {
    return softmax_rows<true>(tile, derivative);
}

template <class T>
double softmax_value(const PointwiseTile<T>& tile) noexcept {
    return softmax_rows<false>(tile, static_cast<T*>(nullptr));
}

// Of each output alone: p (1 - p).
template <class T>
void softmax_working_weights(const PointwiseTile<T>& tile, T* out) noexcept {
    for (Index i = 0; i < tile.rows; ++i) {
        const SoftmaxRow<T> row(tile, i);
        const SoftmaxSum<T> sum = softmax_sum<true>(row, out);
        const T share = T(1) / (T(1) + sum.rest);
        row.each_vector([&](Index k, auto) __attribute__((always_inline)) {
            const auto p = row.load_at(out, k) * share;
            row.store_at(out, k, p * (T(1) - p));
        });
        out[row.first + sum.largest] = share * share * sum.rest;
    }
}

inline double softmax_curvature(LossParameters) { return 0.5; }

template <class T>
constexpr LossKernels<T> softmax_kernels() {
    return {"softmax",
            softmax_curvature,
            false,
            Targets::classes,
            softmax_derivative<T>,
            softmax_value<T>,
            softmax_working_weights<T>,
            nullptr,
            nullptr,
            nullptr};
}

}  // namespace
}  // namespace fastgd::FASTGD_ISA

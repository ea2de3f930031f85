// Softmax loss: log(sum_k exp(z_k)) - z_y, of all outputs of a row together; y is a class's number.
#pragma once

#include "../pointwise.hpp"

namespace fastgd::FASTGD_ISA {
namespace {

template <class T, int L>
[[gnu::always_inline]] inline T largest_lane(Vector<T, L> v) {
    if constexpr (L == 1) {
        return v[0];
    } else {
        const auto low = half_of<false, T, L>(v);
        const auto high = half_of<true, T, L>(v);
        return largest_lane<T, L / 2>(select(high > low, high, low));
    }
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
    // within the row whatever y holds: it is where the kernels write
    Index own() const {
        const T number = tile.y[first];
        return number >= 0 && number < static_cast<T>(tile.outputs) ? static_cast<Index>(number)
                                                                    : 0;
    }
    T weight() const { return tile.weight != nullptr ? tile.weight[first] : T(1); }
};

// With the largest predictor taken off all: the exponential of the own class's and the sum of the
// others', apart, so that small losses keep their digits.
template <class T>
struct SoftmaxSum {
    T most;
    T own;
    T others;
};

// exp(z - max z) goes to `exponential`, if that is kept.
template <bool Kept, class T>
[[gnu::always_inline]] inline SoftmaxSum<T> softmax_sum(const SoftmaxRow<T>& row, Index own,
                                                        T* exponential) {
    using V = typename SoftmaxRow<T>::V;
    constexpr int L = SoftmaxRow<T>::L;
    const V lane = lane_numbers<T, L>();
    V most = V{} - __builtin_huge_valf();
    row.each_vector([&](Index k, auto inside) __attribute__((always_inline)) {
        const V z = row.predictors(k);
        most = select(inside, select(z > most, z, most), most);
    });
    SoftmaxSum<T> sum;
    sum.most = largest_lane<T, L>(most);
    V others = {};
    row.each_vector([&](Index k, auto inside) __attribute__((always_inline)) {
        const V e = exp_negative(row.predictors(k) - sum.most);
        if constexpr (Kept) row.store_at(exponential, k, e);
        const auto other = lane != static_cast<T>(own - k);
        others += select(inside, select(other, e, V{}), V{});
    });
    sum.others = sum_of_lanes<T, L>(others);
    if constexpr (Kept)
        sum.own = exponential[row.first + own];
    else
        sum.own = exp_negative(row.predictor(own) - sum.most);
    return sum;
}

// log(own + others), precise where one of them is 1 and the other next to nothing; NaN and infinity
// go through, the logarithm knows neither.
template <class V>
[[gnu::always_inline]] inline V log_sum(V own, V others) {
    using T = Element<V>;
    const auto likely = own == T(1);
    const V beside = select(likely, others, own + others - T(1));
    const V small = log1p_unit(select(beside < T(1), beside, V{}));
    const V large = log_positive(T(1) + beside);
    return select(beside - beside == T(0), select(beside < T(1), small, large), beside);
}

// Logarithms of as many rows as a vector has lanes are taken together.
template <bool Kept, class T>
[[gnu::always_inline]] inline double softmax_rows(const PointwiseTile<T>& tile, T* derivative) {
    constexpr int L = lanes<T>;
    double sum = 0.0;
    for (Index begin = 0; begin < tile.rows; begin += L) {
        Vector<T, L> weight = {};
        Vector<T, L> own = Vector<T, L>{} + T(1);
        Vector<T, L> others = {};
        Vector<T, L> below = {};  // how far the own predictor lies below the largest
        const Index count = tile.rows - begin < L ? tile.rows - begin : Index{L};
        for (Index l = 0; l < count; ++l) {
            const SoftmaxRow<T> row(tile, begin + l);
            const Index k_own = row.own();
            const SoftmaxSum<T> of_row = softmax_sum<Kept>(row, k_own, derivative);
            const T w = row.weight();
            if constexpr (Kept) {
                const T share = w / (of_row.own + of_row.others);
                row.each_vector([&](Index k, auto) __attribute__((always_inline)) {
                    row.store_at(derivative, k, row.load_at(derivative, k) * share);
                });
                derivative[row.first + k_own] = -share * of_row.others;
            }
            // a row that weighs nothing counts for nothing, however far off it lies
            if (w == 0) {
                for (Index k = 0; Kept && k < tile.outputs; ++k) derivative[row.first + k] = 0;
                continue;
            }
            weight[l] = w;
            own[l] = of_row.own;
            others[l] = of_row.others;
            below[l] = of_row.most - row.predictor(k_own);
        }
        const auto value = weight * (below + log_sum(own, others));
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
        const SoftmaxSum<T> sum = softmax_sum<true>(row, 0, out);
        const T all = sum.own + sum.others;
        const T share = T(1) / (all * all);
        row.each_vector([&](Index k, auto) __attribute__((always_inline)) {
            const auto e = row.load_at(out, k);
            row.store_at(out, k, e * (all - e) * share);
        });
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

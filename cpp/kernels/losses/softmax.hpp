// Softmax loss: log(sum_k exp(z_k)) - z_y, of all outputs of a row together; y is a class's number.
#pragma once

#include "../pointwise.hpp"

namespace fastgd::FASTGD_ISA {
namespace {

// One row's outputs. Beside the largest, whose exponential is 1, the others add up to `rest`: small
// losses keep their digits.
template <class T>
struct SoftmaxRow {
    const T* z;
    const T* offset;
    Index outputs;
    Index largest = 0;
    T most = 0;
    T rest = 0;

    [[gnu::always_inline]] T predictor(Index k) const {
        return offset != nullptr ? z[k] + offset[k] : z[k];
    }
    [[gnu::always_inline]] T loss_of(Index own) const {
        const T beside = rest < T(1) ? log1p_unit(rest) : log_positive(T(1) + rest);
        // NaN and infinity go through: the logarithm knows neither
        return (most - predictor(own)) + (rest - rest == 0 ? beside : rest);
    }
};

// exp(z - max z) goes to `exponential`, if that is given.
template <bool Kept, class T>
[[gnu::always_inline]] inline SoftmaxRow<T> softmax_row(const PointwiseTile<T>& tile, Index row,
                                                        T* exponential) {
    constexpr int L = lanes<T>;
    const Index at = row * tile.outputs;
    SoftmaxRow<T> r{tile.z + at, tile.offset != nullptr ? tile.offset + at : nullptr, tile.outputs};
    r.most = r.predictor(0);
    for (Index k = 1; k < r.outputs; ++k) {
        const T z = r.predictor(k);
        if (z > r.most) {
            r.most = z;
            r.largest = k;
        }
    }
    for (Index k = 0; k < r.outputs; k += L) {
        const Index size = r.outputs - k < L ? r.outputs - k : Index{L};
        auto z = load_some<L>(r.z + k, size);
        if (r.offset != nullptr) z += load_some<L>(r.offset + k, size);
        const auto e = exp_negative(z - r.most);
        if constexpr (Kept) store_some<L, T>(exponential + k, e, size);
        for (Index lane = 0; lane < size; ++lane)
            if (k + lane != r.largest) r.rest += e[lane];
    }
    return r;
}

template <class T>
[[gnu::always_inline]] inline Index class_of(const PointwiseTile<T>& tile, Index row) {
    return static_cast<Index>(tile.y[row * tile.outputs]);
}

template <class T>
[[gnu::always_inline]] inline T weight_of(const PointwiseTile<T>& tile, Index row) {
    return tile.weight != nullptr ? tile.weight[row * tile.outputs] : T(1);
}

template <bool Kept, class T>
[[gnu::always_inline]] inline double softmax_rows(const PointwiseTile<T>& tile, T* derivative) {
    double sum = 0.0;
    for (Index i = 0; i < tile.rows; ++i) {
        T* slope = Kept ? derivative + i * tile.outputs : nullptr;
        const T weight = weight_of(tile, i);
        // a row that weighs nothing counts for nothing, however far off it lies
        if (weight == 0) {
            for (Index k = 0; Kept && k < tile.outputs; ++k) slope[k] = 0;
            continue;
        }
        const SoftmaxRow<T> row = softmax_row<Kept>(tile, i, slope);
        const Index own = class_of(tile, i);
        sum += static_cast<double>(weight * row.loss_of(own));
        if constexpr (Kept) {
            const T share = weight / (T(1) + row.rest);
            for (Index k = 0; k < tile.outputs; ++k) slope[k] *= share;
            slope[own] = own == row.largest ? -share * row.rest : slope[own] - weight;
        }
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
        T* weight = out + i * tile.outputs;
        const SoftmaxRow<T> row = softmax_row<true>(tile, i, weight);
        const T share = T(1) / (T(1) + row.rest);
        for (Index k = 0; k < tile.outputs; ++k) {
            const T p = weight[k] * share;
            weight[k] = p * (k == row.largest ? share * row.rest : T(1) - p);
        }
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

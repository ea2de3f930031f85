// The pointwise stage: losses and derivatives of one tile, weights and offsets applied.
#pragma once

#include "vector.hpp"

namespace fastgd::FASTGD_ISA {
namespace {

// Presence of weights and offsets is a template argument: the loop stays free of branches.
template <class Loss, bool Weighted, bool Offset, bool Derivative, class T>
inline double pointwise_loop(const PointwiseTile<T>& tile, T* derivative) {
    const Loss loss(tile.parameter);
    const Index count = tile.rows * tile.outputs;
    double sum = 0.0;
    for (Index begin = 0; begin < count; begin += 64) {
        const Index size = count - begin < 64 ? count - begin : 64;
        T term[64];
        const T* z = tile.z + begin;
        const T* y = tile.y + begin;
#pragma omp simd
        for (Index i = 0; i < size; ++i) {
            const T predictor = Offset ? z[i] + tile.offset[begin + i] : z[i];
            const T weight = Weighted ? tile.weight[begin + i] : T(1);
            // a row that weighs nothing counts for nothing, however far off it lies
            const auto weighed = [&](T x) { return Weighted && weight == 0 ? T(0) : weight * x; };
            term[i] = weighed(loss.value(predictor, y[i]));
            if constexpr (Derivative)
                derivative[begin + i] = weighed(loss.derivative(predictor, y[i]));
        }
        for (Index i = 0; i < size; ++i) sum += static_cast<double>(term[i]);
    }
    return sum;
}

template <class Loss, bool Derivative, class T>
double pointwise(const PointwiseTile<T>& tile, T* derivative) noexcept {
    if (tile.weight != nullptr) {
        if (tile.offset != nullptr)
            return pointwise_loop<Loss, true, true, Derivative>(tile, derivative);
        return pointwise_loop<Loss, true, false, Derivative>(tile, derivative);
    }
    if (tile.offset != nullptr)
        return pointwise_loop<Loss, false, true, Derivative>(tile, derivative);
    return pointwise_loop<Loss, false, false, Derivative>(tile, derivative);
}

template <class Loss, class T>
double pointwise_value(const PointwiseTile<T>& tile) noexcept {
    return pointwise<Loss, false, T>(tile, nullptr);
}

template <class Loss, class T>
double fenchel_gaps(const PointwiseTile<T>& tile, const T* cut) noexcept {
    const Loss loss(tile.parameter);
    double sum = 0.0;
    for (Index i = 0; i < tile.rows * tile.outputs; ++i) {
        const T predictor = tile.offset != nullptr ? tile.z[i] + tile.offset[i] : tile.z[i];
        const T weight = tile.weight != nullptr ? tile.weight[i] : T(1);
        const Index output = i % tile.outputs;
        const bool above = loss.derivative(predictor, tile.y[i]) > 0;
        const T gap =
            loss.fenchel_gap(predictor, tile.y[i], cut[above ? output : tile.outputs + output]);
        if (weight > 0) sum += static_cast<double>(weight * gap);
    }
    return sum;
}

template <class Loss, class T>
constexpr auto fenchel_gaps_if_told() -> double (*)(const PointwiseTile<T>&, const T*) noexcept {
    if constexpr (requires(const Loss loss, T x) { loss.fenchel_gap(x, x, x); })
        return fenchel_gaps<Loss, T>;
    else
        return nullptr;
}

template <class Loss, class T>
void working_weights(const PointwiseTile<T>& tile, T* out) noexcept {
    const Loss loss(tile.parameter);
    const Index count = tile.rows * tile.outputs;
#pragma omp simd
    for (Index i = 0; i < count; ++i) {
        const T predictor = tile.offset != nullptr ? tile.z[i] + tile.offset[i] : tile.z[i];
        out[i] = loss.working_weight(predictor, tile.y[i]);
    }
}

}  // namespace
}  // namespace fastgd::FASTGD_ISA

// The pointwise stage: losses and derivatives of one tile, weights and offsets applied.
#pragma once

#include "some_lanes.hpp"

namespace fastgd::FASTGD_ISA {
namespace {

// Calls body(i, size) for each vector's worth of rows and outputs, the last one short.
template <class T, class Body>
[[gnu::always_inline]] inline void for_rows(const PointwiseTile<T>& tile, const Body& body) {
    const Index count = tile.rows * tile.outputs;
    for (Index i = 0; i < count; i += lanes<T>)
        body(i, count - i < lanes<T> ? count - i : Index{lanes<T>});
}

// Vectors added up in double, each lane by itself. A vector with a double for each lane of float is
// wider than a register, and compilers take such a sum through memory, number by number.
template <class T>
class LaneSums {
  public:
    [[gnu::always_inline]] void add(Vector<T, lanes<T>> v) {
        if constexpr (parts == 1) {
            sum_[0] += v;
        } else {
            sum_[0] += converted<Part>(half_of<false, T, lanes<T>>(v));
            sum_[1] += converted<Part>(half_of<true, T, lanes<T>>(v));
        }
    }
    [[gnu::always_inline]] double total() const {
        return sum_of_lanes<double, width>(parts == 1 ? sum_[0] : sum_[0] + sum_[parts - 1]);
    }

  private:
    static constexpr int width = lanes<double>;
    static constexpr int parts = lanes<T> / width;
    using Part = Vector<double, width>;
    Part sum_[parts] = {};
};

// Presence of weights and offsets is a template argument: the loop stays free of branches.
template <class Loss, bool Weighted, bool Offset, bool Derivative, class T>
inline double pointwise_loop(const PointwiseTile<T>& tile, T* derivative) {
    constexpr int L = lanes<T>;
    const Loss loss(tile.loss);
    LaneSums<T> sum;
    for_rows<T>(
        tile, [&](Index i, Index size) __attribute__((always_inline)) {
            const auto y = load_some<L>(tile.y + i, size);
            auto z = load_some<L>(tile.z + i, size);
            if constexpr (Offset) z += load_some<L>(tile.offset + i, size);
            auto value = loss.value(z, y);
            auto slope = loss.derivative(z, y);
            if constexpr (Weighted) {
                const auto weight = load_some<L>(tile.weight + i, size);
                // a row that weighs nothing counts for nothing, however far off it lies
                const auto none = weight == T(0);
                value = select(none, decltype(value){}, weight * value);
                slope = select(none, decltype(slope){}, weight * slope);
            }
            if (size < L)
                value =
                    select(lane_numbers<T, L>() < static_cast<T>(size), value, decltype(value){});
            sum.add(value);
            if constexpr (Derivative) store_some<L, T>(derivative + i, slope, size);
        });
    return sum.total();
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
    const Loss loss(tile.loss);
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

// As one lane of a vector: scalar code branches on signs that nobody can tell beforehand.
template <class Loss, class T>
T slope(T z, T y, LossParameters parameters) noexcept {
    using V = Vector<T, 16 / static_cast<int>(sizeof(T))>;
    return Loss(parameters).derivative(V{z}, V{y})[0];
}

template <class Loss, class T>
void working_weights(const PointwiseTile<T>& tile, T* out) noexcept {
    constexpr int L = lanes<T>;
    const Loss loss(tile.loss);
    for_rows<T>(
        tile, [&](Index i, Index size) __attribute__((always_inline)) {
            auto z = load_some<L>(tile.z + i, size);
            if (tile.offset != nullptr) z += load_some<L>(tile.offset + i, size);
            store_some<L, T>(out + i, loss.working_weight(z, load_some<L>(tile.y + i, size)), size);
        });
}

}  // namespace
}  // namespace fastgd::FASTGD_ISA

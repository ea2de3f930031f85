#include "custom_loss.hpp"

#include <algorithm>
#include <cmath>

namespace fastgd {

namespace {

// Numbers of one call: they stay in the first cache levels, on the stack.
constexpr Index most_numbers = 2048;

// Of max(1, |z|): the cube root of a rounding, where differences lose least.
constexpr double difference_step = 6e-6;

// Of the curvature of the parabola that has a row's loss and slope and touches 0: where a loss is
// straight it does not bend, and yet ends.
constexpr double straight_share = 0.1;

// Calls body(begin, y, z, count) for runs of rows and outputs, offsets added.
template <class T, class Body>
void for_runs(const PointwiseTile<T>& tile, const Body& body) {
    double y[most_numbers];
    double z[most_numbers];
    const Index total = tile.rows * tile.outputs;
    for (Index begin = 0; begin < total; begin += most_numbers) {
        const Index count = std::min(most_numbers, total - begin);
        for (Index i = 0; i < count; ++i) {
            y[i] = static_cast<double>(tile.y[begin + i]);
            z[i] = static_cast<double>(tile.z[begin + i]);
            if (tile.offset != nullptr) z[i] += static_cast<double>(tile.offset[begin + i]);
        }
        body(begin, y, z, count);
    }
}

template <class T>
double sum_of_losses(const PointwiseTile<T>& tile, T* derivative) {
    double value[most_numbers];
    double slope[most_numbers];
    double sum = 0.0;
    const CustomLoss& loss = *tile.loss.custom;
    for_runs(tile, [&](Index begin, const double* y, const double* z, Index count) {
        // a row that weighs nothing counts for nothing, however far off it lies
        const auto weighed = [&](Index i, double number) {
            if (tile.weight == nullptr) return number;
            const auto weight = static_cast<double>(tile.weight[begin + i]);
            return weight == 0.0 ? 0.0 : weight * number;
        };
        loss.evaluate(y, z, count, {value, derivative != nullptr ? slope : nullptr});
        for (Index i = 0; i < count; ++i) sum += weighed(i, value[i]);
        if (derivative == nullptr) return;
        for (Index i = 0; i < count; ++i)
            derivative[begin + i] = static_cast<T>(weighed(i, slope[i]));
    });
    return sum;
}

template <class T>
double derivatives(const PointwiseTile<T>& tile, T* derivative) noexcept {
    return sum_of_losses(tile, derivative);
}

template <class T>
double values(const PointwiseTile<T>& tile) noexcept {
    return sum_of_losses<T>(tile, nullptr);
}

template <class T>
void working_weights(const PointwiseTile<T>& tile, T* out) noexcept {
    const CustomLoss& loss = *tile.loss.custom;
    double bend[most_numbers];
    double value[most_numbers];
    double slope[most_numbers];
    for_runs(tile, [&](Index begin, const double* y, const double* z, Index count) {
        loss.bends(y, z, count, bend);
        loss.evaluate(y, z, count, {value, slope});
        for (Index i = 0; i < count; ++i) {
            const double parabola = value[i] > 0.0 ? 0.5 * slope[i] * slope[i] / value[i] : 0.0;
            out[begin + i] = static_cast<T>(std::max(bend[i], straight_share * parabola));
        }
    });
}

template <class T>
T slope(T z, T y, LossParameters parameters) noexcept {
    const auto target = static_cast<double>(y);
    const auto predictor = static_cast<double>(z);
    double result = 0.0;
    parameters.custom->evaluate(&target, &predictor, 1, {.derivative = &result});
    return static_cast<T>(result);
}

// Where pair (r, q) of a block stands is the kernels' own; the steps are theirs too, row after row.
template <class T>
void moves(BlockMoves<T>& m) noexcept {
    constexpr int rows = static_cast<int>(sgd_block_rows);
    const bool anchored = m.at_anchor != nullptr;
    T predictor[rows];
    T rest[rows];
    for (int r = 0; r < rows; ++r) {
        predictor[r] = m.predictor[r];
        rest[r] = m.intercept + m.offset[r];
    }
    for (int r = 0; r < rows; ++r) {
        m.move[r] = T(0);
        // a row that weighs nothing moves nothing, however far off it lies
        if (m.rate[r] != 0) {
            T d = slope(predictor[r] + rest[r], m.y[r], m.loss);
            if (anchored)
                d -= slope(m.at_anchor[r] + m.offset[r] + m.anchor_intercept, m.y[r], m.loss);
            m.move[r] = m.rate[r] * d;
        }
        for (int q = r + 1; q < rows; ++q) {
            predictor[q] *= m.keep[r];
            if (m.rate[r] != 0) predictor[q] -= m.move[r] * m.product[block_pair<rows>(r, q)];
            rest[q] -= m.move[r] * m.intercept_metric;
            if (!anchored) continue;
            predictor[q] -= m.step[r] * m.with_gradient[q];
            rest[q] -= m.step[r] * m.intercept_gradient * m.intercept_metric;
        }
    }
}

double curvature(LossParameters parameters) { return parameters.shape; }

template <class T, Targets Of>
constexpr LossKernels<T> entry{"custom",  curvature,          false,    Of,       derivatives<T>,
                               values<T>, working_weights<T>, slope<T>, moves<T>, nullptr};

}  // namespace

void CustomLoss::bends(const double* y, const double* z, Index count, double* out) const noexcept {
    if (tells_second_derivative()) return evaluate(y, z, count, {.second_derivative = out});
    double at[most_numbers];
    double below[most_numbers];
    for (Index begin = 0; begin < count; begin += most_numbers) {
        const Index size = std::min(most_numbers, count - begin);
        const auto at_side = [&](double side) {
            for (Index i = 0; i < size; ++i) {
                const double middle = z[begin + i];
                at[i] = middle + side * difference_step * std::max(1.0, std::abs(middle));
            }
        };
        at_side(-1.0);
        evaluate(y + begin, at, size, {.derivative = below});
        at_side(1.0);
        evaluate(y + begin, at, size, {.derivative = out + begin});
        for (Index i = 0; i < size; ++i) {
            const double width = 2.0 * (at[i] - z[begin + i]);
            out[begin + i] = (out[begin + i] - below[i]) / width;
        }
    }
}

template <class T>
const LossKernels<T>& custom_kernels(const CustomLoss& loss) {
    switch (loss.targets) {
        case Targets::binary: return entry<T, Targets::binary>;
        case Targets::mean: return entry<T, Targets::mean>;
        default: return entry<T, Targets::real>;
    }
}

template const LossKernels<float>& custom_kernels(const CustomLoss&);
template const LossKernels<double>& custom_kernels(const CustomLoss&);

}  // namespace fastgd

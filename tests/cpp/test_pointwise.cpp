// The pointwise stage: sums of losses and derivatives with weights and offsets, for every loss.
#include "check.hpp"
#include "levels.hpp"
#include "loss_oracle.hpp"
#include "numbers.hpp"

namespace fastgd::testing {
namespace {

template <class T>
void check_tile(const KernelTable<T>& kernels, const LossKernels<T>& loss, Index rows,
                Index outputs, bool weighted, bool with_offset, Numbers& numbers) {
    const LossOracle& oracle = loss_oracle(loss.name);
    const Index count = rows * outputs;
    const Exact<T> z(numbers.uniforms<T>(count, -5, 5));
    LargeVector<T> targets = numbers.uniforms<T>(count, -3, 3);
    for (T& y : targets)
        y = static_cast<T>(target_like(loss.name, loss.targets, static_cast<double>(y)));
    const Exact<T> y(targets);
    const Exact<T> weight(numbers.uniforms<T>(count, 0, 2));
    const Exact<T> offset(numbers.uniforms<T>(count, -2, 2));
    const PointwiseTile<T> tile{rows,
                                outputs,
                                z.data(),
                                y.data(),
                                weighted ? weight.data() : nullptr,
                                with_offset ? offset.data() : nullptr,
                                oracle.parameters};
    Exact<T> derivative(LargeVector<T>(static_cast<std::size_t>(count), T(99)));
    const double sum = loss.derivative(tile, derivative.data());
    const double value = loss.value(tile);

    long double expected_sum = 0;
    long double sum_size = 0;
    for (Index i = 0; i < count; ++i) {
        const long double w = weighted ? weight[i] : T(1);
        const long double o = with_offset ? offset[i] : T(0);
        const long double predictor = z[i] + o;
        const long double one = oracle.value(predictor, y[i], oracle.parameters);
        const long double slope = oracle.derivative(predictor, y[i], oracle.parameters);
        // the predictor is rounded once; what that moves counts as error of the inputs
        const long double reach = 1 + std::abs(static_cast<long double>(z[i])) + std::abs(o) +
                                  std::abs(static_cast<long double>(y[i]));
        const double bound = loss.curvature(oracle.parameters);
        const long double bend =
            bound < unbounded ? bound : oracle.working_weight(predictor, y[i], oracle.parameters);
        expected_sum += w * one;
        sum_size += w * (std::abs(one) + std::abs(slope) * reach);
        check(close(derivative[i], w * slope, w * (std::abs(slope) + bend * reach), 4),
              "derivative of ", loss.name, ' ', kernels.isa, " at ", i, ": ", derivative[i],
              ", expected ", w * slope);
    }
    const auto units = static_cast<double>(std::numeric_limits<T>::epsilon()) /
                       std::numeric_limits<double>::epsilon() * 4;
    check(close(sum, expected_sum, sum_size, units), "sum of ", loss.name, ' ', kernels.isa,
          " over ", count, ": ", sum, ", expected ", expected_sum);
    check(close(value, expected_sum, sum_size, units), "value of ", loss.name, ' ', kernels.isa,
          " over ", count, ": ", value, ", expected ", expected_sum);
}

void every_loss_size_weight_and_offset() {
    each_kernel_table([](const auto& kernels) {
        Numbers numbers(4);
        for (Index l = 0; l < pointwise_losses(kernels); ++l)
            // 64 is where the kernel's buffer ends
            for (const Index rows : {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 21, 63, 64, 65, 127, 128, 129})
                for (const Index outputs : {1, 3})
                    for (const bool weighted : {false, true})
                        for (const bool with_offset : {false, true})
                            check_tile(kernels, kernels.losses[l], rows, outputs, weighted,
                                       with_offset, numbers);
    });
}

void rows_of_weight_zero_count_nothing() {
    each_kernel_table([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        for (Index l = 0; l < pointwise_losses(kernels); ++l) {
            const LossKernels<T>& loss = kernels.losses[l];
            constexpr T infinity = std::numeric_limits<T>::infinity();
            const T z[] = {T(0.5), T(1e4), -infinity, infinity - infinity};
            const T y[] = {T(1), T(-1), T(1), T(1)};
            const T weight[] = {T(2), T(0), T(0), T(0)};
            T derivative[4];
            const LossParameters parameters = loss_oracle(loss.name).parameters;
            const double all =
                loss.derivative({4, 1, z, y, weight, nullptr, parameters}, derivative);
            T first;
            const double alone = loss.derivative({1, 1, z, y, weight, nullptr, parameters}, &first);
            check(all == alone && derivative[0] == first, loss.name, ' ', kernels.isa);
            for (int i = 1; i < 4; ++i) check(derivative[i] == 0, loss.name, ' ', kernels.isa);
        }
    });
}

}  // namespace
}  // namespace fastgd::testing

int main(int argc, char** argv) {
    using namespace fastgd::testing;
    return run({{"every loss, size, weight and offset", every_loss_size_weight_and_offset},
                {"rows of weight zero count nothing", rows_of_weight_zero_count_nothing}},
               argc, argv);
}

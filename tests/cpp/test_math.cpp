// Accuracy of the kernels' exp and log1p, seen through the logistic loss at every margin.
#include <algorithm>

#include "check.hpp"
#include "core/loss.hpp"
#include "levels.hpp"
#include "loss_oracle.hpp"
#include "numbers.hpp"

namespace fastgd::testing {
namespace {

// Stated here, measured over the margins below: units in the last place of T.
constexpr double most_ulp_value = 3.0;
constexpr double most_ulp_derivative = 4.0;

template <class T>
double ulps(T computed, long double expected) {
    int exponent = 0;
    std::frexp(expected, &exponent);
    const long double ulp = std::ldexp(1.0L, exponent - std::numeric_limits<T>::digits);
    return static_cast<double>(std::abs(static_cast<long double>(computed) - expected) / ulp);
}

// Margins down to where exp(-margin) leaves the normal numbers.
template <class T>
LargeVector<T> ordinary_margins() {
    const double end = sizeof(T) == 4 ? 87.0 : 708.0;
    LargeVector<T> margins{T(0), T(-0.0)};
    Numbers numbers(5);
    for (int i = 0; i < 40000; ++i) {
        margins.push_back(static_cast<T>(numbers.uniform(-end, end)));
        margins.push_back(static_cast<T>(numbers.uniform(-2.0, 2.0)));
        const double tiny = std::exp(numbers.uniform(std::log(1e-30), std::log(30.0)));
        margins.push_back(static_cast<T>(i % 2 == 0 ? tiny : -tiny));
    }
    // both sides of every point where the argument is reduced by one more log(2)
    for (double n = 0.5; n * 0.69314718056 < end; n += 1.0)
        for (double nudge = -4.0; nudge <= 4.0; nudge += 1.0) {
            const double edge = n * 0.69314718055994530942 * (1.0 + nudge * 1e-7);
            margins.push_back(static_cast<T>(edge));
            margins.push_back(static_cast<T>(-edge));
        }
    return margins;
}

template <class T>
struct Evaluated {
    T value;
    T derivative;
};

template <class T>
Evaluated<T> log_loss_at(const KernelTable<T>& kernels, T margin) {
    const LossKernels<T>& loss = kernels.losses[find_loss(kernels, "log_loss")];
    const T y = 1;
    Evaluated<T> result{};
    const PointwiseTile<T> tile{1, 1, &margin, &y, nullptr, nullptr, 0.0};
    result.value = static_cast<T>(loss.derivative(tile, &result.derivative));
    return result;
}

void ordinary_margins_within_stated_ulp() {
    each_kernel_table([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        const LargeVector<T> margins = ordinary_margins<T>();
        const LargeVector<T> y(margins.size(), T(1));
        LargeVector<T> derivative(margins.size());
        const LossKernels<T>& loss = kernels.losses[find_loss(kernels, "log_loss")];
        const LossOracle& oracle = loss_oracle("log_loss");
        // all at once: the vector loop, not its tail, computes most of them
        loss.derivative({static_cast<Index>(margins.size()), 1, margins.data(), y.data(), nullptr,
                         nullptr, 0.0},
                        derivative.data());
        double worst_value = 0.0;
        double worst_derivative = 0.0;
        for (std::size_t i = 0; i < margins.size(); ++i) {
            const long double value = oracle.value(margins[i], 1, {});
            const long double slope = oracle.derivative(margins[i], 1, {});
            worst_value =
                std::max(worst_value, ulps(log_loss_at(kernels, margins[i]).value, value));
            worst_derivative = std::max(worst_derivative, ulps(derivative[i], slope));
        }
        std::printf("  %-8s float%-2d  value %.2f ulp, derivative %.2f ulp\n", kernels.isa,
                    static_cast<int>(8 * sizeof(T)), worst_value, worst_derivative);
        check(worst_value <= most_ulp_value, kernels.isa, ' ', worst_value);
        check(worst_derivative <= most_ulp_derivative, kernels.isa, ' ', worst_derivative);
    });
}

void far_margins_neither_overflow_nor_turn_back() {
    each_kernel_table([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        // below this exp(-margin) is not a normal number: any number as small will do
        const T floor = 4 * std::numeric_limits<T>::min();
        for (const double far : {87.5, 100.0, 700.0, 708.5, 745.0, 1e4, 1e30}) {
            const auto margin = static_cast<T>(far);
            const Evaluated<T> right = log_loss_at(kernels, margin);
            const Evaluated<T> wrong = log_loss_at(kernels, static_cast<T>(-margin));
            const long double e = std::exp(-static_cast<long double>(margin));
            check(std::abs(static_cast<long double>(right.value) - e) <=
                      floor + 4 * e * static_cast<long double>(std::numeric_limits<T>::epsilon()),
                  kernels.isa, " value at ", far, ": ", right.value);
            check(right.derivative <= 0 && right.derivative >= -2 * e - floor, kernels.isa,
                  " derivative at ", far, ": ", right.derivative);
            check(wrong.value == margin, kernels.isa, " value at -", far, ": ", wrong.value);
            check(wrong.derivative == T(-1), kernels.isa, " derivative at -", far);
        }
    });
}

void infinities_and_nan() {
    each_kernel_table([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        const T infinity = std::numeric_limits<T>::infinity();
        const Evaluated<T> right = log_loss_at(kernels, infinity);
        check(right.value >= 0 && right.value <= 4 * std::numeric_limits<T>::min(), kernels.isa);
        check(std::abs(right.derivative) <= 4 * std::numeric_limits<T>::min(), kernels.isa);
        const Evaluated<T> wrong = log_loss_at(kernels, -infinity);
        check(wrong.value == infinity && wrong.derivative == T(-1), kernels.isa);
        const T nan = std::numeric_limits<T>::quiet_NaN();
        const Evaluated<T> none = log_loss_at(kernels, nan);
        check(std::isnan(none.value) && std::isnan(none.derivative), kernels.isa);
        // and in the middle of a vector, without touching its neighbours
        LargeVector<T> z(37, T(0.25)), y(37, T(1)), derivative(37);
        z[17] = nan;
        const LossKernels<T>& loss = kernels.losses[find_loss(kernels, "log_loss")];
        check(std::isnan(loss.derivative({37, 1, z.data(), y.data(), nullptr, nullptr, 0.0},
                                         derivative.data())),
              kernels.isa);
        for (std::size_t i = 0; i < z.size(); ++i)
            check(std::isnan(derivative[i]) == (i == 17), kernels.isa, " at ", i);
    });
}

void margin_zero_is_exact() {
    each_kernel_table([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        const Evaluated<T> zero = log_loss_at(kernels, T(0));
        check(zero.derivative == T(-0.5), kernels.isa, ' ', zero.derivative);
        check(ulps(zero.value, std::log(2.0L)) <= 1.0, kernels.isa, ' ', zero.value);
    });
}

}  // namespace
}  // namespace fastgd::testing

int main(int argc, char** argv) {
    using namespace fastgd::testing;
    return run(
        {{"ordinary margins within the stated ulp", ordinary_margins_within_stated_ulp},
         {"far margins neither overflow nor turn", far_margins_neither_overflow_nor_turn_back},
         {"infinities and NaN", infinities_and_nan},
         {"margin zero is exact", margin_zero_is_exact}},
        argc, argv);
}

// The loss of all outputs together: against its definition in long double, at every width.
#include <algorithm>

#include "check.hpp"
#include "core/loss.hpp"
#include "levels.hpp"
#include "numbers.hpp"

namespace fastgd::testing {
namespace {

template <class T>
struct Rows {
    Index count;
    Index outputs;
    Exact<T> z, y, weight, offset;

    Rows(Numbers& numbers, Index rows, Index width, double reach)
        : count(rows),
          outputs(width),
          z(numbers.uniforms<T>(rows * width, -reach, reach)),
          weight(numbers.uniforms<T>(rows * width, 0, 2)),
          offset(numbers.uniforms<T>(rows * width, -1, 1)) {
        LargeVector<T> classes;
        LargeVector<T> weights;
        for (Index i = 0; i < rows; ++i) {
            const auto own = static_cast<T>(numbers.below(width));
            const T w = i % 5 == 3 ? T(0) : static_cast<T>(numbers.uniform(0.1, 2.0));
            classes.insert(classes.end(), static_cast<std::size_t>(width), own);
            weights.insert(weights.end(), static_cast<std::size_t>(width), w);
        }
        y = Exact<T>(classes);
        weight = Exact<T>(weights);
    }
    PointwiseTile<T> tile(bool weighted, bool with_offset) const {
        return {count,
                outputs,
                z.data(),
                y.data(),
                weighted ? weight.data() : nullptr,
                with_offset ? offset.data() : nullptr,
                {}};
    }
};

// Probabilities of one row and the negative logarithm of its own class's.
struct OracleRow {
    std::vector<long double> probability;
    long double value = 0;
};

template <class T>
OracleRow oracle_row(const PointwiseTile<T>& tile, Index row) {
    OracleRow result;
    std::vector<long double> z;
    for (Index k = 0; k < tile.outputs; ++k) {
        const Index at = row * tile.outputs + k;
        // the kernel rounds this sum
        z.push_back(tile.offset != nullptr ? tile.z[at] + tile.offset[at] : tile.z[at]);
    }
    const long double most = *std::max_element(z.begin(), z.end());
    long double sum = 0;
    for (const long double v : z) sum += std::exp(v - most);
    for (const long double v : z) result.probability.push_back(std::exp(v - most) / sum);
    const auto own = static_cast<std::size_t>(tile.y[row * tile.outputs]);
    long double others = 0;
    for (std::size_t k = 0; k < z.size(); ++k)
        if (k != own) others += std::exp(z[k] - z[own]);
    result.value = std::log1p(others);
    return result;
}

template <class T>
const LossKernels<T>& softmax_of(const KernelTable<T>& kernels) {
    return kernels.losses[find_loss(kernels, "softmax")];
}

void equals_the_definition() {
    each_kernel_table([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(11);
        const LossKernels<T>& loss = softmax_of(kernels);
        for (const Index outputs : {1, 2, 3, 4, 7, 8, 9, 16, 17, 33, 100})
            for (const Index rows : {0, 1, 2, 5, 11})
                for (const double reach : {0.1, 5.0, 40.0})
                    for (const bool weighted : {false, true})
                        for (const bool with_offset : {false, true}) {
                            const Rows<T> r(numbers, rows, outputs, reach);
                            const PointwiseTile<T> tile = r.tile(weighted, with_offset);
                            Exact<T> derivative(
                                LargeVector<T>(static_cast<std::size_t>(rows * outputs), T(9)));
                            Exact<T> bend(
                                LargeVector<T>(static_cast<std::size_t>(rows * outputs), T(9)));
                            const double sum = loss.derivative(tile, derivative.data());
                            check(loss.value(tile) == sum, kernels.isa, " value differs");
                            loss.working_weight(tile, bend.data());
                            long double expected = 0;
                            for (Index i = 0; i < rows; ++i) {
                                const OracleRow o = oracle_row(tile, i);
                                const long double w = weighted ? r.weight[i * outputs] : T(1);
                                expected += w * o.value;
                                const auto own = static_cast<Index>(r.y[i * outputs]);
                                for (Index k = 0; k < outputs; ++k) {
                                    const long double p =
                                        o.probability[static_cast<std::size_t>(k)];
                                    const long double rest = k == own ? -std::expm1(-o.value) : p;
                                    const long double slope = w * (k == own ? -rest : rest);
                                    // exponents are rounded differences
                                    const auto units = 16 + 4 * reach;
                                    check(close(derivative[i * outputs + k], slope,
                                                std::abs(slope) + 1e-30L, units * 4),
                                          kernels.isa, " K ", outputs, " slope ",
                                          derivative[i * outputs + k], ", expected ", slope);
                                    const long double other = 1 - p;
                                    check(close(bend[i * outputs + k], p * other, p, units * 4),
                                          kernels.isa, " K ", outputs, " bend");
                                }
                            }
                            check(close(static_cast<T>(sum), expected, expected + 1e-30L,
                                        4 * (16 + 4 * reach)),
                                  kernels.isa, " K ", outputs, " sum ", sum, ", expected ",
                                  expected);
                        }
    });
}

// Slopes of a row add up to nothing: coefficients of all classes keep their sum.
void slopes_add_up_to_nothing() {
    each_kernel_table([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(12);
        const Rows<T> r(numbers, 50, 6, 8.0);
        LargeVector<T> derivative(300);
        softmax_of(kernels).derivative(r.tile(false, false), derivative.data());
        for (std::size_t i = 0; i < 300; i += 6) {
            double sum = 0.0;
            for (std::size_t k = 0; k < 6; ++k) sum += static_cast<double>(derivative[i + k]);
            check(std::abs(sum) <= 8.0 * static_cast<double>(std::numeric_limits<T>::epsilon()),
                  kernels.isa, ' ', sum);
        }
    });
}

// Two classes are one label: log(1 + exp(-(z_1 - z_0))).
void two_classes_are_a_log_loss() {
    each_kernel_table([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        const LossKernels<T>& one = kernels.losses[find_loss(kernels, "log_loss")];
        for (double margin = -60.0; margin <= 60.0; margin += 0.37) {
            const T z[] = {T(0), static_cast<T>(margin)};
            const T y[] = {T(1), T(1)};
            const T label = 1;
            T slopes[2];
            T slope = 0;
            const double both =
                softmax_of(kernels).derivative({1, 2, z, y, nullptr, nullptr, {}}, slopes);
            const double alone =
                one.derivative({1, 1, z + 1, &label, nullptr, nullptr, {}}, &slope);
            check(close(static_cast<T>(both), alone, alone, 8), kernels.isa, " at ", margin);
            check(close(slopes[1], slope, std::abs(slope), 8), kernels.isa, " at ", margin);
        }
    });
}

// Numbers of no class are the front door's to refuse; here they only must not lead out of the row.
void numbers_of_no_class_stay_within_the_row() {
    each_kernel_table([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        const Exact<T> z(LargeVector<T>(3, T(0)));
        for (const double number : {-1.0, 3.0, 1e9, std::numeric_limits<double>::quiet_NaN()}) {
            const Exact<T> y(LargeVector<T>(3, static_cast<T>(number)));
            Exact<T> slopes(LargeVector<T>(3, T(9)));
            softmax_of(kernels).derivative({1, 3, z.data(), y.data(), nullptr, nullptr, {}},
                                           slopes.data());
            for (Index k = 0; k < 3; ++k) check(std::abs(slopes[k]) <= 1, kernels.isa, ' ', number);
        }
    });
}

void extremes() {
    each_kernel_table([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        constexpr T infinity = std::numeric_limits<T>::infinity();
        const T y[] = {T(1), T(1), T(1)};
        T slopes[3];
        const auto at = [&](T a, T b, T c) {
            const T z[] = {a, b, c};
            return softmax_of(kernels).derivative({1, 3, z, y, nullptr, nullptr, {}}, slopes);
        };
        check(at(T(1e30), T(0), T(-1e30)) == static_cast<double>(T(1e30)) && slopes[0] == 1 &&
                  slopes[1] == -1 && slopes[2] < T(1e-30),
              kernels.isa);
        check(at(T(0), T(1e30), T(0)) < 1e-30 && slopes[1] <= 0, kernels.isa);
        check(std::isnan(at(T(0), infinity - infinity, T(0))), kernels.isa, " NaN is lost");
        check(!std::isfinite(at(infinity, T(0), T(0))), kernels.isa, " infinity is lost");
        // a row that weighs nothing counts for nothing, however far off it lies
        const T z[] = {infinity, -infinity, infinity - infinity};
        const T weight[] = {T(0), T(0), T(0)};
        check(softmax_of(kernels).derivative({1, 3, z, y, weight, nullptr, {}}, slopes) == 0.0 &&
                  slopes[0] == 0 && slopes[1] == 0 && slopes[2] == 0,
              kernels.isa);
    });
}

}  // namespace
}  // namespace fastgd::testing

int main(int argc, char** argv) {
    using namespace fastgd::testing;
    return run({{"equals the definition", equals_the_definition},
                {"slopes add up to nothing", slopes_add_up_to_nothing},
                {"two classes are a log loss", two_classes_are_a_log_loss},
                {"numbers of no class", numbers_of_no_class_stay_within_the_row},
                {"extremes", extremes}},
               argc, argv);
}

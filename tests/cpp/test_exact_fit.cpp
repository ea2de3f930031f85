// What rounding leaves of an exact fit: a formula.
#include <cmath>
#include <limits>
#include <string_view>

#include "check.hpp"
#include "core/exact_fit.hpp"
#include "levels.hpp"
#include "problem.hpp"

namespace fastgd::testing {
namespace {

template <class T>
Objective<T> objective_of(const KernelTable<T>& kernels, std::string_view loss,
                          LossParameters parameters) {
    return Objective<T>(kernels, {find_loss(kernels, loss), parameters}, 1);
}

ColumnMoments two_columns() {
    ColumnMoments moments;
    moments.mean = {100.0, 0.0};
    moments.variance = {4.0, 9.0};
    return moments;
}

void equals_the_formula() {
    each_precision([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        const double eps = std::numeric_limits<T>::epsilon();
        const Coefficients raw{{2.0, -1.0, 0.0, 3.0}, {0.0, 0.0}};
        // outputs of squares 4 (4 + 1e4) + 9 and 9 * 9, each with half of the targets' 50
        const double squares = 40'025.0 + 81.0 + 50.0;
        const double expected = 0.5 * eps * eps * squares;
        const auto of = [&](std::string_view loss, LossParameters parameters) {
            return rounded_objective(
                objective_of(kernels, loss, parameters), two_columns(), [&] { return raw; }, 50.0);
        };
        check(std::abs(of("squared_error", {}) / expected - 1.0) <= 1e-6);
        check(std::abs(of("huber", {1.0}) / expected - 1.0) <= 1e-6);
        // a bound far below the rounding: residuals count by their size alone
        const double bound = 1e-6 * eps;
        const double linear = bound * eps * (std::sqrt(40'025.0 + 25.0) + std::sqrt(106.0));
        check(std::abs(of("huber", {bound}) / linear - 1.0) <= 1e-5);
        check(of("log_loss", {}) == 0.0, "labels are never fitted exactly");
    });
}

void nothing_known_of_columns_leaves_targets() {
    const auto& kernels = selected_kernels<double>();
    const double eps = std::numeric_limits<double>::epsilon();
    const auto ones = [] { return Coefficients{{1.0, 1.0}, {0.0}}; };
    const double left =
        rounded_objective(objective_of(kernels, "squared_error", {}), {}, ones, 2.0);
    check(std::abs(left / (eps * eps) - 1.0) <= 1e-12, left);
}

void overflow_is_no_exact_fit() {
    const auto& kernels = selected_kernels<float>();
    const auto raw = [] { return Coefficients{{1e300, 1.0}, {0.0}}; };
    check(rounded_objective(objective_of(kernels, "squared_error", {}), two_columns(), raw, 1.0) ==
          0.0);
}

}  // namespace
}  // namespace fastgd::testing

int main(int argc, char** argv) {
    using namespace fastgd::testing;
    return run(
        {{"equals the formula", equals_the_formula},
         {"nothing known of columns leaves targets", nothing_known_of_columns_leaves_targets},
         {"overflow is no exact fit", overflow_is_no_exact_fit}},
        argc, argv);
}

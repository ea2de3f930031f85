// The duality gap: sums over many blocks by the book, and losses that tell none.
#include <algorithm>

#include "check.hpp"
#include "core/duality_gap.hpp"
#include "levels.hpp"
#include "problem.hpp"

namespace fastgd::testing {
namespace {

// Of ridge regression without an intercept nothing is taken off the derivatives: the gap is
// l2 / 2 |w + gradient of the mean loss / l2|^2.
void ridge_by_the_book() {
    each_kernel_table([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(90);
        for (const Index rows : {1, 300, 20000})
            for (const bool weighted : {false, true}) {
                const auto problem = make_problem<T>(numbers, rows, 9, 2, {false, weighted, true});
                const LargeVector<T> coef = numbers.normals<T>(18);
                const LargeVector<T> intercept = numbers.normals<T>(2);
                const ExactSums sums = exact_sums(
                    problem, problem.all(), loss_oracle("squared_error"), {}, coef, intercept);
                const long double l2 = 0.25;
                long double value = sums.loss / sums.weight;
                long double expected = 0;
                for (std::size_t j = 0; j < coef.size(); ++j) {
                    const long double away = coef[j] + sums.coef[j] / sums.weight / l2;
                    expected += l2 / 2 * away * away;
                    value += l2 / 2 * coef[j] * coef[j];
                }
                expected = std::min(expected, value);
                const Coefficients at{{coef.begin(), coef.end()},
                                      {intercept.begin(), intercept.end()}};
                for (const int threads : {1, 2}) {
                    const Objective<T> objective(
                        kernels, {find_loss(kernels, "squared_error"), 0.0}, threads);
                    const double gap =
                        duality_gap(objective, problem.data(), at, {0.0, static_cast<double>(l2)},
                                    PenaltyScale::raw, false);
                    check(std::abs(gap - expected) <=
                              1e3L * std::numeric_limits<T>::epsilon() * expected,
                          kernels.isa, " rows ", rows, ": ", gap, ", expected ", expected);
                }
            }
    });
}

void a_loss_without_fenchel_gaps_has_no_bound() {
    Numbers numbers(91);
    const auto problem = make_problem<double>(numbers, 50, 3, 1);
    KernelTable<double> kernels = selected_kernels<double>();
    LossKernels<double> loss = kernels.losses[0];
    const Coefficients at{{0.1, 0.2, 0.3}, {0.0}};
    const auto gap = [&] {
        const Objective<double> objective(kernels, {0, 1.0}, 1);
        return duality_gap(objective, problem.data(), at, {0.1, 0.1}, PenaltyScale::raw, true);
    };
    check(std::isfinite(gap()));
    loss.fenchel_gaps = nullptr;
    kernels.losses = &loss;
    check(gap() == std::numeric_limits<double>::infinity());
}

}  // namespace
}  // namespace fastgd::testing

int main(int argc, char** argv) {
    using namespace fastgd::testing;
    return run(
        {{"ridge by the book", ridge_by_the_book},
         {"a loss without fenchel gaps has no bound", a_loss_without_fenchel_gaps_has_no_bound}},
        argc, argv);
}

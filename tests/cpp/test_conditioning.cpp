// What rows tell before a fit: second moments, dependent columns and safe steps of known designs.
#include "check.hpp"
#include "core/conditioning.hpp"
#include "levels.hpp"
#include "problem.hpp"

namespace fastgd::testing {
namespace {

// Normal columns with means and units of their own; the last is the sum of the first two.
template <class T>
Problem<T> dependent_problem(Index rows) {
    Numbers numbers(71);
    Problem<T> problem = make_problem<T>(numbers, rows, 4, 1);
    for (std::size_t i = 0; i < static_cast<std::size_t>(rows); ++i) {
        T* x = problem.X.data() + 4 * i;
        // few bits: the sum is exact
        for (std::size_t j = 0; j < 3; ++j) x[j] = std::round(x[j] * T(64)) / T(64);
        x[1] = T(8) * x[1] + T(5);
        x[3] = x[0] + x[1];
    }
    return problem;
}

template <class T>
Conditioning of(const KernelTable<T>& kernels, const Problem<T>& problem, int threads) {
    const LossSpec loss{find_loss(kernels, "squared_error"), 0.0};
    return conditioning(kernels, problem.data(), loss, {}, PenaltyScale::raw, true, threads,
                        keep_going);
}

void moments_and_dependence() {
    each_precision([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        const Problem<T> problem = dependent_problem<T>(5000);
        const Conditioning one = of(kernels, problem, 1);
        check(one.rows == 5000);
        check(one.dependent == std::vector<Index>{3} && one.told_apart.empty());
        for (Index j = 0; j < 5; ++j) check(std::abs(one.second_moments.at(j, j) - 1.0) < 1e-5, j);
        check(std::abs(one.shift[1] - one.moments.mean[1]) < 1e-5);
        check(one.batch.limit == Limit::column && one.sgd.rate < one.batch.rate);
        const Conditioning many = of(kernels, problem, 3);
        check(one.batch.rate == many.batch.rate && one.sgd.index == many.sgd.index);
        for (Index i = 0; i < 5; ++i)
            for (Index j = i; j < 5; ++j)
                check(one.second_moments.at(i, j) == many.second_moments.at(i, j), i, " ", j);
    });
}

void non_finite_cell_ends_it() {
    Problem<double> problem = dependent_problem<double>(100);
    problem.X[4 * 17 + 2] = std::numeric_limits<double>::quiet_NaN();
    const Conditioning found = of(selected_kernels<double>(), problem, 1);
    check(found.moments.non_finite && found.moments.non_finite->row == 17);
    check(found.rows == 0);
}

void more_columns_than_whitening_takes() {
    Numbers numbers(72);
    const Problem<double> problem = make_problem<double>(numbers, 20, 2048, 1);
    const Conditioning found = of(selected_kernels<double>(), problem, 2);
    check(found.rows == 0 && found.second_moments.size() == 0 && found.batch.rate > 0.0);
}

}  // namespace
}  // namespace fastgd::testing

int main(int argc, char** argv) {
    using namespace fastgd::testing;
    return run({{"moments and dependence", moments_and_dependence},
                {"a non-finite cell ends it", non_finite_cell_ends_it},
                {"more columns than whitening takes", more_columns_than_whitening_takes}},
               argc, argv);
}

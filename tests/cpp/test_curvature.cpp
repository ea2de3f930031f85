// Curvature estimates against designs whose eigenvalues are known in closed form.
#include <algorithm>

#include "check.hpp"
#include "core/curvature.hpp"
#include "core/dot.hpp"
#include "levels.hpp"
#include "problem.hpp"

namespace fastgd::testing {
namespace {

// Rows are +s_j e_j and -s_j e_j in turn: the columns are orthogonal and centred, and
// X'X / n = diag(s_j^2 / d).
template <class T>
Problem<T> orthogonal(const LargeVector<double>& scales, Index rounds) {
    const auto d = static_cast<Index>(scales.size());
    Problem<T> problem{2 * d * rounds, d, 1, {}, {}, {}, {}};
    problem.X.resize(static_cast<std::size_t>(problem.rows * d));
    problem.y.resize(static_cast<std::size_t>(problem.rows));
    for (Index i = 0; i < problem.rows; ++i) {
        const Index j = i / 2 % d;
        const double s = scales[static_cast<std::size_t>(j)];
        problem.X[static_cast<std::size_t>(i * d + j)] = static_cast<T>(i % 2 == 0 ? s : -s);
    }
    return problem;
}

// Two columns of variance 1 with correlation (equal - opposite) / (equal + opposite).
template <class T>
Problem<T> correlated(int equal, int opposite) {
    Problem<T> problem{2 * (equal + opposite), 2, 1, {}, {}, {}, {}};
    for (Index i = 0; i < problem.rows; ++i) {
        const T first = i % 2 == 0 ? T(1) : T(-1);
        problem.X.push_back(first);
        problem.X.push_back(i < 2 * equal ? first : -first);
        problem.y.push_back(T(0));
    }
    return problem;
}

// The power iteration ends within its tolerance, and never above the eigenvalue.
bool reaches(double estimate, double eigenvalue) {
    return estimate <= eigenvalue * (1 + 1e-5) && estimate >= eigenvalue * 0.99;
}

template <class T>
double estimate(const KernelTable<T>& kernels, const Problem<T>& problem,
                const Preconditioner& preconditioner, double curvature, double l2) {
    return largest_curvature(kernels, problem.data(), preconditioner, curvature, {0.0, l2}, 2,
                             keep_going, 1e-3)
        .curvature;
}

void orthogonal_columns() {
    each_precision([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        const Problem<T> problem = orthogonal<T>({1.0, 12.0, 3.0, 0.5}, 50);
        const Preconditioner none = Preconditioner::none(true);
        const double largest = estimate(kernels, problem, none, 1.0, 0.0);
        check(reaches(largest, 144.0 / 4), largest);
        const double with_ridge = estimate(kernels, problem, none, 0.25, 2.0);
        check(reaches(with_ridge, 0.25 * 36.0 + 2.0), with_ridge);
        // small columns: what bends most is the intercept
        const Problem<T> small = orthogonal<T>({0.1, 0.2}, 50);
        check(reaches(estimate(kernels, small, none, 0.25, 0.0), 0.25));
        const double without_intercept =
            estimate(kernels, small, Preconditioner::none(false), 0.25, 0.0);
        check(reaches(without_intercept, 0.25 * 0.04 / 2), without_intercept);
    });
}

void correlated_columns() {
    each_precision([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        for (const auto& [equal, opposite] : {std::pair{90, 10}, std::pair{30, 70}}) {
            const double rho = static_cast<double>(equal - opposite) / (equal + opposite);
            const double largest = estimate(kernels, correlated<T>(equal, opposite),
                                            Preconditioner::none(false), 1.0, 0.0);
            check(reaches(largest, 1.0 + std::abs(rho)), largest, " for ", 1.0 + std::abs(rho));
        }
    });
}

// Scaled by its own curvature every orthogonal column bends by 1.
void metric_levels_the_columns() {
    each_precision([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        const Problem<T> problem = orthogonal<T>({1e-3, 12.0, 300.0}, 50);
        const ColumnMoments moments =
            column_moments(kernels, problem.data(), problem.all(), 1, keep_going);
        const Preconditioner scaled = Preconditioner::scale(moments, 0.25, {}, true, 0);
        const double largest = estimate(kernels, problem, scaled, 0.25, 0.0);
        check(reaches(largest, 1.0), largest);
    });
}

// The bound holds on a sample too: a table longer than the rows it looks at.
void sample_stands_for_all_rows() {
    const KernelTable<double>& kernels = selected_kernels<double>();
    const Problem<double> problem = orthogonal<double>({1.0, 4.0}, 200000);
    const double largest = estimate(kernels, problem, Preconditioner::none(true), 1.0, 0.0);
    check(reaches(largest, 8.0), largest);
}

void weights_count() {
    const KernelTable<double>& kernels = selected_kernels<double>();
    Problem<double> problem = orthogonal<double>({1.0, 4.0}, 100);
    // rows of the large column weigh a third of the others
    for (Index i = 0; i < problem.rows; ++i) problem.weight.push_back(i / 2 % 2 == 1 ? 0.5 : 1.5);
    const double largest = estimate(kernels, problem, Preconditioner::none(true), 1.0, 0.0);
    check(reaches(largest, 16.0 * 0.25), largest);
}

// The column of the largest variance alone, where columns are orthogonal.
void steepest_direction() {
    each_precision([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        const Problem<T> problem = orthogonal<T>({1.0, 12.0, 3.0, 0.5}, 50);
        const SteepestDirection steepest = largest_curvature(
            kernels, problem.data(), Preconditioner::none(true), 1.0, {}, 2, keep_going, 1e-3);
        double rest = 0.0;
        for (const std::size_t j : {0, 2, 3, 4}) rest += std::abs(steepest.direction[j]);
        check(std::abs(steepest.direction[1]) > 0.99 && rest < 0.1, rest);
    });
}

// Columns orthogonal and centred: the operator is diagonal, each entry known.
void operator_multiplies() {
    each_precision([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Problem<T> problem = orthogonal<T>({2.0, 4.0}, 50);
        for (std::size_t i = 1; i < problem.X.size(); i += 2) problem.X[i] += T(8);
        const LargeVector<double> v{1.0, -3.0, 2.0};
        CurvatureOperator<T> bend(kernels, problem.data(), problem.all(), {0.0, 8.0}, {1.0, 4.0},
                                  9.0, 0.25, {0.0, 0.5}, 2);
        const LargeVector<double> image = bend(v);
        check(std::abs(image[0] - (0.25 * 2.0 + 0.5)) < 1e-6, image[0]);
        check(std::abs(image[1] + 3.0 * 4.0 * (0.25 * 8.0 + 0.5)) < 1e-5, image[1]);
        check(std::abs(image[2] - 2.0 * 9.0 * 0.25) < 1e-6, image[2]);
        check(bend(v) == image, "not the same again");
        const double along = curvature_along(kernels, problem.data(), {{0.0, 8.0}, {1.0, 4.0}, 9.0},
                                             0.25, {0.0, 0.5}, 2, v);
        check(std::abs(along - dot(v, image)) < 1e-4, along, " is not ", dot(v, image));
    });
}

void norms_of_single_rows() {
    each_precision([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(30);
        Problem<T> problem = make_problem<T>(numbers, 1000, 37, 1);
        problem.X[500 * 37 + 36] = T(64);
        long double largest = 0;
        for (std::size_t i = 0; i < 1000; ++i) {
            long double norm = 1;
            for (std::size_t j = 0; j < 37; ++j)
                norm += static_cast<long double>(problem.X[i * 37 + j]) * problem.X[i * 37 + j];
            largest = std::max(largest, norm);
        }
        for (const int threads : {1, 2, 5}) {
            const LongestRow longest = longest_row(kernels, problem.data(), 1.0, threads);
            check(longest.row == 500 && std::abs(longest.square - largest) <= 1e-12L * largest);
        }
        // a row counts by its weight over the mean one, the first of equals wins
        problem.X.assign(problem.X.size(), T(1));
        problem.weight.assign(1000, T(1));
        problem.weight[321] = problem.weight[700] = T(3);
        const LongestRow heavy = longest_row(kernels, problem.data(), 1.5, 2);
        check(heavy.row == 321 && heavy.square == 38.0 * 2.0, heavy.row, " ", heavy.square);
    });
    ColumnMoments moments;
    moments.mean = {1.0, -2.0};
    moments.variance = {3.0, 0.5};
    const Preconditioner none = Preconditioner::none(true);
    check(mean_row_curvature(moments, none, 0.25) == 0.25 * (1.0 + 4.0 + 4.5));
    Preconditioner scaled;
    scaled.shift = {1.0, -2.0};
    scaled.metric = {2.0, 4.0};
    scaled.intercept_metric = 0.0;
    check(mean_row_curvature(moments, scaled, 1.0) == 6.0 + 2.0);
}

}  // namespace
}  // namespace fastgd::testing

int main(int argc, char** argv) {
    using namespace fastgd::testing;
    return run({{"orthogonal columns", orthogonal_columns},
                {"correlated columns", correlated_columns},
                {"metric levels the columns", metric_levels_the_columns},
                {"a sample stands for all rows", sample_stands_for_all_rows},
                {"weights count", weights_count},
                {"steepest direction", steepest_direction},
                {"operator multiplies", operator_multiplies},
                {"norms of single rows", norms_of_single_rows}},
               argc, argv);
}

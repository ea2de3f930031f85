// Penalties in deviations of columns: their factors, and what a descent of each kind makes of them.
#include "check.hpp"
#include "core/descent.hpp"
#include "core/penalty_scale.hpp"
#include "levels.hpp"
#include "problem.hpp"

namespace fastgd::testing {
namespace {

// Columns: ordinary; constant; constant but for rounding of the mean; one that overflows.
ColumnMoments moments() {
    ColumnMoments result;
    result.weight = 10.0;
    result.mean = {2.0, 7.0, 1e3, 0.0};
    result.variance = {4.0, 0.0, 1e-25, std::numeric_limits<double>::infinity()};
    result.smallest = {-1.0, 7.0, 1e3, -1e200};
    result.largest = {5.0, 7.0, 1e3, 1e200};
    return result;
}

void factors_of_columns() {
    const PenaltyStrength scaled = in_deviations({0.5, 0.25}, moments());
    check(scaled.l1_of(0) == 1.0 && scaled.l2_of(0) == 1.0);
    for (std::size_t j = 1; j < 4; ++j)
        check(scaled.l1_of(j) == 0.0 && scaled.l2_of(j) == 0.0, "column ", j);
    check(scaled.l1 == 0.5 && scaled.l2 == 0.25, "the schedule still knows the strength");
}

void factors_multiply_those_of_deviations() {
    const PenaltyStrength given = PenaltyStrength::of(0.5, 0.5, {3.0, 1.0, 0.0, 2.0});
    check(given.l1_of(4) == 0.75 && given.l2_of(3) == 0.5, "the same for all outputs");
    check(given.exempts(2) && !given.exempts(0) && given.fits(2, 4) && !given.fits(2, 3));
    const PenaltyStrength scaled = in_deviations(given, moments());
    check(scaled.l1_of(0) == 1.5 && scaled.l2_of(0) == 3.0, scaled.l1_of(0), " ", scaled.l2_of(0));
    for (std::size_t j = 1; j < 4; ++j) check(scaled.exempts(j), "column ", j);
    check(!PenaltyStrength().exempts(0), "no penalty exempts nobody");
}

template <class T>
PenaltyStrength penalty_on(const KernelTable<T>& kernels, const Problem<T>& problem,
                           const PenaltyStrength& penalty, PenaltyScale scale, int threads) {
    const Objective<T> objective(kernels, {0, 0.0}, threads);
    return scaled_penalty(objective, problem.data(), problem.all(), penalty, scale);
}

void factors_come_from_the_rows() {
    each_precision([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(40);
        Problem<T> problem = make_problem<T>(numbers, 20'000, 33, 1, {.weighted = true});
        const PenaltyStrength plain{0.5, 0.25};
        const PenaltyStrength one = penalty_on(kernels, problem, plain, PenaltyScale::deviation, 1);
        long double weight = 0, sum = 0, square = 0;
        for (std::size_t i = 0; i < problem.weight.size(); ++i) {
            const long double x = problem.X[i * 33 + 7], w = problem.weight[i];
            weight += w;
            sum += w * x;
            square += w * x * x;
        }
        const long double variance = square / weight - sum / weight * (sum / weight);
        const double units = sizeof(T) == 4 ? 256 : 1024;
        check(close(static_cast<T>(one.l2_factor[7]), variance, 1, units), one.l2_factor[7]);
        check(close(static_cast<T>(one.l1_factor[7]), std::sqrt(variance), 1, units));
        const PenaltyStrength many =
            penalty_on(kernels, problem, plain, PenaltyScale::deviation, 7);
        check(many.l1_factor == one.l1_factor && many.l2_factor == one.l2_factor, "threads");
        check(penalty_on(kernels, problem, plain, PenaltyScale::raw, 2).l1_factor.empty());
        check(penalty_on(kernels, problem, {}, PenaltyScale::deviation, 2).l1_factor.empty());
        problem.X[5] = std::numeric_limits<T>::infinity();
        const double coef[33] = {};
        check(std::isnan(
            penalty_on(kernels, problem, plain, PenaltyScale::deviation, 2).value(coef)));
    });
}

// Equal columns in units 2^k apart: with factors that undo it, every step leads to the same model.
void descents_see_factors() {
    const Numbers seed(41);
    for (const Solver solver : {Solver::batch, Solver::minibatch, Solver::sgd})
        for (const Update update : {Update::plain, Update::nesterov, Update::adam}) {
            if (solver == Solver::batch && update == Update::adam) continue;
            each_precision([&](const auto& kernels) {
                using T = Number<decltype(kernels)>;
                Numbers numbers = seed;
                const Problem<T> problem = make_problem<T>(numbers, 300, 5, 2);
                const LargeVector<double> unit{1.0, 0.5, 8.0, 2.0, 0.25};
                Problem<T> other = problem;
                for (std::size_t i = 0; i < other.X.size(); ++i)
                    other.X[i] *= static_cast<T>(unit[i % 5]);
                const auto descend = [&](const Problem<T>& rows, const LargeVector<double>& u) {
                    const Objective<T> objective(kernels, {0, 0.0}, 1);
                    DescentOptions options;
                    options.columns = 5;
                    options.outputs = 2;
                    options.batch_size = 32;
                    options.update = update;
                    options.penalty = {0.1, 0.2};
                    options.schedule.rate = 0.01;
                    options.preconditioner.shift.assign(5, 0.0);
                    for (const double x : u) {
                        options.penalty.l1_factor.push_back(x);
                        options.penalty.l2_factor.push_back(x * x);
                        options.preconditioner.metric.push_back(1.0 / (x * x));
                    }
                    const Coefficients start{LargeVector<double>(10, 0.0), {0.0, 0.0}};
                    const auto descent = make_descent(solver, objective, options, start);
                    for (int epoch = 0; epoch < 5; ++epoch) {
                        descent->consume(rows.data(), rows.all());
                        descent->finish_epoch();
                    }
                    Coefficients end = descent->coefficients();
                    for (std::size_t j = 0; j < end.coef.size(); ++j) end.coef[j] *= u[j % 5];
                    return end;
                };
                const Coefficients a = descend(problem, LargeVector<double>(5, 1.0));
                const Coefficients b = descend(other, unit);
                check(a.coef == b.coef && a.intercept == b.intercept, static_cast<int>(solver), ' ',
                      static_cast<int>(update));
                check(!a.zero());
            });
        }
}

}  // namespace
}  // namespace fastgd::testing

int main(int argc, char** argv) {
    using namespace fastgd::testing;
    return run({{"factors of columns", factors_of_columns},
                {"factors multiply those of deviations", factors_multiply_those_of_deviations},
                {"factors come from the rows", factors_come_from_the_rows},
                {"descents see factors", descents_see_factors}},
               argc, argv);
}

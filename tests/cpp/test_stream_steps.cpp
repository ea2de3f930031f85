// Metric and step of a stream from its first rows: few or many, constant or not, weighted or not.
#include "check.hpp"
#include "core/stream_steps.hpp"
#include "levels.hpp"
#include "problem.hpp"

namespace fastgd::testing {
namespace {

FitOptions options_of(Solver solver) {
    FitOptions options;
    options.solver = solver;
    options.threads = 1;
    return options;
}

template <class T>
StreamSteps steps_of(const KernelTable<T>& kernels, const Problem<T>& problem,
                     const FitOptions& options) {
    const Objective<T> objective(kernels, {find_loss(kernels, "squared_error")}, 1);
    return stream_steps(objective, problem.data(), options);
}

// With many rows columns move by their spread, less where an entry lies far out, and a row of mean
// length moves its prediction by a quarter of its residual.
void many_rows() {
    each_precision([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(50);
        const Problem<T> problem = make_problem<T>(numbers, 20'000, 5, 1);
        const StreamSteps sgd = steps_of(kernels, problem, options_of(Solver::sgd));
        for (const double metric : sgd.preconditioner.metric)
            check(metric > 0.25 && metric < 1.05, metric);
        for (const double shift : sgd.preconditioner.shift)
            check(shift == static_cast<double>(static_cast<T>(shift)), shift);
        double square = 1.0;  // the intercept's
        for (const double metric : sgd.preconditioner.metric) square += metric;
        check(std::abs(sgd.rate * 4.0 * square - 1.0) < 0.05, sgd.rate);
        const StreamSteps batches = steps_of(kernels, problem, options_of(Solver::minibatch));
        check(batches.rate > 5.0 * sgd.rate && batches.rate < 1.1, batches.rate);
    });
}

// A column that does not vary yet spreads as far as it lies from 0, or by 1.
void columns_alike_at_first() {
    each_precision([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(51);
        Problem<T> problem = make_problem<T>(numbers, 100, 3, 1);
        for (std::size_t i = 0; i < 100; ++i) {
            problem.X[i * 3] = T(4);
            problem.X[i * 3 + 1] = T(0);
        }
        const StreamSteps steps = steps_of(kernels, problem, options_of(Solver::sgd));
        check(std::abs(steps.preconditioner.metric[0] * 16.0 - 1.0) < 1e-6);
        check(steps.preconditioner.metric[1] == 1.0);
    });
}

// One row tells no spread: steps are those of a row as far off as its entries lie from 0.
void a_single_row() {
    each_precision([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Problem<T> problem{1, 2, 1, {T(2), T(0.5)}, {T(1)}, {}, {}};
        for (const Solver solver : {Solver::sgd, Solver::minibatch}) {
            const StreamSteps steps = steps_of(kernels, problem, options_of(solver));
            check(std::abs(steps.preconditioner.metric[0] * 4.0 - 1.0) < 1e-6);
            check(std::abs(steps.preconditioner.metric[1] * 0.25 - 1.0) < 1e-6);
            check(steps.rate <= 1.0 / 12.0, steps.rate);
        }
    });
}

// A step of the caller's on columns as given leaves nothing open.
void steps_of_the_caller() {
    each_precision([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(52);
        const Problem<T> problem = make_problem<T>(numbers, 50, 3, 1);
        FitOptions options = options_of(Solver::sgd);
        options.rate = Rate::constant;
        options.eta0 = 0.125;
        const StreamSteps steps = steps_of(kernels, problem, options);
        check(steps.preconditioner.identity() && steps.rate == 0.125);
        options.precondition = Precondition::scale;
        const StreamSteps scaled = steps_of(kernels, problem, options);
        check(scaled.preconditioner.metric.size() == 3 && scaled.rate == 0.125);
    });
}

// Weights are taken as they are: twice as heavy rows bear half the step.
void weights_count() {
    each_precision([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(53);
        Problem<T> problem = make_problem<T>(numbers, 500, 3, 1);
        const double plain = steps_of(kernels, problem, options_of(Solver::sgd)).rate;
        problem.weight.assign(500, T(2));
        const double heavy = steps_of(kernels, problem, options_of(Solver::sgd)).rate;
        check(std::abs(plain / heavy - 2.0) < 1e-5, plain / heavy);
    });
}

}  // namespace
}  // namespace fastgd::testing

int main(int argc, char** argv) {
    using namespace fastgd::testing;
    return run({{"many rows", many_rows},
                {"columns alike at first", columns_alike_at_first},
                {"a single row", a_single_row},
                {"steps of the caller", steps_of_the_caller},
                {"weights count", weights_count}},
               argc, argv);
}

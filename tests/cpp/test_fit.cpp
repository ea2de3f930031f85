// Whole fits on problems with a known answer, and what the outside world can do to them.
#include <algorithm>
#include <chrono>
#include <thread>

#include "check.hpp"
#include "core/fit.hpp"
#include "levels.hpp"
#include "problem.hpp"

namespace fastgd::testing {
namespace {

// Does nothing unless told to.
class QuietMonitor final : public FitMonitor {
  public:
    Index stop_after = -1;
    Index keep_epoch = -1;
    Index interrupt_at_look = -1;
    Index sleep_at_look = -1;
    Index looks = 0;
    std::vector<Index> epochs;
    Coefficients last;
    Coefficients kept;

    bool interrupted() override {
        if (looks == sleep_at_look) std::this_thread::sleep_for(std::chrono::milliseconds(40));
        return looks++ == interrupt_at_look;
    }
    EpochAnswer epoch_done(const EpochReport& report, FunctionRef<Coefficients()> raw) override {
        epochs.push_back(report.epoch);
        last = raw();
        if (report.epoch == keep_epoch) kept = last;
        return {report.epoch == stop_after, report.epoch == keep_epoch};
    }
    double rate_of(double epoch) override { return 0.1 / (epoch + 1.0); }
};

// Ridge regression in closed form: normal equations with the intercept as an unpenalised column.
template <class T>
std::vector<long double> ridge(const Problem<T>& problem, double l2) {
    const auto n = static_cast<std::size_t>(problem.columns + 1);
    std::vector<std::vector<long double>> a(n, std::vector<long double>(n + 1));
    long double total = 0;
    for (std::size_t i = 0; i < static_cast<std::size_t>(problem.rows); ++i) {
        const long double w = problem.weight.empty() ? T(1) : problem.weight[i];
        std::vector<long double> row(n, 1.0L);
        for (std::size_t j = 0; j + 1 < n; ++j) row[j] = problem.X[i * (n - 1) + j];
        total += w;
        for (std::size_t j = 0; j < n; ++j) {
            for (std::size_t k = 0; k < n; ++k) a[j][k] += w * row[j] * row[k];
            a[j][n] += w * row[j] * static_cast<long double>(problem.y[i]);
        }
    }
    for (std::size_t j = 0; j + 1 < n; ++j) a[j][j] += total * static_cast<long double>(l2);
    for (std::size_t p = 0; p < n; ++p)  // positive definite: no pivoting
        for (std::size_t j = 0; j < n; ++j) {
            if (j == p) continue;
            const long double factor = a[j][p] / a[p][p];
            for (std::size_t k = p; k <= n; ++k) a[j][k] -= factor * a[p][k];
        }
    std::vector<long double> solution;
    for (std::size_t j = 0; j < n; ++j) solution.push_back(a[j][n] / a[j][j]);
    return solution;
}

// Columns far from zero and of very different size, as tables have them.
template <class T>
Problem<T> raw_table(Numbers& numbers, Index rows, bool weighted) {
    Problem<T> problem = make_problem<T>(numbers, rows, 4, 1, {false, weighted, false});
    for (Index i = 0; i < rows; ++i) {
        T* row = problem.X.data() + i * 4;
        row[1] = static_cast<T>(1000) * row[1] + static_cast<T>(3000);
        row[2] = static_cast<T>(1e-3) * row[2];
    }
    return problem;
}

template <class T>
FitOutcome fit_to(const KernelTable<T>& kernels, const Problem<T>& problem,
                  const FitOptions& options, FitMonitor& monitor, LossSpec loss = {0, 0.0}) {
    const Coefficients start{
        LargeVector<double>(static_cast<std::size_t>(problem.outputs * problem.columns)),
        LargeVector<double>(static_cast<std::size_t>(problem.outputs))};
    return fit(kernels, loss, problem.data(), options, start, monitor);
}

void reaches_the_closed_form() {
    each_kernel_table([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(50);
        const bool single = sizeof(T) == 4;
        for (const bool weighted : {false, true})
            for (const double l2 : {0.0, 0.1})
                for (const Solver solver : {Solver::batch, Solver::minibatch, Solver::sgd}) {
                    const Problem<T> problem = raw_table<T>(numbers, 600, weighted);
                    FitOptions options;
                    options.solver = solver;
                    options.batch_size = 32;
                    options.penalty.l2 = l2;
                    options.tol = single ? 1e-7 : 1e-10;
                    options.average = solver != Solver::batch;
                    if (solver == Solver::batch) options.update = Update::accelerated;
                    QuietMonitor monitor;
                    const FitOutcome outcome = fit_to(kernels, problem, options, monitor);
                    check(outcome.status == Status::converged, "solver ", static_cast<int>(solver),
                          " status ", static_cast<int>(outcome.status));
                    const std::vector<long double> exact = ridge(problem, l2);
                    // how far each coefficient moves the predictor by its error
                    const double allowed = solver == Solver::batch ? (single ? 1e-3 : 1e-5) : 2e-2;
                    const double spread[] = {1.0, 1000.0, 1e-3, 1.0};
                    for (std::size_t j = 0; j < 4; ++j)
                        check(std::abs(outcome.raw.coef[j] - exact[j]) * spread[j] <= allowed,
                              kernels.isa, " float", 8 * sizeof(T), " solver ",
                              static_cast<int>(solver), " l2 ", l2, " coef ", j, ": ",
                              outcome.raw.coef[j], ", expected ", exact[j]);
                }
    });
}

void batch_decreases_and_ends_at_gradient_zero() {
    each_precision([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(51);
        const auto problem = make_problem<T>(numbers, 500, 8, 1, {true, false, false});
        FitOptions options;
        options.penalty = {0.01, 0.05};
        options.tol = 1e-9;
        QuietMonitor monitor;
        const FitOutcome outcome =
            fit_to(kernels, problem, options, monitor, {find_loss(kernels, "log_loss"), 0.0});
        check(outcome.status == Status::converged);
        for (std::size_t e = 1; e < outcome.history.size(); ++e)
            check(outcome.history[e].objective <=
                      outcome.history[e - 1].objective *
                          (1 + 16 * static_cast<double>(std::numeric_limits<T>::epsilon())),
                  "epoch ", e, " grew");
        const double norm = outcome.history.back().gradient_norm;
        check(norm < (sizeof(T) == 4 ? 1e-2 : 1e-3), norm);
    });
}

void same_bits_for_any_number_of_threads() {
    each_precision([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(52);
        const auto problem = make_problem<T>(numbers, 30000, 40, 1, {false, true, false});
        for (const Solver solver : {Solver::batch, Solver::minibatch, Solver::sgd}) {
            FitOptions options;
            options.solver = solver;
            options.batch_size = 1024;
            options.max_iter = 3;
            options.seed = 5;
            QuietMonitor monitor;
            options.threads = 1;
            const FitOutcome one = fit_to(kernels, problem, options, monitor);
            for (const int threads : {2, 3, 8}) {
                options.threads = threads;
                const FitOutcome other = fit_to(kernels, problem, options, monitor);
                check(one.raw.coef == other.raw.coef && one.raw.intercept == other.raw.intercept,
                      "solver ", static_cast<int>(solver), " threads ", threads);
            }
        }
    });
}

void bad_numbers_are_named_before_work() {
    Numbers numbers(53);
    auto problem = make_problem<double>(numbers, 100, 3, 1);
    problem.X[50 * 3 + 2] = std::numeric_limits<double>::quiet_NaN();
    QuietMonitor monitor;
    const FitOutcome outcome = fit_to(selected_kernels<double>(), problem, {}, monitor);
    check(outcome.non_finite && outcome.non_finite->row == 50 && outcome.non_finite->column == 2);
    check(monitor.epochs.empty() && outcome.epochs == 0);
}

void step_too_long_diverges_and_the_safe_one_does_not() {
    each_precision([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(54);
        const auto problem = make_problem<T>(numbers, 300, 5, 1);
        double mean_square = 0.0;
        for (const T y : problem.y) mean_square += static_cast<double>(y * y) / 300.0;
        for (const Solver solver : {Solver::batch, Solver::minibatch, Solver::sgd}) {
            FitOptions options;
            options.solver = solver;
            options.batch_size = 16;
            options.rate = Rate::constant;
            options.eta0 = 100.0;
            options.max_iter = 50;
            options.tol = 1e-5;
            QuietMonitor monitor;
            const FitOutcome outcome = fit_to(kernels, problem, options, monitor);
            check(outcome.status == Status::diverged, static_cast<int>(solver));
            check(outcome.safe_step.rate > 0.0 && std::isfinite(outcome.safe_step.rate));
            for (const double c : outcome.raw.coef) check(std::isfinite(c), "not the last good");
            options.eta0 = outcome.safe_step.rate;
            const FitOutcome safe = fit_to(kernels, problem, options, monitor);
            check(safe.status != Status::diverged, static_cast<int>(solver), " at ", options.eta0);
            check(safe.history.back().objective < mean_square / 2, "worse than zero");
        }
    });
}

void monitor_is_heard() {
    const KernelTable<double>& kernels = selected_kernels<double>();
    Numbers numbers(55);
    const auto problem = make_problem<double>(numbers, 300, 5, 1);
    for (const Solver solver : {Solver::batch, Solver::minibatch, Solver::sgd}) {
        FitOptions options;
        options.solver = solver;
        options.max_iter = 20;
        QuietMonitor stopping;
        stopping.stop_after = 3;
        const FitOutcome stopped = fit_to(kernels, problem, options, stopping);
        check(stopped.status == Status::stopped && stopped.epochs == 4);
        check(stopping.epochs == std::vector<Index>{0, 1, 2, 3});
        QuietMonitor interrupting;
        interrupting.interrupt_at_look = 2;
        check(fit_to(kernels, problem, options, interrupting).interrupted);
        QuietMonitor calling;
        options.rate = Rate::callable;
        const FitOutcome called = fit_to(kernels, problem, options, calling);
        check(called.epochs == 20 && called.status == Status::iteration_limit);
        for (std::size_t e = 0; e < called.history.size(); ++e)
            check(called.history[e].rate == 0.1 / static_cast<double>(e + 1));
        check(calling.last.coef == called.raw.coef, "the last epoch is the result");
    }
}

// What the fit measures elsewhere is not what holds at the coefficients it was asked to keep.
void kept_coefficients_are_the_outcome() {
    const KernelTable<double>& kernels = selected_kernels<double>();
    Numbers numbers(57);
    const auto problem = make_problem<double>(numbers, 300, 5, 1);
    for (const Solver solver : {Solver::batch, Solver::minibatch, Solver::sgd})
        for (const Rate rate : {Rate::automatic, Rate::callable})
            for (const bool stopping : {false, true})
                for (const bool measured : {false, true}) {
                    FitOptions options;
                    options.solver = solver;
                    options.rate = rate;
                    options.precondition = Precondition::scale;
                    options.max_iter = 6;
                    if (measured) options.tol = 0.0;
                    QuietMonitor monitor;
                    monitor.keep_epoch = 2;
                    if (stopping) monitor.stop_after = 4;
                    const FitOutcome outcome = fit_to(kernels, problem, options, monitor);
                    check(outcome.raw.coef == monitor.kept.coef &&
                              outcome.raw.intercept == monitor.kept.intercept,
                          "another epoch, solver ", static_cast<int>(solver));
                    const ExactSums sums =
                        exact_sums(problem, problem.all(), loss_oracle("squared_error"), {},
                                   outcome.raw.coef, outcome.raw.intercept);
                    const auto expected = static_cast<double>(sums.loss / sums.weight);
                    check(std::abs(outcome.measure.objective - expected) <= 1e-12 * expected,
                          outcome.measure.objective, " for ", expected);
                    check(outcome.measure.gradient_norm > 0.0);
                }
}

// Heard wherever it is asked, the taking of second moments included.
void interrupts_and_time_limits_while_second_moments_are_taken() {
    const KernelTable<double>& kernels = selected_kernels<double>();
    Numbers numbers(58);
    const auto problem = make_problem<double>(numbers, 3000, 5, 1);
    FitOptions options;
    options.rate = Rate::constant;
    options.precondition = Precondition::none;
    options.max_iter = 10;
    QuietMonitor patient;
    check(fit_to(kernels, problem, options, patient).second_moments_from == 0);
    for (Index look = 0; look < patient.looks; ++look) {
        QuietMonitor interrupting;
        interrupting.interrupt_at_look = look;
        check(fit_to(kernels, problem, options, interrupting).interrupted, "look ", look);
    }
    options.max_iter = 1000;
    options.max_time = 0.02;
    Index while_taken = 0;
    for (Index look = 0; look < 20; ++look) {
        QuietMonitor slow;
        slow.sleep_at_look = look;
        const FitOutcome outcome = fit_to(kernels, problem, options, slow);
        check(outcome.status == Status::time_limit, "look ", look);
        while_taken += !outcome.second_moments_from;
        const ExactSums sums = exact_sums(problem, problem.all(), loss_oracle("squared_error"), {},
                                          outcome.raw.coef, outcome.raw.intercept);
        const auto expected = static_cast<double>(sums.loss / sums.weight);
        check(std::abs(outcome.measure.objective - expected) <= 1e-12 * expected);
    }
    check(while_taken > 0);
}

void weights_are_repetitions() {
    const KernelTable<double>& kernels = selected_kernels<double>();
    Numbers numbers(56);
    Problem<double> problem = make_problem<double>(numbers, 200, 3, 1);
    Problem<double> copies{0, 3, 1, {}, {}, {}, {}};
    for (Index i = 0; i < problem.rows; ++i) {
        problem.weight.push_back(static_cast<double>(i % 3));
        for (Index t = 0; t < i % 3; ++t, ++copies.rows) {
            copies.X.insert(copies.X.end(), problem.X.begin() + i * 3,
                            problem.X.begin() + i * 3 + 3);
            copies.y.push_back(problem.y[static_cast<std::size_t>(i)]);
        }
    }
    FitOptions options;
    options.update = Update::accelerated;
    options.tol = 1e-13;
    QuietMonitor monitor;
    const FitOutcome weighted = fit_to(kernels, problem, options, monitor);
    const FitOutcome repeated = fit_to(kernels, copies, options, monitor);
    for (std::size_t j = 0; j < 3; ++j)
        check(std::abs(weighted.raw.coef[j] - repeated.raw.coef[j]) < 1e-6, j);
    check(std::abs(weighted.raw.intercept[0] - repeated.raw.intercept[0]) < 1e-6);
}

void passes_are_rows_read_over_rows() {
    each_precision([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(57);
        const auto problem = make_problem<T>(numbers, 1000, 5, 1);
        QuietMonitor monitor;
        FitOptions whitened;
        whitened.tol = 1e-6;
        const double passes = fit_to(kernels, problem, whitened, monitor).passes;
        check(passes == 4.0, "moments, gradient, Hessian, measure: ", passes);
        for (const Solver solver : {Solver::batch, Solver::minibatch, Solver::sgd})
            for (const Index batch_size : {7, 256}) {
                FitOptions options;
                options.solver = solver;
                options.batch_size = batch_size;
                options.rate = Rate::constant;
                options.eta0 = 1e-3;
                options.max_iter = 3;
                const FitOutcome outcome = fit_to(kernels, problem, options, monitor);
                const bool batch = solver == Solver::batch;
                check(outcome.second_moments_from.has_value() == batch);
                // columns; batch: the gradient where it starts and second moments
                check(outcome.passes == 1.0 + (batch ? 2.0 : 3.0 + 1.0), "solver ",
                      static_cast<int>(solver), ": ", outcome.passes);
            }
    });
}

}  // namespace
}  // namespace fastgd::testing

int main(int argc, char** argv) {
    using namespace fastgd::testing;
    return run({{"reaches the closed form", reaches_the_closed_form},
                {"batch ends at gradient zero", batch_decreases_and_ends_at_gradient_zero},
                {"same bits for any number of threads", same_bits_for_any_number_of_threads},
                {"bad numbers are named before work", bad_numbers_are_named_before_work},
                {"a step too long diverges", step_too_long_diverges_and_the_safe_one_does_not},
                {"the monitor is heard", monitor_is_heard},
                {"kept coefficients are the outcome", kept_coefficients_are_the_outcome},
                {"a fit ends while second moments are taken",
                 interrupts_and_time_limits_while_second_moments_are_taken},
                {"weights are repetitions", weights_are_repetitions},
                {"passes are rows read over rows", passes_are_rows_read_over_rows}},
               argc, argv);
}

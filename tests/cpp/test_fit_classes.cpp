// Fits of all classes side by side against a fit of each alone.
#include <cmath>

#include "check.hpp"
#include "core/fit_classes.hpp"
#include "levels.hpp"
#include "problem.hpp"

namespace fastgd::testing {
namespace {

constexpr Index classes = 5;

class CountingMonitor final : public FitMonitor {
  public:
    Index interrupt_at_look = -1;
    Index looks = 0;
    Index epochs = 0;

    bool interrupted() override { return looks++ == interrupt_at_look; }
    EpochAnswer epoch_done(const EpochReport&, FunctionRef<Coefficients()>) override {
        ++epochs;
        return {};
    }
    double rate_of(double epoch) override { return 0.1 / (epoch + 1.0); }
};

// Labels 0, 3, 6, ... by the nearest of some directions, one row in ten at random.
template <class T>
Problem<T> labelled(Numbers& numbers, Index rows, Index columns, bool weighted) {
    Problem<T> problem = make_problem<T>(numbers, rows, columns, 1, {.weighted = weighted});
    const LargeVector<T> directions = numbers.normals<T>(classes * columns);
    const LargeVector<T> noise = numbers.normals<T>(rows);
    for (Index i = 0; i < rows; ++i) {
        Index best = 0;
        double most = -INFINITY;
        for (Index k = 0; k < classes; ++k) {
            double z = 0.0;
            for (Index j = 0; j < columns; ++j)
                z += static_cast<double>(problem.X[static_cast<std::size_t>(i * columns + j)]) *
                     static_cast<double>(directions[static_cast<std::size_t>(k * columns + j)]);
            if (z > most) {
                most = z;
                best = k;
            }
        }
        if (std::abs(noise[static_cast<std::size_t>(i)]) > T(1.6)) best = i % classes;
        problem.y[static_cast<std::size_t>(i)] = static_cast<T>(3 * best);
    }
    return problem;
}

Coefficients zero(Index columns) {
    return {LargeVector<double>(static_cast<std::size_t>(columns)), {0.0}};
}

template <class T>
struct Fitted {
    std::vector<FitOutcome> outcomes;
    std::vector<CountingMonitor> monitors{static_cast<std::size_t>(classes)};
};

template <class T>
Fitted<T> side_by_side(const KernelTable<T>& kernels, const Problem<T>& problem, LossSpec loss,
                       const FitOptions& options, Index interrupt_at_look = -1) {
    Fitted<T> fitted;
    std::vector<ClassFit> all;
    for (Index k = 0; k < classes; ++k) {
        CountingMonitor& monitor = fitted.monitors[static_cast<std::size_t>(k)];
        if (k == 1) monitor.interrupt_at_look = interrupt_at_look;
        all.push_back({static_cast<double>(3 * k), loss, options, zero(problem.columns), &monitor});
    }
    fitted.outcomes = fit_classes(kernels, problem.data(), all);
    return fitted;
}

template <class T>
void check_like_alone(const KernelTable<T>& kernels, const Problem<T>& problem,
                      std::string_view name, const FitOptions& options, double within) {
    const LossSpec loss{find_loss(kernels, name), loss_oracle(name).parameters};
    const Fitted<T> fitted = side_by_side(kernels, problem, loss, options);
    for (Index k = 0; k < classes; ++k) {
        const FitOutcome& one = fitted.outcomes[static_cast<std::size_t>(k)];
        Data data = problem.data();
        data.binary = true;
        data.positive_label = static_cast<double>(3 * k);
        CountingMonitor monitor;
        const FitOutcome alone = fit(kernels, loss, data, options, zero(problem.columns), monitor);
        check(one.status == alone.status);
        check(std::abs(one.measure.objective - alone.measure.objective) <=
                  within * alone.measure.objective,
              name, " class ", k, ": ", one.measure.objective, " and ", alone.measure.objective);
        for (std::size_t j = 0; j < alone.raw.coef.size(); ++j)
            check(std::abs(one.raw.coef[j] - alone.raw.coef[j]) <= 1e3 * within, name, " class ", k,
                  " column ", j, ": ", one.raw.coef[j], " and ", alone.raw.coef[j]);
        check(fitted.monitors[static_cast<std::size_t>(k)].epochs == one.epochs);
        check(one.passes > 0.0);
    }
}

void each_ends_like_its_fit_alone() {
    each_precision([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(7);
        const double within = sizeof(T) == 8 ? 1e-9 : 1e-5;
        for (const Index columns : {3, 17})
            for (const bool weighted : {false, true}) {
                const Problem<T> problem = labelled<T>(numbers, 700, columns, weighted);
                for (const Solver solver : {Solver::batch, Solver::minibatch, Solver::sgd}) {
                    FitOptions options;
                    options.solver = solver;
                    options.batch_size = 50;
                    options.tol = 1e-6;
                    options.max_iter = 40;
                    for (const char* name : {"log_loss", "squared_hinge"})
                        check_like_alone(kernels, problem, name, options, within);
                // a number of epochs, so that both end at the same step
                    options.tol = {};
                    options.max_iter = 3;
                    options.rate = Rate::schedule;
                    check_like_alone(kernels, problem, "log_loss", options, within);
                    options.rate = Rate::constant;
                    options.penalty = PenaltyStrength::of(0.01, 0.5);
                    check_like_alone(kernels, problem, "hinge", options, within);
                }
            }
    });
}

void same_bits_for_any_number_of_threads() {
    each_precision([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(7);
        const Problem<T> problem = labelled<T>(numbers, 20000, 30, false);
        const LossSpec loss{find_loss(kernels, "log_loss"), {}};
        for (const Solver solver : {Solver::batch, Solver::minibatch, Solver::sgd}) {
            FitOptions options;
            options.solver = solver;
            options.tol = 1e-6;
            options.max_iter = 3;
            options.threads = 1;
            const Fitted<T> one = side_by_side(kernels, problem, loss, options);
            for (const int threads : {2, 3, 8}) {
                options.threads = threads;
                const Fitted<T> several = side_by_side(kernels, problem, loss, options);
                for (std::size_t k = 0; k < one.outcomes.size(); ++k) {
                    check(several.outcomes[k].raw.coef == one.outcomes[k].raw.coef);
                    check(several.outcomes[k].measure.objective ==
                          one.outcomes[k].measure.objective);
                }
            }
        }
    });
}

void one_interrupted_ends_all() {
    const KernelTable<double>& kernels = selected_kernels<double>();
    Numbers numbers(7);
    const Problem<double> problem = labelled<double>(numbers, 300, 4, false);
    const LossSpec loss{find_loss(kernels, "log_loss"), {}};
    for (const Solver solver : {Solver::batch, Solver::minibatch, Solver::sgd}) {
        FitOptions options;
        options.solver = solver;
        for (const Index look : {0, 1, 3, 9}) {
            const Fitted<double> fitted = side_by_side(kernels, problem, loss, options, look);
            check(fitted.outcomes.size() == static_cast<std::size_t>(classes));
            for (const FitOutcome& one : fitted.outcomes) check(one.interrupted);
        }
    }
}

void bad_numbers_are_named_by_all() {
    const KernelTable<double>& kernels = selected_kernels<double>();
    Numbers numbers(7);
    Problem<double> problem = labelled<double>(numbers, 300, 4, false);
    problem.X[4 * 7 + 2] = NAN;
    const LossSpec loss{find_loss(kernels, "log_loss"), {}};
    for (const Rate rate : {Rate::automatic, Rate::constant}) {
        FitOptions options;
        options.rate = rate;
        const Fitted<double> fitted = side_by_side(kernels, problem, loss, options);
        for (const FitOutcome& one : fitted.outcomes) {
            check(one.non_finite.has_value());
            check(one.non_finite->row == 7 && one.non_finite->column == 2);
        }
    }
}

}  // namespace
}  // namespace fastgd::testing

int main(int argc, char** argv) {
    using namespace fastgd::testing;
    return run({{"each ends like its fit alone", each_ends_like_its_fit_alone},
                {"same bits for any number of threads", same_bits_for_any_number_of_threads},
                {"one interrupted ends all", one_interrupted_ends_all},
                {"bad numbers are named by all", bad_numbers_are_named_by_all}},
               argc, argv);
}

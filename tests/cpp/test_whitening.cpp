// Steps in the Hessian's metric: where they lead on correlated columns, in one step or a few.
#include "levels.hpp"
#include "matrix.hpp"
#include "whitened.hpp"

namespace fastgd::testing {
namespace {

// Least squares with l2, by the normal equations on raw columns in long double: all outputs' coef,
// then their intercepts.
template <class T>
std::vector<long double> least_squares(const Problem<T>& problem, double l2, bool fit_intercept) {
    const auto d = static_cast<std::size_t>(problem.columns);
    const auto outputs = static_cast<std::size_t>(problem.outputs);
    const std::size_t n = d + (fit_intercept ? 1 : 0);
    std::vector<long double> matrix(n * n), result(outputs * (d + 1));
    std::vector<std::vector<long double>> right(outputs, std::vector<long double>(n));
    long double total = 0;
    for (std::size_t i = 0; i < static_cast<std::size_t>(problem.rows); ++i) {
        std::vector<long double> x(n, 1);
        for (std::size_t j = 0; j < d; ++j) x[j] = problem.X[i * d + j];
        const long double weight = problem.weight.empty() ? T(1) : problem.weight[i];
        total += weight;
        for (std::size_t a = 0; a < n; ++a) {
            for (std::size_t b = 0; b < n; ++b) matrix[a * n + b] += weight * x[a] * x[b];
            for (std::size_t k = 0; k < outputs; ++k)
                right[k][a] += weight * x[a] * problem.y[i * outputs + k];
        }
    }
    for (std::size_t j = 0; j < d; ++j) matrix[j * n + j] += l2 * total;
    for (std::size_t k = 0; k < outputs; ++k) {
        const std::vector<long double> solution = solved(matrix, right[k]);
        std::copy_n(solution.begin(), d, result.begin() + static_cast<std::ptrdiff_t>(k * d));
        if (fit_intercept) result[outputs * d + k] = solution[d];
    }
    return result;
}

template <class T>
void check_least_squares(const KernelTable<T>& kernels, const Problem<T>& problem, double l2,
                         bool fit_intercept, Numbers& numbers) {
    Whitened<T> whitened(kernels, "squared_error", problem, {0.0, l2}, fit_intercept);
    Coefficients start = whitened.zero();
    for (double& w : start.coef) w = static_cast<double>(static_cast<T>(numbers.normal()));
    const MetricStep step = whitened.step(start);
    const std::vector<long double> expected = least_squares(problem, l2, fit_intercept);
    const Coefficients raw = step.to.onto_raw(whitened.shift());
    LargeVector<double> found = raw.coef;
    found.insert(found.end(), raw.intercept.begin(), raw.intercept.end());
    // a hundredth of a column's variance is its own: the ridge leaves that much of a step
    const double allowed = sizeof(T) == 8 ? 1e-8 : 2e-2;
    for (std::size_t j = 0; j < found.size(); ++j)
        check(std::abs(found[j] - expected[j]) <= allowed * (1 + std::abs(expected[j])),
              kernels.isa, " columns ", problem.columns, " l2 ", l2, " at ", j, ": ", found[j],
              ", expected ", expected[j]);
    // of a quadratic the decrement is the height above its optimum
    const double fall = whitened.value(start) - whitened.value(step.to);
    check(std::abs(step.decrement - fall) <= (sizeof(T) == 8 ? 1e-9 : 1e-3) * fall, "decrement ",
          step.decrement, ", fell by ", fall);
    check(whitened.whitening().dependent_columns().empty());
    // what is left is next to nothing
    check(whitened.step(step.to).decrement <= (sizeof(T) == 8 ? 1e-18 : 1e-6) * fall);
}

void one_step_solves_least_squares() {
    each_precision([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(90);
        for (const Index columns : {1, 2, 15, 40})
            for (const bool fit_intercept : {false, true})
                for (const double l2 : {0.0, 0.3}) {
                    check_least_squares(kernels, correlated<T>(numbers, 500, columns), l2,
                                        fit_intercept, numbers);
                    check_least_squares(
                        kernels, correlated<T>(numbers, 500, columns, 3, {false, true, false}), l2,
                        fit_intercept, numbers);
                }
    });
}

template <class T>
void check_converges(const KernelTable<T>& kernels, std::string_view loss,
                     const Problem<T>& problem, PenaltyStrength penalty, int steps) {
    Whitened<T> whitened(kernels, loss, problem, penalty);
    const Coefficients start = whitened.whitening().solve_sample(whitened.zero(), keep_going);
    const Coefficients end = whitened.after(start, steps);
    const double left = whitened.steepest(end);
    check(end.finite() && left <= (sizeof(T) == 8 ? 1e-7 : 2e-4), loss, ' ', kernels.isa, " rows ",
          problem.rows, " l1 ", penalty.l1, " l2 ", penalty.l2, ": from ", whitened.steepest(start),
          " to ", left);
    check(whitened.value(end) <= whitened.value(start) * (1 + 1e-6) &&
              whitened.value(end) < whitened.value(whitened.zero()),
          loss, " ends at ", whitened.value(end));
}

void a_few_steps_converge() {
    each_precision([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(92);
        // 9000 rows of 30 columns are sampled, the fewer are not
        for (const Index rows : {600, 9000}) {
            const auto labels = correlated<T>(numbers, rows, 30, 1, {true, true, true});
            const auto targets = correlated<T>(numbers, rows, 30, 2);
            for (const double l2 : {0.0, 1e-3}) {
                check_converges(kernels, "log_loss", labels, {0.0, l2}, 20);
                check_converges(kernels, "huber", targets, {0.0, l2}, 30);
            }
        }
    });
}

// Slopes are compared with the l1 strength: the conditions of an optimum with zeros.
void l1_ends_at_an_optimum() {
    each_precision([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(93);
        const auto targets = correlated<T>(numbers, 600, 20);
        const auto labels = correlated<T>(numbers, 600, 20, 1, {true, false, false});
        for (const double l1 : {1e-3, 1e-2, 10.0})
            for (const double l2 : {0.0, 0.1}) {
                const PenaltyStrength penalty{l1, l2};
                Whitened<T> whitened(kernels, "squared_error", targets, penalty);
                const Coefficients end = whitened.after(whitened.zero(), 2);
                const double left = whitened.steepest(end);
                check(left <= (sizeof(T) == 8 ? 1e-8 : 1e-4), "l1 ", l1, " l2 ", l2, ": ", left);
                const auto zeros = std::count(end.coef.begin(), end.coef.end(), 0.0);
                check(l1 < 1e-2 || zeros > 0, "l1 ", l1, " leaves no zeros");
                check(l1 < 1.0 || zeros == 20, "l1 ", l1, ": zeros ", zeros);
                Whitened<T> classifier(kernels, "log_loss", labels, penalty);
                const double of_labels =
                    classifier.steepest(classifier.after(classifier.zero(), 25));
                check(of_labels <= (sizeof(T) == 8 ? 1e-7 : 1e-4), "log_loss, l1 ", l1, " l2 ", l2,
                      ": ", of_labels);
            }
    });
}

// Columns of 1e-8 and 1e8, a constant, zeros, and a copy: none hurts the others.
void odd_columns() {
    each_precision([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(94);
        for (const char* loss : {"squared_error", "log_loss", "huber"})
            for (const double l1 : {0.0, 1e-12}) {
                auto problem = make_problem<T>(
                    numbers, 800, 8, 1, {std::string_view(loss) == "log_loss", false, false});
                for (std::size_t i = 0; i < 800; ++i) {
                    T* row = problem.X.data() + 8 * i;
                    row[1] *= T(1e-8);
                    row[2] = T(1e8) * (row[2] + T(3));
                    row[3] = T(0.1);
                    row[5] = row[0];
                    row[6] = T(0);
                }
                Whitened<T> whitened(kernels, loss, problem, {l1, 0.0});
                const Coefficients start =
                    whitened.whitening().solve_sample(whitened.zero(), keep_going);
                const Coefficients end = whitened.after(start, 15);
                check(end.finite(), loss);
                check(whitened.whitening().dependent_columns() == std::vector<Index>{5}, loss, ": ",
                      whitened.whitening().dependent_columns().size(), " named");
                check(end.coef[3] == 0.0 && end.coef[6] == 0.0, loss, ": ", end.coef[3]);
                // the copies share what is theirs
                check(std::abs(end.coef[0]) + std::abs(end.coef[5]) <
                          3 * std::abs(end.coef[0] + end.coef[5]),
                      loss, ": ", end.coef[0], " and ", end.coef[5]);
                check(whitened.steepest(end) <= (sizeof(T) == 8 ? 1e-7 : 5e-4) || l1 > 0.0, loss,
                      ' ', kernels.isa, ": ", whitened.steepest(end));
            }
    });
}

// A category too rare for a sample of the rows: its column has to move all the same.
void rare_categories() {
    const KernelTable<double>& kernels = selected_kernels<double>();
    Numbers numbers(95);
    auto problem = make_problem<double>(numbers, 12000, 20, 1, {true, false, false});
    for (std::size_t i = 0; i < 12000; ++i) {
        problem.X[20 * i + 4] = i >= 5000 && i < 5010 ? 1.0 : 0.0;
        problem.X[20 * i + 9] = i % 4000 == 77 ? 1.0 : 0.0;
    }
    // both labels of each, so that there is an optimum
    problem.y[5000] = problem.y[77] = 1.0;
    problem.y[5001] = problem.y[4077] = -1.0;
    check_converges(kernels, "log_loss", problem, {}, 25);
}

void same_bits_for_any_number_of_threads() {
    each_precision([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(96);
        const auto problem = correlated<T>(numbers, 9000, 50, 1, {true, true, false});
        const auto with = [&](int threads) {
            Whitened<T> whitened(kernels, "log_loss", problem, {1e-3, 1e-3}, true, threads);
            return whitened.after(whitened.whitening().solve_sample(whitened.zero(), keep_going),
                                  3);
        };
        const Coefficients one = with(1);
        for (const int threads : {2, 3, 8}) {
            const Coefficients several = with(threads);
            check(one.coef == several.coef && one.intercept == several.intercept, "threads ",
                  threads);
        }
    });
}

void shortened_steps_recover() {
    const KernelTable<double>& kernels = selected_kernels<double>();
    Numbers numbers(97);
    const auto problem = correlated<double>(numbers, 500, 6);
    Whitened<double> whitened(kernels, "squared_error", problem);
    const Coefficients whole = whitened.step(whitened.zero()).to;
    const auto check_length = [&](double length) {
        const Coefficients part = whitened.step(whitened.zero()).to;
        for (std::size_t j = 0; j < whole.coef.size(); ++j)
            check(
                std::abs(part.coef[j] - length * whole.coef[j]) <= 1e-15 * std::abs(whole.coef[j]),
                "length ", length, ", column ", j);
    };
    whitened.whitening().shorten();
    check_length(0.5);
    whitened.whitening().shorten();
    check_length(0.25);
    whitened.whitening().recover();
    check_length(0.5);
    // no longer than whole, however often steps succeed
    for (int times = 0; times < 3; ++times) whitened.whitening().recover();
    check_length(1.0);
}

}  // namespace
}  // namespace fastgd::testing

int main(int argc, char** argv) {
    using namespace fastgd::testing;
    return run({{"one step solves least squares", one_step_solves_least_squares},
                {"a few steps converge", a_few_steps_converge},
                {"l1 ends at an optimum", l1_ends_at_an_optimum},
                {"odd columns", odd_columns},
                {"rare categories", rare_categories},
                {"same bits for any number of threads", same_bits_for_any_number_of_threads},
                {"shortened steps recover", shortened_steps_recover}},
               argc, argv);
}

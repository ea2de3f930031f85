// Sums told from second moments against sums over rows, and when they take the place of rows.
#include <cmath>

#include "check.hpp"
#include "core/second_moments.hpp"
#include "levels.hpp"
#include "problem.hpp"

namespace fastgd::testing {
namespace {

constexpr LossSpec squared_error{0, 0.0};

template <class T>
struct Point {
    LargeVector<T> coef, intercept;

    Point(Numbers& numbers, Index columns, Index outputs)
        : coef(numbers.uniforms<T>(outputs * columns, -0.5, 0.5)),
          intercept(numbers.uniforms<T>(outputs, -0.5, 0.5)) {}
    Coefficients in_double() const {
        return {{coef.begin(), coef.end()}, {intercept.begin(), intercept.end()}};
    }
};

template <class T>
GradientSums sums_of_rows(const Objective<T>& objective, const Problem<T>& problem,
                          const Point<T>& at, const LargeVector<T>& shift) {
    GradientSums sums(problem.outputs, problem.columns);
    objective.add_gradient(
        problem.data(), problem.all(),
        {at.coef.data(), at.intercept.data(), shift.empty() ? nullptr : shift.data()}, sums);
    return sums;
}

template <class T>
SecondMoments<T> moments_of(const Objective<T>& objective, const Problem<T>& problem,
                            const LargeVector<T>& shift) {
    return SecondMoments<T>(objective, problem.data(), {shift.begin(), shift.end()}, keep_going);
}

// Square root of the sum of squares of a column, the intercept's for j == columns.
template <class T>
double length(const Problem<T>& problem, const LargeVector<T>& shift, Index j) {
    double sum = 0.0;
    for (Index i = 0; i < problem.rows; ++i) {
        const double weight =
            problem.weight.empty()
                ? 1.0
                : static_cast<double>(problem.weight[static_cast<std::size_t>(i)]);
        double x = 1.0;
        if (j < problem.columns) {
            x = static_cast<double>(problem.X[static_cast<std::size_t>(i * problem.columns + j)]);
            if (!shift.empty()) x -= static_cast<double>(shift[static_cast<std::size_t>(j)]);
        }
        sum += weight * x * x;
    }
    return std::sqrt(sum);
}

template <class T>
void check_sums(const KernelTable<T>& kernels, const Problem<T>& problem, const Point<T>& origin,
                const Point<T>& at, const LargeVector<T>& shift) {
    const Objective<T> objective(kernels, squared_error, 2);
    SecondMoments<T> moments = moments_of(objective, problem, shift);
    check(moments.finite());
    moments.refer_to(origin.in_double(), sums_of_rows(objective, problem, origin, shift));
    const auto exact = [&](const Point<T>& point) {
        return exact_sums(problem, problem.all(), loss_oracle("squared_error"), {}, point.coef,
                          point.intercept, shift);
    };
    const ExactSums there = exact(at);
    const double loss = static_cast<double>(there.loss);
    const double first_loss = static_cast<double>(exact(origin).loss);
    const std::optional<GradientSums> told = moments.sums_at(at.in_double());
    if (!told) {
        check(loss <= 0.07 * first_loss, "kept back without need: ", loss, " of ", first_loss);
        return;
    }
    const double unit = 64.0 * static_cast<double>(std::numeric_limits<T>::epsilon());
    const auto name = [&] { return problem.columns * 10000 + problem.rows; };
    check(std::abs(told->loss - loss) <= unit * (loss + first_loss), kernels.isa, ' ', name(),
          " loss ", told->loss, ", expected ", loss);
    check(std::abs(told->weight - static_cast<double>(there.weight)) <= unit * told->weight);
    const double root = std::sqrt(2.0 * (loss + first_loss));
    for (Index j = 0; j <= problem.columns; ++j) {
        const double allowed = unit * root * length(problem, shift, j);
        for (Index k = 0; k < problem.outputs; ++k) {
            const auto index =
                static_cast<std::size_t>(j < problem.columns ? k * problem.columns + j : k);
            const double computed =
                j < problem.columns ? told->coef[index] : told->intercept[index];
            const long double expected =
                j < problem.columns ? there.coef[index] : there.intercept[index];
            check(std::abs(computed - static_cast<double>(expected)) <= allowed, kernels.isa, ' ',
                  name(), " column ", j, " output ", k, ": ", computed, ", expected ", expected);
        }
    }
}

void equal_sums_over_rows() {
    each_kernel_table([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(80);
        for (const Index columns : {1, 15, 16, 37})
            for (const Index rows : {1, 95, 97, 2000})
                for (const bool rich : {false, true}) {
                    const Index outputs = rich ? 3 : 1;
                    const auto problem =
                        make_problem<T>(numbers, rows, columns, outputs, {false, rich, rich});
                    const Point<T> origin(numbers, columns, outputs);
                    const Point<T> at(numbers, columns, outputs);
                    const auto shift = numbers.uniforms<T>(rich ? columns : 0, -1, 1);
                    check_sums(kernels, problem, origin, at, shift);
                }
    });
}

void the_point_referred_to_is_that_of_the_kernels() {
    const KernelTable<float>& kernels = selected_kernels<float>();
    Numbers numbers(81);
    const auto problem = make_problem<float>(numbers, 300, 4, 1);
    const Objective<float> objective(kernels, squared_error, 1);
    const Point<float> origin(numbers, 4, 1);
    const GradientSums sums = sums_of_rows(objective, problem, origin, {});
    Coefficients between_floats = origin.in_double();
    for (double& c : between_floats.coef) c *= 1.0 + 1e-9;
    SecondMoments<float> moments = moments_of(objective, problem, {});
    moments.refer_to(between_floats, sums);
    check(moments.sums_at(origin.in_double())->coef == sums.coef);
    check(moments.sums_at(between_floats)->coef != sums.coef);
}

void same_bits_for_any_number_of_threads() {
    each_precision([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(82);
        const auto problem = make_problem<T>(numbers, 30000, 40, 2, {false, true, true});
        const Point<T> origin(numbers, 40, 2);
        const Point<T> at(numbers, 40, 2);
        const auto shift = numbers.uniforms<T>(40, -1, 1);
        const auto told = [&](int threads) {
            const Objective<T> objective(kernels, squared_error, threads);
            SecondMoments<T> moments = moments_of(objective, problem, shift);
            moments.refer_to(origin.in_double(), sums_of_rows(objective, problem, origin, shift));
            return *moments.sums_at(at.in_double());
        };
        const GradientSums one = told(1);
        for (const int threads : {2, 3, 8}) {
            const GradientSums other = told(threads);
            check(one.coef == other.coef && one.intercept == other.intercept &&
                      one.loss == other.loss,
                  "threads ", threads);
        }
    });
}

// Squares of residuals cannot be told from a point where they are many times larger.
void nearly_exact_fits_need_the_rows() {
    const KernelTable<double>& kernels = selected_kernels<double>();
    Numbers numbers(83);
    auto problem = make_problem<double>(numbers, 500, 6, 1);
    const Point<double> truth(numbers, 6, 1);
    const auto columns = static_cast<std::size_t>(problem.columns);
    for (std::size_t i = 0; i < problem.y.size(); ++i) {
        problem.y[i] = truth.intercept[0];
        for (std::size_t j = 0; j < columns; ++j)
            problem.y[i] += truth.coef[j] * problem.X[i * columns + j];
    }
    const Objective<double> objective(kernels, squared_error, 1);
    SecondMoments<double> moments = moments_of(objective, problem, {});
    const Point<double> origin(numbers, 6, 1);
    moments.refer_to(origin.in_double(), sums_of_rows(objective, problem, origin, {}));
    check(moments.sums_at(origin.in_double()).has_value());
    check(!moments.sums_at(truth.in_double()).has_value());
    moments.refer_to(truth.in_double(), sums_of_rows(objective, problem, truth, {}));
    check(moments.sums_at(truth.in_double()).has_value());
    check(moments.sums_at(origin.in_double()).has_value(), "a loss that grows loses nothing");
}

void squares_that_overflow_are_noticed() {
    const KernelTable<double>& kernels = selected_kernels<double>();
    Numbers numbers(84);
    auto problem = make_problem<double>(numbers, 50, 3, 1);
    const Objective<double> objective(kernels, squared_error, 1);
    check(moments_of(objective, problem, {}).finite());
    for (Index i = 0; i < problem.rows; ++i)
        problem.X[static_cast<std::size_t>(i * 3 + 1)] *= 1e200;
    check(!moments_of(objective, problem, {}).finite());
}

FitOptions given_steps() {
    FitOptions options;
    options.rate = Rate::constant;
    return options;
}

constexpr FitShape tall{100000, 100, 1, 8, true};

void known_epochs_decide_at_once() {
    FitOptions options = given_steps();
    check(epochs_before_second_moments(options, tall) == 0);
    // products of rows cost about seven readings
    options.max_iter = 7;
    check(!epochs_before_second_moments(options, tall));
    options.max_iter = 10;
    check(epochs_before_second_moments(options, tall) == 0);
    // several outputs share the matrix
    FitShape several = tall;
    several.outputs = 64;
    options.max_iter = 4;
    check(epochs_before_second_moments(options, several) == 0);
}

void unknown_epochs_are_waited_for() {
    FitOptions options = given_steps();
    options.tol = 1e-6;
    const auto waited = epochs_before_second_moments(options, tall);
    check(waited && *waited >= 7 && *waited <= 9);
    options.max_iter = 15;
    check(!epochs_before_second_moments(options, tall), "too few to come");
    options.max_iter = 18;
    check(epochs_before_second_moments(options, tall) == waited);
    FitOptions timed = given_steps();
    timed.max_time = 3600.0;
    check(epochs_before_second_moments(timed, tall) == waited);
    FitShape single = tall;
    single.item_bytes = 4;
    options.max_iter = 1000;
    check(epochs_before_second_moments(options, single) > waited, "readings cost less");
}

void elsewhere_rows_are_read() {
    const FitOptions options = given_steps();
    FitShape shape = tall;
    shape.quadratic = false;
    check(!epochs_before_second_moments(options, shape));
    shape = tall;
    shape.rows = 700;
    check(!epochs_before_second_moments(options, shape),
          "a step on one thread costs more than a reading on eight");
    shape = {1000000, most_gram_columns, 1, 8, true};
    check(epochs_before_second_moments(options, shape).has_value());
    ++shape.columns;
    check(!epochs_before_second_moments(options, shape));
    for (const Solver solver : {Solver::minibatch, Solver::sgd}) {
        FitOptions stochastic = options;
        stochastic.solver = solver;
        check(!epochs_before_second_moments(stochastic, tall));
    }
    FitOptions automatic;
    check(!epochs_before_second_moments(automatic, tall), "whitened");
    automatic.precondition = Precondition::scale;
    check(epochs_before_second_moments(automatic, tall) == 0);
}

}  // namespace
}  // namespace fastgd::testing

int main(int argc, char** argv) {
    using namespace fastgd::testing;
    return run({{"equal sums over rows", equal_sums_over_rows},
                {"the point referred to", the_point_referred_to_is_that_of_the_kernels},
                {"same bits for any number of threads", same_bits_for_any_number_of_threads},
                {"nearly exact fits need the rows", nearly_exact_fits_need_the_rows},
                {"squares that overflow are noticed", squares_that_overflow_are_noticed},
                {"known epochs decide at once", known_epochs_decide_at_once},
                {"unknown epochs are waited for", unknown_epochs_are_waited_for},
                {"elsewhere rows are read", elsewhere_rows_are_read}},
               argc, argv);
}

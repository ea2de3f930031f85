// Rows that stand for more columns than there are of them: the same predictions and penalty.
#include <algorithm>
#include <limits>

#include "check.hpp"
#include "core/row_space.hpp"
#include "levels.hpp"
#include "problem.hpp"

namespace fastgd::testing {
namespace {

constexpr Index rows = 19;
constexpr Index columns = 43;
constexpr double l2 = 0.3;

FitOptions ridge() {
    FitOptions options;
    options.penalty.l2 = l2;
    options.precondition = Precondition::whiten;
    return options;
}

template <class T>
Problem<T> problem_of(Index outputs, ProblemKind kind = {}) {
    Numbers numbers(5);
    Problem<T> problem = make_problem<T>(numbers, rows, columns, outputs, kind);
    for (Index at = 0; at < rows * columns; at += columns) problem.X[std::size_t(at)] += T(100);
    return problem;
}

template <class T>
std::optional<RowSpace<T>> space_of(const Data& data, const FitOptions& options) {
    return RowSpace<T>::of(selected_kernels<T>(), data, options, keep_going);
}

// x . w + b, in double
double predicted(const StridedView& X, const Coefficients& model, Index output, Index row) {
    double z = model.intercept[static_cast<std::size_t>(output)];
    for (Index j = 0; j < X.columns; ++j) {
        const char* at =
            static_cast<const char*>(X.data) + row * X.row_stride + j * X.column_stride;
        const double x = X.type == ElementType::float32
                             ? static_cast<double>(*reinterpret_cast<const float*>(at))
                             : *reinterpret_cast<const double*>(at);
        z += x * model.coef[static_cast<std::size_t>(output * X.columns + j)];
    }
    return z;
}

template <class T>
void check_alike(const Data& data, const FitOptions& options) {
    const double tolerance = sizeof(T) == 4 ? 2e-4 : 1e-10;
    const auto space = space_of<T>(data, options);
    check(space.has_value(), "there is a space");
    if (!space) return;
    const Index outputs = data.outputs();
    Numbers numbers(6);
    const Coefficients own{numbers.normals<double>(outputs * rows),
                           numbers.normals<double>(outputs)};
    const Data of_rows = space->of(data);
    check(of_rows.columns() == rows && of_rows.rows() == rows, "rows by rows");
    const Coefficients all = space->onto_all(own);
    const Coefficients back = space->of(all, keep_going);
    double penalty = 0.0;
    double own_penalty = 0.0;
    for (Index k = 0; k < outputs; ++k) {
        for (Index i = 0; i < rows; ++i) {
            const bool weighs =
                data.weight.data == nullptr || static_cast<const T*>(data.weight.data)[i] > T(0);
            if (!weighs) continue;
            const double z = predicted(of_rows.X, own, k, i);
            check(std::abs(predicted(data.X, all, k, i) - z) < tolerance * 100.0, "row ", i,
                  " predicts ", predicted(data.X, all, k, i), " and not ", z);
            check(std::abs(predicted(of_rows.X, back, k, i) - z) < tolerance * 100.0, "row ", i,
                  " leads back to ", predicted(of_rows.X, back, k, i), " and not ", z);
        }
        // what a factor leaves out predicts nothing and is not to count
        for (Index i = 0; i < rows; ++i) {
            const double u = back.coef[static_cast<std::size_t>(k * rows + i)];
            own_penalty += u * u;
        }
        for (Index j = 0; j < columns; ++j) {
            const double w = all.coef[static_cast<std::size_t>(k * columns + j)];
            penalty += options.penalty.l2_of(static_cast<std::size_t>(j)) / l2 * w * w;
        }
    }
    check(std::abs(penalty - own_penalty) < tolerance * own_penalty, "a penalty of ", penalty,
          " for ", own_penalty);
}

template <class T>
void check_all_alike() {
    check_alike<T>(problem_of<T>(1).data(), ridge());
    check_alike<T>(problem_of<T>(3, {.weighted = true}).data(), ridge());
    FitOptions without = ridge();
    without.fit_intercept = false;
    check_alike<T>(problem_of<T>(1).data(), without);
    FitOptions factors = ridge();
    Numbers numbers(7);
    factors.penalty.l2_factor = numbers.uniforms<double>(columns, 0.1, 5.0);
    factors.penalty.l1_factor = factors.penalty.l2_factor;
    check_alike<T>(problem_of<T>(2).data(), factors);

    Problem<T> problem = problem_of<T>(1, {.weighted = true});
    problem.weight[4] = T(0);
    std::fill_n(problem.X.begin() + 4 * columns, columns, T(1e15));
    check_alike<T>(problem.data(), ridge());
    std::copy_n(problem.X.begin(), columns, problem.X.begin() + 7 * columns);
    check_alike<T>(problem.data(), ridge());
}

void models_predict_alike() {
    check_all_alike<float>();
    check_all_alike<double>();
}

template <class T>
void check_bits() {
    const Problem<T> problem = problem_of<T>(2);
    FitOptions options = ridge();
    Numbers numbers(8);
    const Coefficients own{numbers.normals<double>(2 * rows), numbers.normals<double>(2)};
    options.threads = 1;
    const auto one = space_of<T>(problem.data(), options);
    options.threads = 3;
    const auto three = space_of<T>(problem.data(), options);
    check(one->onto_all(own).coef == three->onto_all(own).coef, "the same bits");
}

void threads_change_no_bit() {
    check_bits<float>();
    check_bits<double>();
}

void others_are_fitted_as_they_are() {
    const Problem<double> problem = problem_of<double>(1);
    const Data data = problem.data();
    check(RowSpace<double>::pays(data, ridge()), "a ridge on fewer rows than columns");
    FitOptions other = ridge();
    other.penalty.l2 = 0.0;
    check(!RowSpace<double>::pays(data, other), "no ridge");
    other = ridge();
    other.penalty.l1 = 0.1;
    check(!RowSpace<double>::pays(data, other), "a kink in the penalty");
    other = ridge();
    other.precondition = Precondition::scale;
    check(!RowSpace<double>::pays(data, other), "no Hessian");
    other = ridge();
    other.rate = Rate::constant;
    check(!RowSpace<double>::pays(data, other), "steps of the caller's on the columns as they are");
    Data few = data;
    few.X.columns = rows;
    check(!RowSpace<double>::pays(few, ridge()), "as many rows as columns");

    FitOptions exempt = ridge();
    exempt.penalty.l2_factor.assign(columns, 1.0);
    exempt.penalty.l1_factor = exempt.penalty.l2_factor;
    exempt.penalty.l2_factor[3] = 0.0;
    check(!space_of<double>(data, exempt).has_value(), "a column that bears no ridge");
    Problem<double> spoilt = problem;
    spoilt.X[50] = std::numeric_limits<double>::quiet_NaN();
    check(!space_of<double>(spoilt.data(), ridge()).has_value(), "NaN");
    spoilt.X[50] = 1e200;
    check(!space_of<double>(spoilt.data(), ridge()).has_value(), "squares that overflow");
}

}  // namespace
}  // namespace fastgd::testing

int main(int argc, char** argv) {
    using namespace fastgd::testing;
    return run({{"models predict alike", models_predict_alike},
                {"threads change no bit", threads_change_no_bit},
                {"others are fitted as they are", others_are_fitted_as_they_are}},
               argc, argv);
}

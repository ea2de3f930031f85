// Least points of quadratics with kinks and bounds: they solve, or meet an optimum's conditions.
#include <algorithm>

#include "check.hpp"
#include "core/quadratic_model.hpp"
#include "levels.hpp"
#include "matrix.hpp"

namespace fastgd::testing {
namespace {

constexpr double ridge = 1e-13;

struct Model {
    SymmetricMatrix hessian;
    LargeVector<double> gradient, from;
    Holds holds;

    Model(Numbers& numbers, SymmetricMatrix matrix, double strength)
        : hessian(std::move(matrix)),
          gradient(numbers.normals<double>(hessian.size())),
          from(numbers.normals<double>(hessian.size())),
          holds(from.size()) {
        holds.threshold = numbers.uniforms<double>(hessian.size(), 0.5 * strength, strength);
    }

    LargeVector<double> least() const {
        return least_point(hessian, gradient, from, holds, ridge,
                           selected_kernels<double>().add_products);
    }

    // Bounds about where it starts; some coordinates have one, some none, some no choice.
    void bound(Numbers& numbers, double most) {
        for (std::size_t j = 0; j < from.size(); ++j) {
            if (j % 5 != 1) holds.low[j] = from[j] - numbers.uniform(0, most);
            if (j % 5 != 2) holds.high[j] = from[j] + numbers.uniform(0, most);
            if (j % 5 == 3) holds.low[j] = from[j];
            if (j % 7 == 4) holds.low[j] = holds.high[j] = from[j];
        }
    }

    LargeVector<double> moved(const LargeVector<double>& point) const {
        LargeVector<double> move = point;
        for (std::size_t j = 0; j < move.size(); ++j) move[j] -= from[j];
        return move;
    }

    // Each slope meets its threshold; `units` roundings of what it is summed from are none.
    void check_optimal(const char* what, const LargeVector<double>& point, double units) const {
        const LargeVector<double> move = moved(point);
        for (Index j = 0; j < hessian.size(); ++j) {
            const auto at = static_cast<std::size_t>(j);
            const double threshold = holds.threshold[at];
            const long double slope = gradient[at] + product_at(hessian, j, move);
            const long double size =
                rounding_at(hessian, j, move) +
                std::numeric_limits<double>::epsilon() * (std::abs(gradient[at]) + threshold);
            const long double right = slope + (point[at] >= 0.0 ? threshold : -threshold);
            const long double left = slope + (point[at] > 0.0 ? threshold : -threshold);
            const long double excess = std::max({point[at] < holds.high[at] ? -right : 0.0L,
                                                 point[at] > holds.low[at] ? left : 0.0L, 0.0L});
            check(holds.low[at] <= point[at] && point[at] <= holds.high[at], what, ": ", point[at],
                  " out of bounds");
            check(excess <= units * size, what, ": slope ", slope, ", threshold ", threshold,
                  " at ", point[at], ", ", j, " of ", hessian.size(), ", off by ", excess / size,
                  " units");
        }
    }
};

// Eigenvalues from 1 down to 1 / condition in directions that no axis knows.
SymmetricMatrix rotated(Numbers& numbers, Index size, double condition) {
    Columns columns(size, size, LargeVector<double>(static_cast<std::size_t>(size * size)));
    for (Index i = 0; i < size; ++i)
        columns.at(i, i) =
            std::sqrt(std::pow(condition, -static_cast<double>(i) / static_cast<double>(size - 1)));
    for (int reflection = 0; reflection < 3; ++reflection) {
        const LargeVector<double> v = numbers.normals<double>(size);
        double square = 0;
        for (const double x : v) square += x * x;
        for (Index r = 0; r < size; ++r) {
            double along = 0;
            for (Index j = 0; j < size; ++j)
                along += columns.at(r, j) * v[static_cast<std::size_t>(j)];
            for (Index j = 0; j < size; ++j)
                columns.at(r, j) -= 2 * along / square * v[static_cast<std::size_t>(j)];
        }
    }
    return gram_of(columns);
}

void without_thresholds_it_is_the_solution() {
    Numbers numbers(80);
    for (const Index size : {1, 2, 15, 16, 17, 65, 130}) {
        const Model model(numbers, gram_of(Columns(numbers, 3 * size, size)), 0.0);
        const LargeVector<double> point = model.least();
        LargeVector<double> move = model.gradient;
        for (double& m : move) m = -m;
        Cholesky(copy_of(model.hessian), ridge, selected_kernels<double>().add_products, 1)
            .solve(move);
        for (std::size_t j = 0; j < move.size(); ++j)
            check(std::abs(point[j] - (model.from[j] + move[j])) <= 1e-11, "size ", size, " at ", j,
                  ": ", point[j], ", expected ", model.from[j] + move[j]);
        model.check_optimal("no threshold", point, 100.0 * static_cast<double>(size));
    }
}

void thresholds_are_met() {
    Numbers numbers(81);
    for (const Index size : {1, 2, 16, 17, 65, 130})
        for (const double strength : {1e-3, 0.1, 0.5, 1.0, 100.0}) {
            const Model model(numbers, gram_of(Columns(numbers, 3 * size, size)), strength);
            const LargeVector<double> point = model.least();
            model.check_optimal("well conditioned", point, 1e4 * static_cast<double>(size));
            if (strength == 100.0)
                check(point == LargeVector<double>(point.size(), 0.0), "size ", size);
        }
}

void badly_conditioned() {
    Numbers numbers(82);
    for (const Index size : {2, 16, 40, 130})
        for (const double strength : {1e-3, 0.1, 1.0}) {
            const Model model(numbers, rotated(numbers, size, 1e8), strength);
            model.check_optimal("badly conditioned", model.least(),
                                1e4 * static_cast<double>(size));
        }
}

// Some coordinates are free of the penalty, as an intercept is.
void some_thresholds_are_zero() {
    Numbers numbers(83);
    for (const double condition : {10.0, 1e8}) {
        Model model(numbers, rotated(numbers, 40, condition), 0.3);
        for (std::size_t j = 0; j < 40; j += 3) model.holds.threshold[j] = 0.0;
        const LargeVector<double> point = model.least();
        model.check_optimal("some free", point, 4e5);
        for (std::size_t j = 0; j < 40; j += 3) check(point[j] != 0.0, j);
    }
}

void where_nothing_bends_only_the_threshold_moves() {
    Numbers numbers(84);
    Columns columns(numbers, 60, 20);
    for (Index r = 0; r < 60; ++r) columns.at(r, 4) = columns.at(r, 9) = 0.0;
    Model model(numbers, gram_of(columns), 0.2);
    model.gradient[4] = model.gradient[9] = 0.0;
    model.holds.threshold[9] = 0.0;
    const LargeVector<double> point = model.least();
    check(point[4] == 0.0, point[4]);
    check(point[9] == model.from[9], point[9]);
    model.check_optimal("zero columns", point, 1e5);
}

void equal_columns_share() {
    Numbers numbers(85);
    Columns columns(numbers, 60, 20);
    for (Index r = 0; r < 60; ++r) columns.at(r, 13) = columns.at(r, 2);
    for (const double strength : {0.0, 0.1}) {
        Model model(numbers, gram_of(columns), strength);
        model.gradient[13] = model.gradient[2];
        model.holds.threshold[13] = model.holds.threshold[2];
        model.check_optimal("equal columns", model.least(), 1e5);
    }
}

void bounds_are_met() {
    Numbers numbers(87);
    for (const double condition : {10.0, 1e8})
        for (const Index size : {2, 5, 16, 40, 130})
            for (const double strength : {0.0, 0.3})
                for (const double most : {1e-3, 1.0, 30.0}) {
                    Model model(numbers, rotated(numbers, size, condition), strength);
                    model.bound(numbers, most);
                    const LargeVector<double> point = model.least();
                    model.check_optimal("bounded", point, 1e4 * static_cast<double>(size));
                }
}

// Steps down the slope, back into the box after each, until they have long come to rest.
void as_projected_steps_do() {
    Numbers numbers(88);
    for (const Index size : {1, 2, 3, 7}) {
        Model model(numbers, gram_of(Columns(numbers, 3 * size, size)), 0.0);
        model.bound(numbers, 0.5);
        double bend = 0.0;
        for (Index j = 0; j < size; ++j) bend += model.hessian.at(j, j);
        LargeVector<double> brute = model.from;
        for (int step = 0; step < 20'000; ++step) {
            const LargeVector<double> move = model.moved(brute);
            for (std::size_t j = 0; j < brute.size(); ++j) {
                const auto slope = static_cast<double>(
                    product_at(model.hessian, static_cast<Index>(j), move) + model.gradient[j]);
                brute[j] =
                    std::clamp(brute[j] - slope / bend, model.holds.low[j], model.holds.high[j]);
            }
        }
        const LargeVector<double> point = model.least();
        for (std::size_t j = 0; j < point.size(); ++j)
            check(std::abs(point[j] - brute[j]) <= 1e-9, "size ", size, " at ", j, ": ", point[j],
                  ", expected ", brute[j]);
    }
}

// From its own answer it has nowhere to go.
void an_optimum_stays() {
    Numbers numbers(86);
    Model model(numbers, gram_of(Columns(numbers, 90, 30)), 0.3);
    const LargeVector<double> first = model.least();
    const LargeVector<double> move = model.moved(first);
    for (Index j = 0; j < 30; ++j)
        model.gradient[static_cast<std::size_t>(j)] +=
            static_cast<double>(product_at(model.hessian, j, move));
    model.from = first;
    const LargeVector<double> again = model.least();
    for (std::size_t j = 0; j < first.size(); ++j)
        check(std::abs(again[j] - first[j]) <= 1e-12 && (again[j] == 0.0) == (first[j] == 0.0), j,
              ": ", first[j], " and ", again[j]);
}

}  // namespace
}  // namespace fastgd::testing

int main(int argc, char** argv) {
    using namespace fastgd::testing;
    return run({{"without thresholds, the solution", without_thresholds_it_is_the_solution},
                {"thresholds are met", thresholds_are_met},
                {"badly conditioned", badly_conditioned},
                {"some thresholds are zero", some_thresholds_are_zero},
                {"where nothing bends", where_nothing_bends_only_the_threshold_moves},
                {"equal columns share", equal_columns_share},
                {"bounds are met", bounds_are_met},
                {"as projected steps do", as_projected_steps_do},
                {"an optimum stays", an_optimum_stays}},
               argc, argv);
}

// Sums of losses and gradients over many blocks: right, and with the same bits for any team.
#include <algorithm>

#include "check.hpp"
#include "core/measure.hpp"
#include "core/objective.hpp"
#include "levels.hpp"
#include "problem.hpp"

namespace fastgd::testing {
namespace {

template <class T>
struct Point {
    LargeVector<T> coef, intercept, shift;

    Point(Numbers& numbers, Index columns, Index outputs, double largest = 0.5)
        : coef(numbers.uniforms<T>(outputs * columns, -largest, largest)),
          intercept(numbers.uniforms<T>(outputs, -0.5, 0.5)),
          shift(numbers.uniforms<T>(columns, -1, 1)) {}
    LinearModel<T> model(bool shifted) const {
        return {coef.data(), intercept.data(), shifted ? shift.data() : nullptr};
    }
};

bool same(const GradientSums& a, const GradientSums& b) {
    return a.loss == b.loss && a.weight == b.weight && a.coef == b.coef &&
           a.intercept == b.intercept;
}

template <class T>
GradientSums sums_at(const KernelTable<T>& kernels, Index loss, const Problem<T>& problem,
                     const RowSelection& rows, const LinearModel<T>& model, int threads) {
    const LossSpec spec{loss, loss_oracle(kernels.losses[loss].name).parameters};
    GradientSums sums(problem.outputs, problem.columns);
    Objective<T>(kernels, spec, threads).add_gradient(problem.data(), rows, model, sums);
    return sums;
}

// Every 3rd row from the end: a selection that is no range.
std::vector<Index> every_third(Index rows) {
    std::vector<Index> index;
    for (Index i = rows - 1; i >= 0; i -= 3) index.push_back(i);
    return index;
}

template <class T>
void check_against_oracle(const KernelTable<T>& kernels, Index loss, const Problem<T>& problem,
                          const Point<T>& point, bool shifted, const RowSelection& rows) {
    const GradientSums sums =
        sums_at(kernels, loss, problem, rows, point.model(shifted), /*threads=*/2);
    const LossOracle& oracle = loss_oracle(kernels.losses[loss].name);
    const ExactSums exact = exact_sums(problem, rows, oracle, oracle.parameters, point.coef,
                                       point.intercept, shifted ? point.shift : LargeVector<T>{});
    // errors of single rows are random; terms are of order 1 to 10 a row
    const long double size = 10.0L * static_cast<long double>(rows.count + 1);
    const double unit = static_cast<double>(std::numeric_limits<T>::epsilon());
    const auto near = [&](double computed, long double expected) {
        return std::abs(computed - expected) <= 8 * unit * size;
    };
    check(near(sums.loss, exact.loss), oracle.name, ' ', kernels.isa, " loss ", sums.loss,
          ", expected ", exact.loss);
    check(near(sums.weight, exact.weight), oracle.name, ' ', kernels.isa, " weight");
    for (std::size_t j = 0; j < sums.coef.size(); ++j)
        check(near(sums.coef[j], exact.coef[j]), oracle.name, ' ', kernels.isa, " coef ", j, ": ",
              sums.coef[j], ", expected ", exact.coef[j]);
    for (std::size_t k = 0; k < sums.intercept.size(); ++k)
        check(near(sums.intercept[k], exact.intercept[k]), oracle.name, ' ', kernels.isa);
}

void equals_the_definition() {
    each_kernel_table([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(8);
        for (Index l = 0; l < pointwise_losses(kernels); ++l)
            for (const Index columns : {1, 5, 33})
                for (const Index rows : {1, 7, 300, 2100})
                    for (const bool rich : {false, true}) {
                        ProblemKind kind = kind_for(kernels.losses[l]);
                        kind.weighted = kind.with_offset = rich;
                        const Index outputs = rich && !kind.binary ? 3 : 1;
                        const auto problem = make_problem<T>(numbers, rows, columns, outputs, kind);
                        // the predictors of a mean are not to leave it without digits
                        const double largest = kind.positive ? 0.05 : 0.5;
                        const Point<T> point(numbers, columns, outputs, largest);
                        check_against_oracle(kernels, l, problem, point, rich, problem.all());
                        const std::vector<Index> index = every_third(rows);
                        check_against_oracle(kernels, l, problem, point, rich,
                                             {index.data(), 0, static_cast<Index>(index.size())});
                    }
    });
}

void same_bits_for_any_number_of_threads() {
    each_precision([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(9);
        for (const Index columns : {3, 40, 700}) {
            // some megabytes: enough work for eight threads
            const Index rows = 4 * 1024 * 1024 / static_cast<Index>(sizeof(T)) / columns + 13;
            const auto problem = make_problem<T>(numbers, rows, columns, 1, {false, true, false});
            const Point<T> point(numbers, columns, 1);
            const GradientSums one =
                sums_at(kernels, 0, problem, problem.all(), point.model(true), 1);
            for (const int threads : {2, 3, 8})
                for (int repeat = 0; repeat < 3; ++repeat)
                    check(same(one, sums_at(kernels, 0, problem, problem.all(), point.model(true),
                                            threads)),
                          kernels.isa, " columns ", columns, " threads ", threads);
        }
    });
}

void value_alone_is_the_gradient_pass_without_gradient() {
    each_precision([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(10);
        const auto problem = make_problem<T>(numbers, 3000, 21, 1, {true, true, true});
        const Point<T> point(numbers, 21, 1);
        for (Index l = 0; l < pointwise_losses(kernels); ++l) {
            const GradientSums full =
                sums_at(kernels, l, problem, problem.all(), point.model(false), 2);
            GradientSums value(1, 21);
            value.coef.assign(21, 7.0);
            const LossSpec spec{l, loss_oracle(kernels.losses[l].name).parameters};
            Objective<T>(kernels, spec, 2)
                .add_value(problem.data(), problem.all(), point.model(false), value);
            check(std::abs(value.loss - full.loss) <= 1e-12 * full.loss, kernels.losses[l].name);
            check(value.weight == full.weight, kernels.losses[l].name);
            check(value.coef == LargeVector<double>(21, 7.0), "add_value touched the gradient");
        }
    });
}

// Weight w is w copies of a row; weight 0 is no row.
void weights_are_repetitions() {
    each_precision([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(11);
        auto weighted = make_problem<T>(numbers, 400, 6, 1);
        std::vector<Index> repeated, present;
        for (Index i = 0; i < weighted.rows; ++i) {
            const Index times = i % 4;
            weighted.weight.push_back(static_cast<T>(times));
            for (Index t = 0; t < times; ++t) repeated.push_back(i);
            if (times > 0) present.push_back(i);
        }
        auto plain = weighted;
        plain.weight.clear();
        const Point<T> point(numbers, 6, 1);
        const auto at = [&](const Problem<T>& problem, const std::vector<Index>& index) {
            return sums_at(kernels, 0, problem, {index.data(), 0, static_cast<Index>(index.size())},
                           point.model(false), 1);
        };
        const GradientSums by_weight =
            sums_at(kernels, 0, weighted, weighted.all(), point.model(false), 1);
        const double tolerance = 200.0 * static_cast<double>(std::numeric_limits<T>::epsilon());
        for (const GradientSums& other : {at(plain, repeated), at(weighted, present)}) {
            check(by_weight.weight == other.weight);
            check(std::abs(by_weight.loss - other.loss) <= tolerance * other.loss);
            for (std::size_t j = 0; j < other.coef.size(); ++j)
                check(std::abs(by_weight.coef[j] - other.coef[j]) <= tolerance * other.loss, j);
        }
    });
}

void element_types_of_data_do_not_matter() {
    const KernelTable<double>& kernels = selected_kernels<double>();
    Numbers numbers(12);
    Problem<double> problem = make_problem<double>(numbers, 777, 9, 1);
    std::vector<std::int16_t> integers;
    for (double& x : problem.X) {
        x = std::round(100 * x);
        integers.push_back(static_cast<std::int16_t>(x));
    }
    const Point<double> point(numbers, 9, 1);
    const GradientSums expected = sums_at(kernels, 0, problem, problem.all(), point.model(true), 1);
    Data data = problem.data();
    data.X = StridedView{integers.data(), ElementType::int16, 777, 9, 18, 2};
    LargeVector<double> by_column(problem.X.size());
    for (std::size_t i = 0; i < 777; ++i)
        for (std::size_t j = 0; j < 9; ++j) by_column[j * 777 + i] = problem.X[i * 9 + j];
    Data transposed = problem.data();
    transposed.X = StridedView{by_column.data(), ElementType::float64, 777, 9, 8, 777 * 8};
    for (const Data& other : {data, transposed}) {
        GradientSums sums(1, 9);
        Objective<double>(kernels, {0, 0.0}, 2)
            .add_gradient(other, problem.all(), point.model(true), sums);
        check(same(sums, expected));
    }
}

void measure_adds_penalty_and_least_subgradient() {
    GradientSums sums(1, 3);
    sums.loss = 8.0;
    sums.weight = 4.0;
    sums.coef = {4.0, -8.0, 2.0};  // gradients 1, -2, 0.5 of the mean
    sums.intercept = {12.0};
    const LargeVector<double> coef{2.0, 0.0, 0.0};
    const PenaltyStrength penalty{0.75, 0.5};
    const Measure with = measure(sums, penalty, coef, {}, true);
    // coefficient 0: 1 + 0.5 * 2 + 0.75; the zeros: -2 and 0.5 shrunk by 0.75; intercept 3
    check(std::abs(with.gradient_norm - std::sqrt(2.75 * 2.75 + 1.25 * 1.25 + 9.0)) < 1e-15,
          with.gradient_norm);
    check(with.objective == 2.0 + 0.75 * 2.0 + 0.25 * 4.0, with.objective);
    const Measure without = measure(sums, penalty, coef, {}, false);
    check(std::abs(without.gradient_norm - std::sqrt(2.75 * 2.75 + 1.25 * 1.25)) < 1e-15);
    // at shifted columns the raw gradient is sum d (x - shift) + shift sum d
    const LargeVector<double> shift{1.0, 0.0, 0.0};
    const Measure shifted = measure(sums, {}, coef, shift, true);
    check(std::abs(shifted.gradient_norm - std::sqrt(16.0 + 4.0 + 0.25 + 9.0)) < 1e-15);
    check(finish_gradient(sums, penalty, coef) == with.objective);
    check(sums.coef == LargeVector<double>{1.0 + 0.75 + 1.0, -2.0, 0.5});
}

// A coefficient at a bound counts where its slope leads back inside.
void measure_within_bounds() {
    GradientSums sums(1, 6);
    sums.weight = 1.0;
    sums.coef = {1.0, -1.0, 1.0, -1.0, 5.0, 0.25};
    const LargeVector<double> coef{-2.0, -2.0, 3.0, 3.0, 0.5, 0.0};
    PenaltyStrength penalty{0.5, 0.0};
    penalty.box = {{-2.0, -2.0, 0.0, 0.0, 0.5, 0.0}, {9.0, 9.0, 3.0, 3.0, 0.5, 1.0}};
    // slopes: -2 to the right 1 - 0.5, -1 - 0.5; 3 to the left 1 + 0.5, -1 + 0.5; 0 held by both
    const Measure found = measure(sums, penalty, coef, {}, true);
    check(std::abs(found.gradient_norm - std::sqrt(1.5 * 1.5 + 1.5 * 1.5)) < 1e-15,
          found.gradient_norm);
    sums.coef[5] = std::numeric_limits<double>::quiet_NaN();
    check(std::isnan(measure(sums, penalty, coef, {}, true).gradient_norm), "NaN is seen");
}

// Dense rows share all of their work; sparse rows what they have beside two numbers a column.
void coefficients_of_sparse_rows_are_no_work_to_share() {
    Numbers numbers(77);
    const auto problem = make_problem<double>(numbers, 50, 6, 3);
    Data data = problem.data();
    check(data.bytes_to_share<double>(50) == 3 * data.bytes_of<double>(50), "dense rows");
    const auto single = make_problem<double>(numbers, 50, 6, 1);
    data = single.data();
    const std::vector<std::int64_t> starts(51, 0);
    data.X.start = starts.data();
    check(data.X.sparse() && data.bytes_to_share<double>(50) ==
                                 data.bytes_of<double>(50) - 2.0 * 6.0 * sizeof(double),
          "sparse rows");
}

}  // namespace
}  // namespace fastgd::testing

int main(int argc, char** argv) {
    using namespace fastgd::testing;
    return run(
        {{"equals the definition", equals_the_definition},
         {"same bits for any number of threads", same_bits_for_any_number_of_threads},
         {"value is the pass without gradient", value_alone_is_the_gradient_pass_without_gradient},
         {"weights are repetitions", weights_are_repetitions},
         {"element types do not matter", element_types_of_data_do_not_matter},
         {"measure", measure_adds_penalty_and_least_subgradient},
         {"measure within bounds", measure_within_bounds},
         {"work to share", coefficients_of_sparse_rows_are_no_work_to_share}},
        argc, argv);
}

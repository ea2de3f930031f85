// Sparse rows against dense ones: sums, moments, second moments, steps; in every form of CSR.
#include <algorithm>

#include "check.hpp"
#include "core/curvature.hpp"
#include "core/descent.hpp"
#include "core/duality_gap.hpp"
#include "core/gram.hpp"
#include "core/moments.hpp"
#include "core/objective.hpp"
#include "core/outlying_rows.hpp"
#include "levels.hpp"
#include "sparse_problem.hpp"

namespace fastgd::testing {
namespace {

template <class T>
struct Point {
    LargeVector<T> coef, intercept, shift;

    Point(Numbers& numbers, Index columns, Index outputs)
        : coef(numbers.uniforms<T>(outputs * columns, -0.5, 0.5)),
          intercept(numbers.uniforms<T>(outputs, -0.5, 0.5)),
          shift(numbers.uniforms<T>(columns, -1, 1)) {
        for (std::size_t j = 0; j < shift.size(); ++j)
            if (j % 3 != 1) shift[j] = T(0);
    }
    LinearModel<T> model(bool shifted) const {
        return {coef.data(), intercept.data(), shifted ? shift.data() : nullptr};
    }
};

bool same(const GradientSums& a, const GradientSums& b) {
    return a.loss == b.loss && a.weight == b.weight && a.coef == b.coef &&
           a.intercept == b.intercept;
}

template <class T>
GradientSums sums_at(const KernelTable<T>& kernels, Index loss, const Data& data,
                     const RowSelection& rows, const LinearModel<T>& model, int threads) {
    const LossSpec spec{loss, loss_oracle(kernels.losses[loss].name).parameters};
    GradientSums sums(data.outputs(), data.columns());
    Objective<T>(kernels, spec, threads).add_gradient(data, rows, model, sums);
    return sums;
}

template <class T>
void check_sums(const KernelTable<T>& kernels, Index loss, const Problem<T>& problem,
                const Data& data, const Point<T>& point, bool shifted, const RowSelection& rows,
                const char* form) {
    const GradientSums sums = sums_at(kernels, loss, data, rows, point.model(shifted), 2);
    const LossOracle& oracle = loss_oracle(kernels.losses[loss].name);
    const ExactSums exact = exact_sums(problem, rows, oracle, oracle.parameters, point.coef,
                                       point.intercept, shifted ? point.shift : LargeVector<T>{});
    const long double size = 10.0L * static_cast<long double>(rows.count + 1);
    const double unit = static_cast<double>(std::numeric_limits<T>::epsilon());
    const auto near = [&](double computed, long double expected) {
        return std::abs(computed - expected) <= 8 * unit * size;
    };
    check(near(sums.loss, exact.loss), form, ' ', oracle.name, ' ', kernels.isa, " loss ",
          sums.loss, ", expected ", exact.loss);
    for (std::size_t j = 0; j < sums.coef.size(); ++j)
        check(near(sums.coef[j], exact.coef[j]), form, ' ', oracle.name, ' ', kernels.isa, " coef ",
              j, ": ", sums.coef[j], ", expected ", exact.coef[j]);
    for (std::size_t k = 0; k < sums.intercept.size(); ++k)
        check(near(sums.intercept[k], exact.intercept[k]), form, " intercept ", k);
}

void sums_are_those_of_dense_rows() {
    each_kernel_table([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(61);
        for (const char* loss : {"squared_error", "log_loss"})
            for (const Index columns : {2, 9, 40})
                for (const Index rows : {1, 5, 700})
                    for (const Index outputs : {1, 3}) {
                        const Index l = find_loss(kernels, loss);
                        // labels of several outputs are numbers of classes
                        if (outputs > 1 && kernels.losses[l].targets == Targets::binary) continue;
                        ProblemKind kind = kind_for(kernels.losses[l]);
                        kind.weighted = kind.with_offset = outputs == 3;
                        const auto problem =
                            sparse_problem<T>(numbers, rows, columns, outputs, kind);
                        const Point<T> point(numbers, columns, outputs);
                        std::vector<Index> index;
                        for (Index i = rows - 1; i >= 0; i -= 3) index.push_back(i);
                        for (const SparseKind& form : sparse_kinds)
                            for (const bool shifted : {false, true}) {
                                const SparseRows<T> X(problem, form, numbers);
                                const Data data = with_rows(problem, X);
                                check_sums(kernels, l, problem, data, point, shifted, problem.all(),
                                           form.name);
                                check_sums(kernels, l, problem, data, point, shifted,
                                           {index.data(), 0, static_cast<Index>(index.size())},
                                           form.name);
                            }
                    }
    });
}

// Halves add up exactly: how rows are stored changes no bit.
void forms_have_the_same_bits() {
    each_kernel_table([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(62);
        const auto problem = sparse_problem<T>(numbers, 3000, 30, 2, {.weighted = true});
        const Point<T> point(numbers, 30, 2);
        const SparseRows<T> canonical(problem, sparse_kinds[0], numbers);
        const GradientSums expected =
            sums_at(kernels, 0, with_rows(problem, canonical), problem.all(), point.model(true), 1);
        for (const SparseKind& form : sparse_kinds) {
            if (form.with_zeros) continue;
            const SparseRows<T> X(problem, form, numbers);
            Data data = with_rows(problem, X);
            data.X.stored_a_row = canonical.view().stored_a_row;
            const LargeVector<T> before(X.values().data(), X.values().data() + X.values().size());
            check(same(sums_at(kernels, 0, data, problem.all(), point.model(true), 2), expected),
                  form.name, ' ', kernels.isa);
            check(std::equal(before.begin(), before.end(), X.values().data()), form.name,
                  " was written to");
        }
    });
}

void narrow_values_are_converted() {
    each_kernel_table([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(63);
        auto problem = sparse_problem<T>(numbers, 400, 12, 1);
        for (T& x : problem.X) x = std::round(4 * x);
        const SparseRows<T> rows(problem, sparse_kinds[0], numbers);
        const Point<T> point(numbers, 12, 1);
        const GradientSums expected =
            sums_at(kernels, 0, with_rows(problem, rows), problem.all(), point.model(true), 1);
        const T* first = rows.values().data();
        std::vector<std::int8_t> narrow;
        for (Index s = 0; s < rows.values().size(); ++s)
            narrow.push_back(static_cast<std::int8_t>(first[s]));
        Data data = with_rows(problem, rows);
        data.X.data = narrow.data();
        data.X.type = ElementType::int8;
        data.X.column_stride = 1;
        check(same(sums_at(kernels, 0, data, problem.all(), point.model(true), 1), expected),
              kernels.isa);
    });
}

void same_bits_for_any_number_of_threads() {
    each_precision([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(64);
        auto problem = sparse_problem<T>(numbers, 120000, 6, 1, {.weighted = true});
        // one whose sums about 0 are not enough
        for (std::size_t at = 1; at < problem.X.size(); at += 6) problem.X[at] += T(1000);
        const SparseRows<T> rows(problem, sparse_kinds[0], numbers);
        const Data data = with_rows(problem, rows);
        const Point<T> point(numbers, 6, 1);
        check(Blocks::of<T>(data.X).block_rows < data.rows() / 3, "more than one block");
        const GradientSums one = sums_at(kernels, 0, data, problem.all(), point.model(true), 1);
        const ColumnMoments moments = column_moments(kernels, data, problem.all(), 1, keep_going);
        for (const int threads : {2, 3, 8}) {
            check(same(sums_at(kernels, 0, data, problem.all(), point.model(true), threads), one),
                  kernels.isa, " threads ", threads);
            const ColumnMoments other =
                column_moments(kernels, data, problem.all(), threads, keep_going);
            check(moments.mean == other.mean && moments.variance == other.variance &&
                  moments.smallest == other.smallest && moments.weight == other.weight);
        }
    });
}

template <class T>
void check_moments(const KernelTable<T>& kernels, const Problem<T>& problem, const Data& data,
                   const RowSelection& rows, const char* form) {
    const ColumnMoments dense = column_moments(kernels, problem.data(), rows, 1, keep_going);
    const ColumnMoments sparse = column_moments(kernels, data, rows, 2, keep_going);
    const ColumnMoments less = column_moments(kernels, data, rows, 2, keep_going, Ranges::left_out);
    check(less.smallest.empty() && less.largest.empty() && less.mean == sparse.mean &&
              less.variance == sparse.variance,
          form, " without ranges");
    const double unit = static_cast<double>(std::numeric_limits<T>::epsilon());
    check(sparse.weighing == dense.weighing && sparse.least_weight == dense.least_weight);
    check(std::abs(sparse.weight - dense.weight) <= 64 * unit * dense.weight);
    for (std::size_t j = 0; j < dense.mean.size(); ++j) {
        const double size = std::sqrt(dense.variance[j]) + std::abs(dense.mean[j]);
        check(std::abs(sparse.mean[j] - dense.mean[j]) <= 64 * unit * size, form, " mean ", j, ": ",
              sparse.mean[j], " and ", dense.mean[j]);
        check(std::abs(sparse.variance[j] - dense.variance[j]) <= 256 * unit * size * size, form,
              " variance ", j, ": ", sparse.variance[j], " and ", dense.variance[j]);
        check(sparse.smallest[j] == dense.smallest[j] && sparse.largest[j] == dense.largest[j],
              form, " range ", j);
    }
}

void moments_count_the_zeros() {
    each_kernel_table([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(65);
        for (const bool weighted : {false, true}) {
            auto problem = sparse_problem<T>(numbers, 9000, 11, 1, {.weighted = weighted});
            for (Index i = 0; i < problem.rows; ++i) {
                // the same in most rows; far from 0 in all, and the same in all
                problem.X[static_cast<std::size_t>(i * 11 + 8)] = i % 50 == 7 ? T(0) : T(700);
                problem.X[static_cast<std::size_t>(i * 11 + 9)] += T(1000);
                problem.X[static_cast<std::size_t>(i * 11 + 10)] = T(2013);
                if (weighted && i % 5 == 0) problem.weight[static_cast<std::size_t>(i)] = T(0);
            }
            for (const SparseKind& form : sparse_kinds) {
                const SparseRows<T> X(problem, form, numbers);
                const Data data = with_rows(problem, X);
                check_moments(kernels, problem, data, problem.all(), form.name);
                const std::vector<Index> some{17, 3, 8999, 41};
                check_moments(kernels, problem, data, {some.data(), 0, 4}, form.name);
                const ColumnMoments all =
                    column_moments(kernels, data, problem.all(), 1, keep_going);
                check(all.variance[0] == 0.0 && all.mean[0] == 0.0, "a column of zeros");
                check(all.variance[10] == 0.0 && all.mean[10] == 2013.0, "a constant column");
                check(all.worth_centring(9) && all.worth_centring(10), "far from 0");
                check(!all.worth_centring(1) && !all.worth_centring(2), "about 0");
            }
        }
    });
}

void non_finite_numbers_are_named() {
    each_precision([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(66);
        auto problem = sparse_problem<T>(numbers, 5000, 8, 1);
        problem.X[static_cast<std::size_t>(4100 * 8 + 6)] = std::numeric_limits<T>::quiet_NaN();
        problem.X[static_cast<std::size_t>(4100 * 8 + 7)] = std::numeric_limits<T>::infinity();
        for (const SparseKind& form : sparse_kinds) {
            const SparseRows<T> X(problem, form, numbers);
            const Data data = with_rows(problem, X);
            const auto found =
                column_moments(kernels, data, problem.all(), 2, keep_going).non_finite;
            check(found && found->row == 4100 && found->column == 6, form.name);
            const auto first = find_non_finite(kernels, data, problem.all());
            check(first && first->row == 4100 && first->column == 6, form.name);
        }
    });
}

void second_moments_are_those_of_dense_rows() {
    each_kernel_table([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(67);
        for (const Index columns : {5, 15, 16, 40}) {
            const auto problem = sparse_problem<T>(numbers, 900, columns, 1, {.weighted = true});
            const Point<T> point(numbers, columns, 1);
            const LinearModel<T> model = point.model(true);
            const LargeVector<double> shift(point.shift.begin(), point.shift.end());
            const LargeVector<double> scale = numbers.uniforms<double>(columns, 0.5, 2);
            const Objective<T> objective(kernels, {find_loss(kernels, "squared_error")}, 2);
            Gram dense(columns);
            add_gram(objective, problem.data(), problem.all(), 1.0, &model, {scale, shift},
                     keep_going, dense);
            for (const SparseKind& form : sparse_kinds) {
                const SparseRows<T> X(problem, form, numbers);
                Gram sparse(columns);
                add_gram(objective, with_rows(problem, X), problem.all(), 1.0, &model,
                         {scale, shift}, keep_going, sparse);
                for (Index i = 0; i <= columns; ++i)
                    for (Index j = i; j <= columns; ++j)
                        check(sparse.matrix.at(i, j) == dense.matrix.at(i, j), form.name, ' ', i,
                              ", ", j);
            }
        }
    });
}

void outliers_are_those_of_dense_rows() {
    each_kernel_table([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(68);
        const auto problem = sparse_problem<T>(numbers, 3000, 21, 1, {.weighted = true});
        const Point<T> point(numbers, 21, 1);
        const LargeVector<T> unit = numbers.uniforms<T>(21, 0.5, 2);
        const auto dense =
            outlying_rows<T>(kernels, problem.data(), point.shift, unit, 4.0, 200, 1, keep_going);
        const LongestRow longest = longest_row(kernels, problem.data(), 1.0, 1);
        check(!dense.empty());
        for (const SparseKind& form : sparse_kinds) {
            const SparseRows<T> X(problem, form, numbers);
            const Data data = with_rows(problem, X);
            check(outlying_rows<T>(kernels, data, point.shift, unit, 4.0, 200, 2, keep_going) ==
                      dense,
                  form.name);
            check(longest_row(kernels, data, 1.0, 2).row == longest.row, form.name);
        }
    });
}

void gaps_are_those_of_dense_rows() {
    each_precision([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(69);
        const auto problem = sparse_problem<T>(numbers, 2000, 7, 1, {.binary = true});
        const Coefficients at{numbers.uniforms<double>(7, -0.1, 0.1), {0.2}};
        const Objective<T> objective(kernels, {find_loss(kernels, "log_loss")}, 2);
        const PenaltyStrength penalty{0.01, 0.1};
        const double dense =
            duality_gap(objective, problem.data(), at, penalty, PenaltyScale::raw, true);
        for (const SparseKind& form : sparse_kinds) {
            const SparseRows<T> X(problem, form, numbers);
            const double sparse =
                duality_gap(objective, with_rows(problem, X), at, penalty, PenaltyScale::raw, true);
            check(std::abs(sparse - dense) <= 1e-4 * dense, form.name, ' ', sparse, " and ", dense);
        }
    });
}

// Batch descent of rows that come in pieces: where these end changes no bit.
void chunks_change_no_bit() {
    each_precision([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(70);
        const auto problem = sparse_problem<T>(numbers, 30000, 9, 1, {.weighted = true});
        const Objective<T> objective(kernels, {0}, 2);
        for (const SparseKind& form : sparse_kinds) {
            const SparseRows<T> X(problem, form, numbers);
            const Data data = with_rows(problem, X);
            DescentOptions options;
            options.columns = 9;
            options.stored_a_row = data.X.stored_a_row;
            options.schedule.rate = 0.1;
            options.preconditioner = Preconditioner::none(true);
            const Coefficients start{LargeVector<double>(9), {0.0}};
            const auto end_of = [&](Index chunk) {
                const auto descent = make_descent(Solver::batch, objective, options, start);
                for (int epoch = 0; epoch < 2; ++epoch) {
                    for (Index begin = 0; begin < data.rows(); begin += chunk)
                        descent->consume(
                            data, problem.all().part(begin, std::min(chunk, data.rows() - begin)));
                    descent->finish_epoch();
                }
                return descent->coefficients();
            };
            const Coefficients whole = end_of(data.rows());
            for (const Index chunk : {997, 12345}) {
                const Coefficients pieces = end_of(chunk);
                check(pieces.coef == whole.coef && pieces.intercept == whole.intercept, form.name,
                      " chunks of ", chunk);
            }
        }
    });
}

}  // namespace
}  // namespace fastgd::testing

int main(int argc, char** argv) {
    using namespace fastgd::testing;
    return run({{"sums are those of dense rows", sums_are_those_of_dense_rows},
                {"forms have the same bits", forms_have_the_same_bits},
                {"narrow values are converted", narrow_values_are_converted},
                {"same bits for any number of threads", same_bits_for_any_number_of_threads},
                {"moments count the zeros", moments_count_the_zeros},
                {"non-finite numbers are named", non_finite_numbers_are_named},
                {"second moments are those of dense rows", second_moments_are_those_of_dense_rows},
                {"outliers are those of dense rows", outliers_are_those_of_dense_rows},
                {"gaps are those of dense rows", gaps_are_those_of_dense_rows},
                {"chunks change no bit", chunks_change_no_bit}},
               argc, argv);
}

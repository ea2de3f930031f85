// Gram matrices: the kernels at every ragged size, and whole sums against a plain triple loop.
#include "check.hpp"
#include "core/gram.hpp"
#include "levels.hpp"
#include "problem.hpp"
#include "tile.hpp"

namespace fastgd::testing {
namespace {

template <class T>
void check_packing(const KernelTable<T>& kernels, Index columns, Index rows, bool intercept,
                   bool prefetch, Numbers& numbers) {
    const RandomTile<T> tile(numbers, rows, columns, false, prefetch);
    const Exact<double> shift(numbers.uniforms<double>(columns, -1, 1));
    const Exact<double> scale(numbers.uniforms<double>(columns, 0, 3));
    const Exact<double> root(numbers.uniforms<double>(rows, 0, 2));
    const Index capacity = rows + rows % 3;
    const Index panels = columns / panel_columns + 1;
    Exact<double> out(
        LargeVector<double>(static_cast<std::size_t>(panels * capacity * panel_columns), 99.0));
    kernels.pack_panels(tile.view(),
                        {shift.data(), scale.data(), root.data(), intercept ? 1.0 : 0.0}, capacity,
                        out.data());
    for (Index at = 0; at < out.size(); ++at) {
        const Index i = at / panel_columns % capacity;
        const Index j = at / panel_columns / capacity * panel_columns + at % panel_columns;
        long double expected = 0;
        if (i >= rows)
            expected = 99;
        else if (j < columns)
            expected = (tile.raw(i, j) - shift[j]) * scale[j] * root[i];
        else if (j == columns)
            expected = intercept ? root[i] : 0.0;
        check(close(out[at], expected, std::abs(expected), 4), kernels.isa, " columns ", columns,
              " rows ", rows, " at (", i, ", ", j, "): ", out[at], ", expected ", expected);
    }
}

void panels_at_every_shape() {
    each_kernel_table([](const auto& kernels) {
        Numbers numbers(60);
        for (Index columns = 0; columns <= 67; ++columns)
            for (const Index rows : {0, 1, 2, 5, 9})
                for (const bool intercept : {false, true})
                    for (const bool prefetch : {false, true})
                        check_packing(kernels, columns, rows, intercept, prefetch, numbers);
    });
}

void products_at_every_number_of_rows() {
    each_kernel_table([](const auto& kernels) {
        Numbers numbers(61);
        for (Index rows = 0; rows <= 100; rows += rows < 20 ? 1 : 16)
            for (const Index stride : {16, 17, 64}) {
                const Exact<double> a(numbers.uniforms<double>(rows * panel_columns, -1, 1));
                const Exact<double> b(numbers.uniforms<double>(rows * panel_columns, -1, 1));
                const Index size = (panel_columns - 1) * stride + panel_columns;
                const Exact<double> before(numbers.uniforms<double>(size, -1, 1));
                Exact<double> out = before;
                kernels.add_products(a.data(), b.data(), rows, out.data(), stride);
                for (Index at = 0; at < size; ++at) {
                    const Index i = at / stride;
                    const Index j = at % stride;
                    long double expected = before[at];
                    long double terms = std::abs(expected);
                    for (Index r = 0; j < panel_columns && r < rows; ++r) {
                        const long double term =
                            static_cast<long double>(a[r * panel_columns + i]) *
                            b[r * panel_columns + j];
                        expected += term;
                        terms += std::abs(term);
                    }
                    check(close(out[at], expected, terms, static_cast<double>(rows + 2)),
                          kernels.isa, " rows ", rows, " stride ", stride, " at (", i, ", ", j,
                          "): ", out[at], ", expected ", expected);
                }
            }
    });
}

// A model somewhere, and how its columns are scaled.
template <class T>
struct Point {
    LargeVector<T> coef, intercept, shift;
    LargeVector<double> scale;

    Point(Numbers& numbers, Index columns, Index outputs, double largest = 0.5)
        : coef(numbers.uniforms<T>(outputs * columns, -largest, largest)),
          intercept(numbers.uniforms<T>(outputs, -0.5, 0.5)),
          shift(numbers.uniforms<T>(columns, -1, 1)),
          scale(numbers.uniforms<double>(columns, 0.25, 4)) {}
    LinearModel<T> model(bool shifted) const {
        return {coef.data(), intercept.data(), shifted ? shift.data() : nullptr};
    }
    LargeVector<double> shift_in_double(bool shifted) const {
        if (shifted) return {shift.begin(), shift.end()};
        return LargeVector<double>(shift.size());
    }
};

struct Options {
    bool shifted = false;
    bool intercept = true;
    double factor = 1.0;
};

template <class T>
Gram gram_at(const KernelTable<T>& kernels, Index loss, const Problem<T>& problem,
             const RowSelection& rows, const Point<T>& point, const Options& options, int threads) {
    const LossSpec spec{loss, loss_oracle(kernels.losses[loss].name).parameters};
    const Objective<T> objective(kernels, spec, threads);
    Gram gram(problem.columns);
    const LinearModel<T> model = point.model(options.shifted);
    const LargeVector<double> shift = point.shift_in_double(options.shifted);
    add_gram(objective, problem.data(), rows, options.factor, &model,
             {point.scale, shift, options.intercept}, keep_going, gram);
    return gram;
}

struct ExactGram {
    std::vector<long double> sum, size;  // upper triangles, row-major
    long double weight = 0;
};

template <class T>
ExactGram exact_gram(const LossOracle& loss, const Problem<T>& problem, const RowSelection& rows,
                     const Point<T>& point, const Options& options) {
    const auto columns = static_cast<std::size_t>(problem.columns);
    const auto outputs = static_cast<std::size_t>(problem.outputs);
    ExactGram exact;
    exact.sum.resize((columns + 1) * (columns + 1));
    exact.size = exact.sum;
    for (Index r = 0; r < rows.count; ++r) {
        const auto i = static_cast<std::size_t>(rows.at(r));
        std::vector<long double> x(columns + 1);
        for (std::size_t j = 0; j < columns; ++j)
            x[j] = problem.X[i * columns + j] -
                   (options.shifted ? static_cast<long double>(point.shift[j]) : 0.0L);
        long double bend = 0;
        for (std::size_t k = 0; k < outputs; ++k) {
            long double z = point.intercept[k];
            for (std::size_t j = 0; j < columns; ++j) z += x[j] * point.coef[k * columns + j];
            if (!problem.offset.empty()) z += problem.offset[i * outputs + k];
            bend += loss.working_weight(z, problem.y[i * outputs + k], loss.parameters);
        }
        const long double weight =
            options.factor * (problem.weight.empty() ? T(1) : problem.weight[i]);
        exact.weight += weight;
        for (std::size_t j = 0; j < columns; ++j) x[j] *= point.scale[j];
        x[columns] = options.intercept ? 1 : 0;
        for (std::size_t a = 0; a <= columns; ++a)
            for (std::size_t b = a; b <= columns; ++b) {
                const long double term =
                    weight * bend / static_cast<long double>(outputs) * x[a] * x[b];
                exact.sum[a * (columns + 1) + b] += term;
                exact.size[a * (columns + 1) + b] += std::abs(term);
            }
    }
    return exact;
}

template <class T>
void check_gram(const KernelTable<T>& kernels, Index loss, const Problem<T>& problem,
                const RowSelection& rows, const Point<T>& point, const Options& options) {
    const Gram gram = gram_at(kernels, loss, problem, rows, point, options, 2);
    const LossOracle& oracle = loss_oracle(kernels.losses[loss].name);
    const ExactGram exact = exact_gram(oracle, problem, rows, point, options);
    // the working weight is a number of T, at a predictor summed in T; a quadratic has none
    const double unit =
        kernels.losses[loss].quadratic
            ? std::numeric_limits<double>::epsilon() * static_cast<double>(rows.count + 8)
            : 64.0 * static_cast<double>(std::numeric_limits<T>::epsilon());
    const auto n = static_cast<std::size_t>(problem.columns + 1);
    check(std::abs(gram.weight - exact.weight) <= 1e-13L * exact.weight, oracle.name, " weight ",
          gram.weight, ", expected ", exact.weight);
    for (std::size_t a = 0; a < n; ++a)
        for (std::size_t b = a; b < n; ++b) {
            const double computed = gram.matrix.at(static_cast<Index>(a), static_cast<Index>(b));
            check(std::abs(computed - exact.sum[a * n + b]) <= unit * exact.size[a * n + b],
                  oracle.name, ' ', kernels.isa, " columns ", n - 1, " rows ", rows.count, " at (",
                  a, ", ", b, "): ", computed, ", expected ", exact.sum[a * n + b]);
        }
}

void equals_the_triple_loop() {
    each_kernel_table([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(62);
        for (Index l = 0; l < pointwise_losses(kernels); ++l)
            for (const Index columns : {1, 15, 16, 37})
                for (const Index rows : {1, 95, 97, 300})
                    for (const bool rich : {false, true}) {
                        ProblemKind kind = kind_for(kernels.losses[l]);
                        kind.weighted = kind.with_offset = rich;
                        const Index outputs = rich && !kind.binary ? 3 : 1;
                        const auto problem = make_problem<T>(numbers, rows, columns, outputs, kind);
                        // the predictors of a mean are not to leave it without digits
                        const double largest = kind.positive ? 0.05 : 0.5;
                        const Point<T> point(numbers, columns, outputs, largest);
                        const Options options{rich, !rich || columns == 16, rich ? 2.5 : 1.0};
                        check_gram(kernels, l, problem, problem.all(), point, options);
                        std::vector<Index> index;
                        for (Index i = rows - 1; i >= 0; i -= 3) index.push_back(i);
                        check_gram(kernels, l, problem,
                                   {index.data(), 0, static_cast<Index>(index.size())}, point,
                                   options);
                    }
    });
}

// Rounding decides nowhere on which side of a kink a row is.
constexpr const char* smooth_losses[] = {"squared_error", "log_loss", "gamma"};

// Several chunks of several tiles: sums go on where the last one ended.
void many_rows() {
    each_precision([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(63);
        const Point<T> point(numbers, 5, 1);
        for (const char* name : smooth_losses) {
            const Index l = find_loss(kernels, name);
            ProblemKind kind = kind_for(kernels.losses[l]);
            kind.weighted = true;
            const auto problem = make_problem<T>(numbers, 9001, 5, 1, kind);
            check_gram(kernels, l, problem, problem.all(), point, {true, true, 0.5});
        }
    });
}

bool same(const Gram& a, const Gram& b) {
    if (a.weight != b.weight) return false;
    for (Index i = 0; i < a.matrix.size(); ++i)
        for (Index j = i; j < a.matrix.size(); ++j)
            if (a.matrix.row(i)[j] != b.matrix.row(i)[j]) return false;
    return true;
}

void same_bits_for_any_number_of_threads() {
    each_precision([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(64);
        for (const Index columns : {3, 40, 300}) {
            // some megabytes packed: enough work for eight threads
            const Index rows = 4 * 1024 * 1024 / 8 / (columns + 16) + 13;
            const Point<T> point(numbers, columns, 1, 0.05);
            for (const char* name : smooth_losses) {
                const Index l = find_loss(kernels, name);
                ProblemKind kind = kind_for(kernels.losses[l]);
                kind.weighted = true;
                const auto problem = make_problem<T>(numbers, rows, columns, 1, kind);
                const auto with = [&](int threads) {
                    return gram_at(kernels, l, problem, problem.all(), point, {true, true, 3.0},
                                   threads);
                };
                const Gram one = with(1);
                for (const int threads : {2, 3, 8})
                    check(same(one, with(threads)), kernels.losses[l].name, " columns ", columns,
                          " threads ", threads);
            }
        }
    });
}

void sums_add_up() {
    const KernelTable<double>& kernels = selected_kernels<double>();
    Numbers numbers(65);
    const auto problem = make_problem<double>(numbers, 200, 7, 1);
    const Point<double> point(numbers, 7, 1);
    const Objective<double> objective(kernels, {0, 0.0}, 1);
    Gram gram(7);
    const LinearModel<double> model = point.model(false);
    const LargeVector<double> shift = point.shift_in_double(false);
    for (int i = 0; i < 2; ++i)
        add_gram(objective, problem.data(), problem.all(), 0.5, &model, {point.scale, shift},
                 keep_going, gram);
    const Gram once = gram_at(kernels, 0, problem, problem.all(), point, {}, 1);
    check(gram.weight == once.weight && once.weight == 200.0);
    for (Index i = 0; i <= 7; ++i)
        for (Index j = i; j <= 7; ++j)
            check(std::abs(gram.matrix.at(i, j) - once.matrix.at(i, j)) <=
                      1e-13 * std::sqrt(once.matrix.at(i, i) * once.matrix.at(j, j)),
                  i, ", ", j);
}

}  // namespace
}  // namespace fastgd::testing

int main(int argc, char** argv) {
    using namespace fastgd::testing;
    return run({{"panels at every shape", panels_at_every_shape},
                {"products at every number of rows", products_at_every_number_of_rows},
                {"equals the triple loop", equals_the_triple_loop},
                {"many rows", many_rows},
                {"same bits for any number of threads", same_bits_for_any_number_of_threads},
                {"sums add up", sums_add_up}},
               argc, argv);
}

// Forward and backward kernels against sums in long double, at every ragged size.
#if defined(__unix__)
#include <sys/mman.h>
#include <unistd.h>
#endif

#include "check.hpp"
#include "levels.hpp"
#include "tile.hpp"

namespace fastgd::testing {
namespace {

constexpr Index most_columns = 67;
// up to two of the largest groups of rows that are worked on together, and some more
constexpr Index row_counts[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 19, 35};
constexpr Index many_rows = 21;

template <class T>
void check_forward(const KernelTable<T>& kernels, const RandomTile<T>& tile, Index outputs,
                   Numbers& numbers) {
    const Index columns = tile.columns();
    const Exact<T> coef(numbers.uniforms<T>(outputs * columns, -1, 1));
    const Exact<T> intercept(numbers.uniforms<T>(outputs, -1, 1));
    Exact<T> z(LargeVector<T>(static_cast<std::size_t>(tile.rows() * outputs), T(99)));
    kernels.forward(tile.view(), coef.data(), outputs, intercept.data(), z.data());
    for (Index i = 0; i < tile.rows(); ++i)
        for (Index k = 0; k < outputs; ++k) {
            long double expected = intercept[k];
            long double size = std::abs(expected);
            for (Index j = 0; j < columns; ++j) {
                const long double term = tile.centred(i, j) * coef[k * columns + j];
                expected += term;
                size += std::abs(term);
            }
            check(close(z[i * outputs + k], expected, size, static_cast<double>(columns + 2)),
                  "forward ", kernels.isa, " columns ", columns, " rows ", tile.rows(), " at (", i,
                  ", ", k, "): ", z[i * outputs + k], ", expected ", expected);
        }
}

template <class T>
void check_backward(const KernelTable<T>& kernels, const RandomTile<T>& tile, Index outputs,
                    Numbers& numbers) {
    const Index columns = tile.columns();
    const Exact<T> derivative(numbers.uniforms<T>(tile.rows() * outputs, -1, 1));
    const Exact<T> before(numbers.uniforms<T>(outputs * columns, -1, 1));
    Exact<T> gradient = before;
    kernels.backward(tile.view(), derivative.data(), outputs, gradient.data());
    for (Index k = 0; k < outputs; ++k)
        for (Index j = 0; j < columns; ++j) {
            long double expected = before[k * columns + j];
            long double size = std::abs(expected);
            for (Index i = 0; i < tile.rows(); ++i) {
                const long double term = tile.centred(i, j) * derivative[i * outputs + k];
                expected += term;
                size += std::abs(term);
            }
            check(close(gradient[k * columns + j], expected, size,
                        static_cast<double>(tile.rows() + 2)),
                  "backward ", kernels.isa, " columns ", columns, " rows ", tile.rows(), " at (", k,
                  ", ", j, "): ", gradient[k * columns + j], ", expected ", expected);
        }
}

template <class Check>
void each_shape(const Check& check_one) {
    each_kernel_table([&](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(1);
        for (Index columns = 0; columns <= most_columns; ++columns)
            for (const Index rows : row_counts)
                for (const bool shifted : {false, true})
                    for (const bool prefetch : {false, true}) {
                        const RandomTile<T> tile(numbers, rows, columns, shifted, prefetch);
                        for (const Index outputs : {1, 3})
                            check_one(kernels, tile, outputs, numbers);
                    }
    });
}

void forward_at_every_shape() {
    each_shape([](const auto& kernels, const auto& tile, Index outputs, Numbers& numbers) {
        check_forward(kernels, tile, outputs, numbers);
    });
}

void backward_at_every_shape() {
    each_shape([](const auto& kernels, const auto& tile, Index outputs, Numbers& numbers) {
        check_backward(kernels, tile, outputs, numbers);
    });
}

// Outputs and vectors of columns are worked on in groups that end anywhere, and coefficients that
// do not stay in cache in several rounds.
void both_at_every_number_of_outputs() {
    each_kernel_table([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(3);
        const auto check_both = [&](Index columns, Index rows, Index outputs, bool shifted) {
            RandomTile<T> tile(numbers, rows, columns, shifted, outputs % 2 == 0);
            check_forward(kernels, tile, outputs, numbers);
            tile.let_backward_follow();
            check_forward(kernels, tile, outputs, numbers);
            check_backward(kernels, tile, outputs, numbers);
        };
        for (Index outputs = 2; outputs <= 20; ++outputs)
            for (const Index columns : {1, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 49, 95, 130})
                for (const bool shifted : {false, true})
                    check_both(columns, 4 + outputs % 4, outputs, shifted);
        for (const Index outputs : {37, 100, 131})
            for (const Index columns : {33, 101, 611}) check_both(columns, 13, outputs, true);
    });
}

// A row's bits must not depend on the rows beside it: tiles end anywhere; nor on other outputs.
void predictor_of_a_row_does_not_depend_on_its_tile() {
    each_kernel_table([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(2);
        for (Index columns = 1; columns <= most_columns; ++columns)
            for (const Index outputs : {1, 2, 3, 5, 10, 13}) {
                const RandomTile<T> tile(numbers, many_rows, columns, true, false);
                const LargeVector<T> coef = numbers.uniforms<T>(outputs * columns, -1, 1);
                const LargeVector<T> intercept = numbers.uniforms<T>(outputs, -1, 1);
                RowTile<T> view = tile.view();
                LargeVector<T> together(static_cast<std::size_t>(many_rows * outputs)),
                    alone(together);
                kernels.forward(view, coef.data(), outputs, intercept.data(), together.data());
                view.rows = 1;
                T* z = alone.data();
                for (Index i = 0; i < many_rows; ++i, ++view.row)
                    for (Index k = 0; k < outputs; ++k, ++z)
                        kernels.forward(view, coef.data() + k * columns, 1, &intercept[k], z);
                check(together == alone, kernels.isa, " columns ", columns, " outputs ", outputs);
            }
    });
}

// Nor on how rows come from memory.
void predictors_read_in_turn_are_the_same() {
    each_kernel_table([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(5);
        for (Index columns = 1; columns <= 300; columns += columns < 140 ? 1 : 23)
            for (const Index rows : {1, 4, 21})
                for (const bool shifted : {false, true}) {
                    const RandomTile<T> tile(numbers, rows, columns, shifted, false);
                    const LargeVector<T> coef = numbers.uniforms<T>(columns, -1, 1);
                    const T intercept = numbers.uniforms<T>(1, -1, 1)[0];
                    RowTile<T> view = tile.view();
                    LargeVector<T> at_once(static_cast<std::size_t>(rows)), in_turn(at_once);
                    kernels.forward(view, coef.data(), 1, &intercept, at_once.data());
                    view.in_turn = true;
                    kernels.forward(view, coef.data(), 1, &intercept, in_turn.data());
                    check(at_once == in_turn, kernels.isa, " columns ", columns, " rows ", rows);
                }
    });
}

// Where a tile ends must not show in the gradient either, nor how many outputs there are.
void gradient_does_not_depend_on_tiles() {
    each_kernel_table([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(4);
        for (Index columns = 1; columns <= most_columns; ++columns)
            for (const Index outputs : {1, 2, 3, 5, 10, 13}) {
                const RandomTile<T> tile(numbers, many_rows, columns, true, false);
                const LargeVector<T> derivative = numbers.uniforms<T>(many_rows * outputs, -1, 1);
                RowTile<T> view = tile.view();
                LargeVector<T> together(static_cast<std::size_t>(outputs * columns)),
                    apart(together);
                kernels.backward(view, derivative.data(), outputs, together.data());
                const T* d = derivative.data();
                for (const Index rows : {4, 1, 16}) {
                    view.rows = rows;
                    kernels.backward(view, d, outputs, apart.data());
                    view.row += rows;
                    d += rows * outputs;
                }
                check(together == apart, kernels.isa, " columns ", columns, " outputs ", outputs);
            }
    });
}

#if defined(__unix__)
// Vectors of fewer columns than lanes touch nothing beyond them: the last row may end where the
// process's memory does.
void rows_may_end_where_memory_ends() {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    void* memory =
        mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    check(memory != MAP_FAILED, "mmap");
    char* end = static_cast<char*>(memory) + page;
    check(mprotect(end, page, PROT_NONE) == 0, "mprotect");
    each_kernel_table([&](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        for (Index columns = 1; columns <= most_columns; ++columns) {
            T* row = reinterpret_cast<T*>(end) - columns;
            std::fill_n(row, columns, T(1));
            const T* rows[] = {row, row, row};
            const RowTile<T> tile{rows, nullptr, 3, columns, nullptr};
            const T intercept = 0;
            T z[3];
            kernels.forward(tile, row, 1, &intercept, z);
            check(z[2] == static_cast<T>(columns), kernels.isa, " columns ", columns, ": ", z[2]);
            const T derivative[] = {T(1), T(1), T(2)};
            LargeVector<T> gradient(static_cast<std::size_t>(columns));
            kernels.backward(tile, derivative, 1, gradient.data());
            check(gradient.back() == T(4), kernels.isa, " columns ", columns);
        }
    });
    munmap(memory, 2 * page);
}
#endif

}  // namespace
}  // namespace fastgd::testing

int main(int argc, char** argv) {
    using namespace fastgd::testing;
    return run({{"forward at every shape", forward_at_every_shape},
                {"backward at every shape", backward_at_every_shape},
                {"both at every number of outputs", both_at_every_number_of_outputs},
                {"a row's predictor does not depend on its tile",
                 predictor_of_a_row_does_not_depend_on_its_tile},
                {"predictors read in turn are the same", predictors_read_in_turn_are_the_same},
#if defined(__unix__)
                {"rows may end where memory ends", rows_may_end_where_memory_ends},
#endif
                {"a gradient does not depend on tiles", gradient_does_not_depend_on_tiles}},
               argc, argv);
}

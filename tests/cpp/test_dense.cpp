// Forward and backward kernels against sums in long double, at every ragged size.
#include "check.hpp"
#include "levels.hpp"
#include "tile.hpp"

namespace fastgd::testing {
namespace {

constexpr Index most_columns = 67;
constexpr Index most_rows = 9;

template <class T>
void check_forward(const KernelTable<T>& kernels, const RandomTile<T>& tile, Index outputs,
                   Numbers& numbers) {
    const Index columns = tile.columns();
    const Exact<T> coef(numbers.uniforms<T>(outputs * columns, -1, 1));
    const Exact<T> intercept(numbers.uniforms<T>(outputs, -1, 1));
    Exact<T> z(std::vector<T>(static_cast<std::size_t>(tile.rows() * outputs), T(99)));
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
            for (Index rows = 0; rows <= most_rows; ++rows)
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

// A row's bits must not depend on the rows beside it: tiles end anywhere.
void predictor_of_a_row_does_not_depend_on_its_tile() {
    each_kernel_table([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(2);
        for (Index columns = 1; columns <= most_columns; ++columns) {
            const RandomTile<T> tile(numbers, 7, columns, true, false);
            const std::vector<T> coef = numbers.uniforms<T>(columns, -1, 1);
            const T intercept = T(0.5);
            RowTile<T> view = tile.view();
            std::vector<T> together(7), alone(7);
            kernels.forward(view, coef.data(), 1, &intercept, together.data());
            view.rows = 1;
            for (std::size_t i = 0; i < 7; ++i, ++view.row)
                kernels.forward(view, coef.data(), 1, &intercept, &alone[i]);
            check(together == alone, kernels.isa, " columns ", columns);
        }
    });
}

}  // namespace
}  // namespace fastgd::testing

int main(int argc, char** argv) {
    using namespace fastgd::testing;
    return run({{"forward at every shape", forward_at_every_shape},
                {"backward at every shape", backward_at_every_shape},
                {"a row's predictor does not depend on its tile",
                 predictor_of_a_row_does_not_depend_on_its_tile}},
               argc, argv);
}

// Rows with a far entry: the kernel at every ragged size, and searches against a plain loop.
#include <algorithm>

#include "check.hpp"
#include "core/outlying_rows.hpp"
#include "levels.hpp"
#include "problem.hpp"
#include "tile.hpp"

namespace fastgd::testing {
namespace {

void largest_squares_at_every_shape() {
    each_kernel_table([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(70);
        for (Index columns = 0; columns <= 67; ++columns)
            for (Index rows = 0; rows <= 5; ++rows)
                for (const bool prefetch : {false, true}) {
                    const RandomTile<T> tile(numbers, rows, columns, true, prefetch);
                    const Exact<T> unit(numbers.uniforms<T>(columns, 0, 3));
                    Exact<T> out(LargeVector<T>(static_cast<std::size_t>(rows), T(99)));
                    kernels.largest_squares(tile.view(), unit.data(), out.data());
                    for (Index i = 0; i < rows; ++i) {
                        long double expected = 0;
                        for (Index j = 0; j < columns; ++j) {
                            const long double x = tile.centred(i, j) * unit[j];
                            expected = std::max(expected, x * x);
                        }
                        check(close(out[i], expected, expected, 4), kernels.isa, " columns ",
                              columns, " row ", i, ": ", out[i], ", expected ", expected);
                    }
                }
    });
}

// Normal columns with entries up to a thousand times as large in one row of twenty.
template <class T>
struct Searched {
    Problem<T> problem;
    LargeVector<T> shift, unit;

    Searched(Numbers& numbers, Index rows, Index columns)
        : problem(make_problem<T>(numbers, rows, columns, 1)),
          shift(numbers.uniforms<T>(columns, -1, 1)),
          unit(numbers.uniforms<T>(columns, 0.5, 2)) {
        for (Index i = 0; i < rows; ++i)
            if (numbers.below(20) == 0)
                problem.X[static_cast<std::size_t>(i * columns + numbers.below(columns))] *=
                    static_cast<T>(std::pow(10.0, numbers.uniform(0, 3)));
    }

    std::vector<Index> found(const KernelTable<T>& kernels, double bound, Index most,
                             int threads) const {
        return outlying_rows<T>(kernels, problem.data(), shift, unit, bound, most, threads,
                                keep_going);
    }

    // In T as the kernel computes: whether a square exceeds the bound is no matter of rounding.
    std::vector<Index> by_the_book(double bound) const {
        std::vector<Index> rows;
        const std::size_t columns = shift.size();
        for (Index i = 0; i < problem.rows; ++i) {
            T most = 0;
            for (std::size_t j = 0; j < columns; ++j) {
                const T x =
                    (problem.X[static_cast<std::size_t>(i) * columns + j] - shift[j]) * unit[j];
                most = std::max(most, x * x);
            }
            const bool weighs =
                problem.weight.empty() || problem.weight[static_cast<std::size_t>(i)] > 0;
            if (weighs && static_cast<double>(most) > bound) rows.push_back(i);
        }
        return rows;
    }
};

void rows_beyond_the_bound_in_order() {
    each_kernel_table([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(71);
        for (const Index rows : {1, 5, 300, 5000})
            for (const Index columns : {1, 7, 33})
                for (const bool weighted : {false, true}) {
                    Searched<T> searched(numbers, rows, columns);
                    for (Index i = 0; i < rows && weighted; ++i)
                        searched.problem.weight.push_back(static_cast<T>(i % 3));
                    for (const double bound : {0.0, 1.0, 25.0, 1e3, 1e9})
                        check(
                            searched.found(kernels, bound, rows, 2) == searched.by_the_book(bound),
                            kernels.isa, " rows ", rows, " columns ", columns, " bound ", bound);
                }
    });
}

// The smallest of bound, 2 bound, 4 bound, ... that leaves no more than wanted.
void bound_doubles_until_they_are_few() {
    each_precision([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(72);
        const Searched<T> searched(numbers, 20000, 9);
        for (const Index most : {0, 1, 10, 300, 5000})
            for (const double least : {0.5, 30.0}) {
                double bound = least;
                while (static_cast<Index>(searched.by_the_book(bound).size()) > most) bound *= 2.0;
                check(searched.found(kernels, least, most, 2) == searched.by_the_book(bound),
                      "most ", most, " from ", least, ": bound ", bound);
            }
    });
}

void same_rows_for_any_number_of_threads() {
    each_precision([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(73);
        // several blocks, and enough work for eight threads
        const Searched<T> searched(numbers, 60000, 17);
        for (const Index most : {50, 60000}) {
            const std::vector<Index> one = searched.found(kernels, 10.0, most, 1);
            check(!one.empty() && static_cast<Index>(one.size()) <= most);
            for (const int threads : {2, 3, 8})
                for (int repeat = 0; repeat < 3; ++repeat)
                    check(searched.found(kernels, 10.0, most, threads) == one, "most ", most,
                          " threads ", threads);
        }
    });
}

}  // namespace
}  // namespace fastgd::testing

int main(int argc, char** argv) {
    using namespace fastgd::testing;
    return run({{"largest squares at every shape", largest_squares_at_every_shape},
                {"rows beyond the bound, in order", rows_beyond_the_bound_in_order},
                {"bound doubles until they are few", bound_doubles_until_they_are_few},
                {"same rows for any number of threads", same_rows_for_any_number_of_threads}},
               argc, argv);
}

// Column moments: the kernel at every width, the pass against two passes in long double.
#include <algorithm>

#include "check.hpp"
#include "core/moments.hpp"
#include "levels.hpp"
#include "problem.hpp"
#include "tile.hpp"

namespace fastgd::testing {
namespace {

template <class T>
void check_kernel(const KernelTable<T>& kernels, Index rows, Index columns, bool weighted,
                  bool prefetch, Numbers& numbers) {
    const RandomTile<T> tile(numbers, rows, columns, false, prefetch);
    const Exact<T> weight(numbers.uniforms<T>(rows, 0, 2));
    const Exact<T> origin(numbers.uniforms<T>(columns, -1, 1));
    const Exact<T> before(numbers.uniforms<T>(columns, -1, 1));
    Exact<T> sum = before, square = before, smallest = before, largest = before;
    kernels.moments(tile.view(), weighted ? weight.data() : nullptr,
                    {origin.data(), sum.data(), square.data(), smallest.data(), largest.data()});
    const double units = static_cast<double>(rows + 4);
    for (Index j = 0; j < columns; ++j) {
        long double first = before[j], second = before[j], low = before[j], high = before[j];
        long double size = 1;
        for (Index i = 0; i < rows; ++i) {
            const long double x = tile.raw(i, j);
            const long double w = weighted ? weight[i] : T(1);
            const long double difference = x - origin[j];
            first += w * difference;
            second += w * difference * difference;
            low = std::min(low, x);
            high = std::max(high, x);
            size += w * (std::abs(difference) + difference * difference);
        }
        check(close(sum[j], first, size, units), kernels.isa, " sum ", sum[j], " for ", first,
              ", columns ", columns, " rows ", rows);
        check(close(square[j], second, size, units), kernels.isa, " square, columns ", columns);
        check(smallest[j] == low && largest[j] == high, kernels.isa, " range, columns ", columns);
    }
}

void kernel_at_every_shape() {
    each_kernel_table([](const auto& kernels) {
        Numbers numbers(20);
        for (Index columns = 0; columns <= 67; ++columns)
            for (Index rows = 0; rows <= 9; ++rows)
                for (const bool weighted : {false, true})
                    for (const bool prefetch : {false, true})
                        check_kernel(kernels, rows, columns, weighted, prefetch, numbers);
    });
}

struct TwoPass {
    long double weight = 0, mean = 0, variance = 0;
};

template <class T>
TwoPass two_passes(const Problem<T>& problem, const RowSelection& rows, Index column) {
    TwoPass result;
    const auto x = [&](Index i) {
        return static_cast<long double>(
            problem.X[static_cast<std::size_t>(rows.at(i) * problem.columns + column)]);
    };
    const auto w = [&](Index i) {
        return problem.weight.empty()
                   ? 1.0L
                   : static_cast<long double>(problem.weight[static_cast<std::size_t>(rows.at(i))]);
    };
    for (Index i = 0; i < rows.count; ++i) {
        result.weight += w(i);
        result.mean += w(i) * x(i);
    }
    result.mean /= result.weight;
    for (Index i = 0; i < rows.count; ++i)
        result.variance += w(i) * (x(i) - result.mean) * (x(i) - result.mean);
    result.variance /= result.weight;
    return result;
}

template <class T>
void check_moments(const KernelTable<T>& kernels, const Problem<T>& problem,
                   const RowSelection& rows, int threads) {
    const ColumnMoments moments =
        column_moments(kernels, problem.data(), rows, threads, keep_going);
    const auto unit = static_cast<long double>(std::numeric_limits<T>::epsilon());
    check(!moments.non_finite);
    for (Index j = 0; j < problem.columns; ++j) {
        const auto c = static_cast<std::size_t>(j);
        const TwoPass exact = two_passes(problem, rows, j);
        const long double spread = std::sqrt(exact.variance);
        // a mean kept in double is known to its own rounding, and the variance about it
        const long double of_mean = 1e-15L * std::abs(exact.mean);
        check(std::abs(moments.weight - exact.weight) <= 16 * unit * exact.weight);
        check(std::abs(moments.mean[c] - exact.mean) <= 64 * unit * spread + of_mean, kernels.isa,
              " mean of column ", j, ": ", moments.mean[c], ", expected ", exact.mean);
        check(std::abs(moments.variance[c] - exact.variance) <=
                  128 * unit * exact.variance + 8 * of_mean * spread,
              kernels.isa, " variance of column ", j, ": ", moments.variance[c], ", expected ",
              exact.variance);
        T low = problem.X[static_cast<std::size_t>(rows.at(0) * problem.columns + j)], high = low;
        for (Index i = 1; i < rows.count; ++i) {
            const T x = problem.X[static_cast<std::size_t>(rows.at(i) * problem.columns + j)];
            low = std::min(low, x);
            high = std::max(high, x);
        }
        check(moments.smallest[c] == low && moments.largest[c] == high, "range of column ", j);
    }
}

// Columns of very different position and spread; the second is the classic trap.
template <class T>
Problem<T> table_of(Numbers& numbers, Index rows, bool weighted) {
    Problem<T> problem = make_problem<T>(numbers, rows, 5, 1, {false, weighted, false});
    for (Index i = 0; i < rows; ++i) {
        T* row = problem.X.data() + i * 5;
        row[1] = static_cast<T>(1e6 + numbers.normal());
        row[2] = static_cast<T>(1e-8 * numbers.normal());
        row[3] = static_cast<T>(numbers.below(50) == 0 ? 1 : 0);
        row[4] = static_cast<T>(1e8 * numbers.uniform(1, 2));
    }
    return problem;
}

void equals_two_passes() {
    each_kernel_table([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(21);
        for (const bool weighted : {false, true})
            for (const Index rows : {2, 3, 255, 256, 257, 5000, 40000}) {
                const Problem<T> problem = table_of<T>(numbers, rows, weighted);
                check_moments(kernels, problem, problem.all(), 2);
                std::vector<Index> index;
                for (Index i = rows - 1; i >= 0; i -= 2) index.push_back(i);
                check_moments(kernels, problem, {index.data(), 0, static_cast<Index>(index.size())},
                              1);
            }
    });
}

void constant_columns_have_no_variance() {
    each_kernel_table([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Problem<T> problem{1000, 2, 1, {}, LargeVector<T>(1000), {}, {}};
        for (Index i = 0; i < problem.rows; ++i) {
            problem.X.push_back(T(0.1));
            problem.X.push_back(T(-3e7));
        }
        const ColumnMoments moments =
            column_moments(kernels, problem.data(), problem.all(), 1, keep_going);
        check(moments.variance[0] == 0.0 && moments.variance[1] == 0.0);
        check(moments.mean[0] == static_cast<double>(T(0.1)) && moments.mean[1] == -3e7);
    });
}

void same_bits_for_any_number_of_threads() {
    each_precision([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(22);
        const Problem<T> problem = table_of<T>(numbers, 300000, true);
        const ColumnMoments one =
            column_moments(kernels, problem.data(), problem.all(), 1, keep_going);
        for (const int threads : {2, 3, 8}) {
            const ColumnMoments other =
                column_moments(kernels, problem.data(), problem.all(), threads, keep_going);
            check(one.weight == other.weight && one.mean == other.mean &&
                      one.variance == other.variance && one.smallest == other.smallest &&
                      one.largest == other.largest,
                  kernels.isa, " threads ", threads);
        }
    });
}

void weights_are_repetitions() {
    each_precision([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(23);
        Problem<T> problem = table_of<T>(numbers, 900, false);
        std::vector<Index> repeated;
        for (Index i = 0; i < problem.rows; ++i) {
            problem.weight.push_back(static_cast<T>(i % 3));
            for (Index t = 0; t < i % 3; ++t) repeated.push_back(i);
        }
        const ColumnMoments weighted =
            column_moments(kernels, problem.data(), problem.all(), 1, keep_going);
        problem.weight.clear();
        const ColumnMoments copies = column_moments(
            kernels, problem.data(), {repeated.data(), 0, static_cast<Index>(repeated.size())}, 1,
            keep_going);
        const double unit = static_cast<double>(std::numeric_limits<T>::epsilon());
        check(weighted.weight == copies.weight);
        for (std::size_t j = 0; j < 5; ++j)
            check(std::abs(weighted.variance[j] - copies.variance[j]) <=
                      256 * unit * copies.variance[j] +
                          1e-14 * std::abs(copies.mean[j]) * std::sqrt(copies.variance[j]),
                  j, ": ", weighted.variance[j], " and ", copies.variance[j]);
    });
}

// Rows that weigh nothing, whatever lies in them, whole groups of them included.
void rows_of_weight_zero_change_no_bit() {
    each_precision([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(24);
        Problem<T> problem = table_of<T>(numbers, 5000, true);
        for (Index i = 0; i < problem.rows; ++i)
            if (i % 3 != 2 || i < 700) problem.weight[static_cast<std::size_t>(i)] = T(0);
        const auto moments = [&] {
            return column_moments(kernels, problem.data(), problem.all(), 1, keep_going);
        };
        const ColumnMoments one = moments();
        for (Index i = 0; i < problem.rows; ++i)
            if (problem.weight[static_cast<std::size_t>(i)] == T(0))
                for (std::size_t j = 0; j < 5; ++j)
                    problem.X[static_cast<std::size_t>(i) * 5 + j] = static_cast<T>(1e30);
        const ColumnMoments other = moments();
        check(!other.non_finite && one.weight == other.weight && one.weighing == 1433 &&
              other.weighing == 1433);
        check(one.mean == other.mean && one.variance == other.variance && one.variance[0] > 0.0);
        check(one.smallest == other.smallest && one.largest == other.largest);
    });
}

void first_non_finite_number_is_named() {
    each_precision([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(24);
        const T nan = std::numeric_limits<T>::quiet_NaN();
        const T infinity = std::numeric_limits<T>::infinity();
        const Problem<T> clean = make_problem<T>(numbers, 50000, 7, 1);
        check(!column_moments(kernels, clean.data(), clean.all(), 2, keep_going).non_finite);
        check(!find_non_finite(kernels, clean.data(), clean.all()));
        for (const T bad : {nan, infinity, -infinity})
            for (const Index row : {0, 1, 255, 256, 300, 20000, 49999}) {
                Problem<T> problem = clean;
                const auto set = [&](Index i, Index j, T x) {
                    problem.X[static_cast<std::size_t>(i * 7 + j)] = x;
                };
                set(row, 4, bad);
                set(row, 6, nan);                          // later in the same row
                set(std::min<Index>(row + 1, 49999), 5, infinity);  // earlier column, later row
                for (const int threads : {1, 2, 8}) {
                    const auto found =
                        column_moments(kernels, problem.data(), problem.all(), threads, keep_going)
                            .non_finite;
                    check(found && found->row == row && found->column == 4, kernels.isa, " row ",
                          row, " threads ", threads, ": found ", found ? found->row : -1, ", ",
                          found ? found->column : -1);
                }
                const auto found = find_non_finite(kernels, problem.data(), problem.all());
                check(found && found->row == row && found->column == 4);
            }
    });
}

void pass_ends_when_told_to() {
    const KernelTable<double>& kernels = selected_kernels<double>();
    Numbers numbers(25);
    const auto problem = make_problem<double>(numbers, 200000, 50, 1);
    int asked = 0;
    const auto twice = [&] { return ++asked < 2; };
    const ColumnMoments moments = column_moments(kernels, problem.data(), problem.all(), 1, twice);
    check(asked == 2 && moments.weight < 200000.0, asked, " times, ", moments.weight);
}

}  // namespace
}  // namespace fastgd::testing

int main(int argc, char** argv) {
    using namespace fastgd::testing;
    return run({{"kernel at every shape", kernel_at_every_shape},
                {"equals two passes", equals_two_passes},
                {"constant columns have no variance", constant_columns_have_no_variance},
                {"same bits for any number of threads", same_bits_for_any_number_of_threads},
                {"weights are repetitions", weights_are_repetitions},
                {"rows of weight zero change no bit", rows_of_weight_zero_change_no_bit},
                {"first non-finite number is named", first_non_finite_number_is_named},
                {"the pass ends when told to", pass_ends_when_told_to}},
               argc, argv);
}

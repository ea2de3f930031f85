// Cholesky factors: what they solve, and which columns they call dependent.
#include <algorithm>

#include "check.hpp"
#include "core/symmetric.hpp"
#include "levels.hpp"
#include "matrix.hpp"

namespace fastgd::testing {
namespace {

constexpr double ridge = 1e-11;

AddProducts selected_products() { return selected_kernels<double>().add_products; }

// Every equation of the matrix with its raised diagonal; a column of zeros has none.
void check_solution(const char* what, const SymmetricMatrix& matrix, const Cholesky& factor,
                    const LargeVector<double>& b) {
    LargeVector<double> x = b;
    factor.solve(x);
    const double units = 4.0 * static_cast<double>(matrix.size() + 4);
    for (Index i = 0; i < matrix.size(); ++i) {
        const auto at = static_cast<std::size_t>(i);
        if (matrix.at(i, i) == 0.0) {
            check(x[at] == 0.0, what, ": nothing bends, but it moved, ", i, " of ", matrix.size());
            continue;
        }
        const long double residual = product_at(matrix, i, x) +
                                     static_cast<long double>(ridge) * matrix.at(i, i) * x[at] -
                                     b[at];
        check(std::abs(residual) <= units * rounding_at(matrix, i, x), what, ": residual ",
              residual, " at ", i, " of ", matrix.size());
    }
}

// Where the matrix has no inverse but the system has solutions, the one found is as short as the
// ridge can make it, and solves the system but for the ridge.
LargeVector<double> check_consistent(const char* what, const SymmetricMatrix& matrix,
                                     const Cholesky& factor, const LargeVector<double>& point) {
    LargeVector<double> x;
    double length = 0;
    for (Index i = 0; i < matrix.size(); ++i) {
        x.push_back(static_cast<double>(product_at(matrix, i, point)));
        length += std::abs(point[static_cast<std::size_t>(i)]);
    }
    const LargeVector<double> b = x;
    factor.solve(x);
    for (Index i = 0; i < matrix.size(); ++i) {
        const auto at = static_cast<std::size_t>(i);
        const long double residual = product_at(matrix, i, x) - b[at];
        check(std::abs(residual) <= 100.0 * ridge * length, what, ": residual ", residual, " at ",
              i, " of ", matrix.size());
        check(std::abs(x[at]) <= 2.0 * length, what, ": ", x[at], " at ", i);
    }
    return x;
}

void solves_at_every_size() {
    Numbers numbers(40);
    for (Index size = 1; size <= 200; ++size) {
        const SymmetricMatrix matrix = gram_of(Columns(numbers, size + 5, size));
        const LargeVector<double> b = numbers.normals<double>(size);
        for (const std::string& level : available_isa_levels()) {
            const Cholesky factor(copy_of(matrix), ridge,
                                  kernels_of_level<double>(level).add_products, 1);
            check(factor.dependent().empty(), level, " size ", size);
            check_solution(level.c_str(), matrix, factor, b);
        }
    }
}

void same_bits_for_any_number_of_threads() {
    Numbers numbers(41);
    // from 241 columns on a team is worth its meeting
    for (const Index size : {130, 240, 241, 321, 600}) {
        Columns columns(numbers, 2 * size, size);
        for (Index r = 0; r < columns.rows; ++r) columns.at(r, 70) = columns.at(r, 3);
        const SymmetricMatrix matrix = gram_of(columns);
        const LargeVector<double> b = numbers.normals<double>(size);
        LargeVector<double> one = b;
        const Cholesky alone(copy_of(matrix), ridge, selected_products(), 1);
        alone.solve(one);
        check_solution("one thread", matrix, alone, b);
        for (const int threads : {2, 3, 8}) {
            LargeVector<double> several = b;
            const Cholesky factor(copy_of(matrix), ridge, selected_products(), threads);
            factor.solve(several);
            check(one == several, "size ", size, " threads ", threads);
            check(alone.dependent() == factor.dependent(), "size ", size, " threads ", threads);
        }
    }
}

// Three kinds of column that others make up, wherever blocks and panels end.
void dependent_columns_are_named() {
    Numbers numbers(42);
    for (const Index size : {5, 16, 17, 64, 65, 80, 130, 200})
        for (const Index last : {Index{3}, size / 2, size - 1}) {
            const auto twin = static_cast<std::size_t>(last);
            const Index zero = last - 1;
            Columns columns(numbers, 3 * size, size);
            Columns summed = columns;
            for (Index r = 0; r < columns.rows; ++r) {
                columns.at(r, last) = columns.at(r, 0);
                if (zero > 1) columns.at(r, zero) = 0.0;
                summed.at(r, last) = summed.at(r, 0) - 3.0 * summed.at(r, 1);
            }
            std::vector<Index> expected{last};
            if (zero > 1) expected.insert(expected.begin(), zero);
            const SymmetricMatrix matrix = gram_of(columns);
            const Cholesky factor(copy_of(matrix), ridge, selected_products(), 1);
            check(factor.dependent() == expected, "twin, size ", size, " at ", last, ": ",
                  factor.dependent().size(), " columns");
            check_solution("twin", matrix, factor, numbers.normals<double>(size));
            const LargeVector<double> x =
                check_consistent("twin", matrix, factor, numbers.normals<double>(size));
            check(std::abs(x[0] - x[twin]) <= 1e-2, "twins do not share: ", x[0], ", ", x[twin]);

            const SymmetricMatrix with_sum = gram_of(summed);
            const Cholesky of_sum(copy_of(with_sum), ridge, selected_products(), 1);
            check(of_sum.dependent() == std::vector<Index>{last}, "sum, size ", size, " at ", last);
            check_solution("sum", with_sum, of_sum, numbers.normals<double>(size));
            check_consistent("sum", with_sum, of_sum, numbers.normals<double>(size));
        }
}

void more_columns_than_rows() {
    Numbers numbers(43);
    for (const Index rows : {1, 20, 70}) {
        const Index size = 100;
        const SymmetricMatrix matrix = gram_of(Columns(numbers, rows, size));
        const Cholesky factor(copy_of(matrix), ridge, selected_products(), 1);
        check(factor.dependent().empty() || factor.dependent().front() >= rows, "rows ", rows);
        if (rows == 1) check(factor.dependent().size() == 99, factor.dependent().size());
        check_solution("few rows", matrix, factor, numbers.normals<double>(size));
        check_consistent("few rows", matrix, factor, numbers.normals<double>(size));
    }
}

void columns_of_all_scales() {
    Numbers numbers(44);
    for (const Index size : {3, 17, 90, 200}) {
        Columns columns(numbers, 2 * size, size);
        for (Index j = 0; j < size; ++j) {
            const double scale = std::pow(10.0, numbers.uniform(-8, 8));
            for (Index r = 0; r < columns.rows; ++r) columns.at(r, j) *= scale;
        }
        LargeVector<double> b;
        const SymmetricMatrix matrix = gram_of(columns);
        for (Index j = 0; j < size; ++j) b.push_back(numbers.normal() * std::sqrt(matrix.at(j, j)));
        const Cholesky factor(copy_of(matrix), ridge, selected_products(), 2);
        check(factor.dependent().empty(), "size ", size);
        check_solution("scales", matrix, factor, b);
    }
}

// Below `least` a column takes no part: neither in solutions nor in what others are made of.
void columns_may_be_left_out() {
    Numbers numbers(45);
    const SymmetricMatrix matrix = gram_of(Columns(numbers, 60, 20));
    LargeVector<double> least(20, 0.0);
    least[3] = 2.0 * matrix.at(3, 3);
    const Cholesky factor(copy_of(matrix), ridge, selected_products(), 1, least);
    check(factor.left(3) == 0.0 && factor.left(2) > 0.0);
    check(factor.dependent() == std::vector<Index>{3});
    check(factor.combination(10)[3] == 0.0 && factor.combination(10)[4] != 0.0);
    LargeVector<double> x = numbers.normals<double>(20);
    factor.solve(x);
    check(x[3] == 0.0 && x[4] != 0.0);
}

void nothing_bends() {
    for (const Index size : {1, 16, 70}) {
        const Cholesky factor(SymmetricMatrix(size), ridge, selected_products(), 1);
        LargeVector<double> x(static_cast<std::size_t>(size), 1.0);
        factor.solve(x);
        check(x == LargeVector<double>(x.size(), 0.0), "size ", size);
        check(static_cast<Index>(factor.dependent().size()) == size, "size ", size);
    }
}

void entries_lie_above_the_diagonal() {
    SymmetricMatrix matrix(18);
    check(matrix.size() == 18 && matrix.stride() == 2 * panel_columns && matrix.panels() == 2);
    matrix.at(17, 2) = 5.0;
    check(matrix.at(2, 17) == 5.0 && matrix.row(2)[17] == 5.0 && matrix.row(17)[2] == 0.0);
    matrix.clear();
    check(matrix.at(17, 2) == 0.0);
}

}  // namespace
}  // namespace fastgd::testing

int main(int argc, char** argv) {
    using namespace fastgd::testing;
    return run({{"solves at every size", solves_at_every_size},
                {"same bits for any number of threads", same_bits_for_any_number_of_threads},
                {"dependent columns are named", dependent_columns_are_named},
                {"more columns than rows", more_columns_than_rows},
                {"columns of all scales", columns_of_all_scales},
                {"columns may be left out", columns_may_be_left_out},
                {"nothing bends", nothing_bends},
                {"entries lie above the diagonal", entries_lie_above_the_diagonal}},
               argc, argv);
}

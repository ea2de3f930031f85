// Cholesky factors: what they solve, and which columns they leave out.
#include <algorithm>

#include "check.hpp"
#include "core/symmetric.hpp"
#include "levels.hpp"
#include "matrix.hpp"

namespace fastgd::testing {
namespace {

constexpr double least_pivot = 1e-11;

AddProducts selected_products() { return selected_kernels<double>().add_products; }

// All unknowns that are not left out satisfy their equation.
void check_solution(const char* what, const SymmetricMatrix& matrix, const Cholesky& factor,
                    const std::vector<double>& b) {
    std::vector<double> x = b;
    factor.solve(x);
    const std::vector<Index>& out = factor.dependent();
    const double units = 4.0 * static_cast<double>(matrix.size() + 4);
    for (Index i = 0; i < matrix.size(); ++i) {
        const auto at = static_cast<std::size_t>(i);
        if (std::binary_search(out.begin(), out.end(), i)) {
            check(x[at] == 0.0, what, ": left out but moved, ", i, " of ", matrix.size());
            continue;
        }
        const long double residual = product_at(matrix, i, x) - b[at];
        check(std::abs(residual) <= units * rounding_at(matrix, i, x), what, ": residual ",
              residual, " at ", i, " of ", matrix.size());
    }
}

void solves_at_every_size() {
    Numbers numbers(40);
    for (Index size = 1; size <= 200; ++size) {
        const SymmetricMatrix matrix = gram_of(Columns(numbers, size + 5, size));
        const std::vector<double> b = numbers.normals<double>(size);
        for (const std::string& level : available_isa_levels()) {
            const Cholesky factor(copy_of(matrix), least_pivot,
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
        const std::vector<double> b = numbers.normals<double>(size);
        std::vector<double> one = b;
        const Cholesky alone(copy_of(matrix), least_pivot, selected_products(), 1);
        alone.solve(one);
        check_solution("one thread", matrix, alone, b);
        for (const int threads : {2, 3, 8}) {
            std::vector<double> several = b;
            const Cholesky factor(copy_of(matrix), least_pivot, selected_products(), threads);
            factor.solve(several);
            check(one == several, "size ", size, " threads ", threads);
            check(alone.dependent() == factor.dependent(), "size ", size, " threads ", threads);
        }
    }
}

// Three kinds of column that others make up, wherever blocks and panels end.
void dependent_columns_are_left_out() {
    Numbers numbers(42);
    for (const Index size : {5, 16, 17, 64, 65, 80, 130, 200})
        for (const Index last : {Index{3}, size / 2, size - 1}) {
            const Index twin = last;
            const Index zero = std::max(last - 1, Index{2});
            const bool both = zero != twin;
            Columns columns(numbers, 3 * size, size);
            for (Index r = 0; r < columns.rows; ++r) {
                columns.at(r, twin) = columns.at(r, 0);
                if (both) columns.at(r, zero) = 0.0;
            }
            std::vector<Index> expected{twin};
            if (both) expected.insert(expected.begin(), zero);
            const SymmetricMatrix matrix = gram_of(columns);
            const Cholesky factor(copy_of(matrix), least_pivot, selected_products(), 1);
            check(factor.dependent() == expected, "twin, size ", size, " at ", twin, ": ",
                  factor.dependent().size(), " columns");
            check_solution("twin", matrix, factor, numbers.normals<double>(size));

            Columns summed(numbers, 3 * size, size);
            for (Index r = 0; r < summed.rows; ++r)
                summed.at(r, last) = summed.at(r, 0) - 3.0 * summed.at(r, 1);
            const SymmetricMatrix with_sum = gram_of(summed);
            const Cholesky of_sum(copy_of(with_sum), least_pivot, selected_products(), 1);
            check(of_sum.dependent() == std::vector<Index>{last}, "sum, size ", size, " at ", last);
            check_solution("sum", with_sum, of_sum, numbers.normals<double>(size));
        }
}

// More columns than rows: as many stand as there are rows, and the system of all has a solution.
void rank_is_that_of_the_rows() {
    Numbers numbers(43);
    for (const Index rows : {1, 20, 70}) {
        const Index size = 100;
        const SymmetricMatrix matrix = gram_of(Columns(numbers, rows, size));
        const Cholesky factor(copy_of(matrix), least_pivot, selected_products(), 1);
        check(static_cast<Index>(factor.dependent().size()) == size - rows, "rows ", rows, ": ",
              factor.dependent().size(), " left out");
        for (std::size_t i = 0; i < factor.dependent().size(); ++i)
            check(factor.dependent()[i] == rows + static_cast<Index>(i), "rows ", rows);
        const std::vector<double> point = numbers.normals<double>(size);
        std::vector<double> x;
        for (Index i = 0; i < size; ++i)
            x.push_back(static_cast<double>(product_at(matrix, i, point)));
        const std::vector<double> b = x;
        factor.solve(x);
        for (Index i = 0; i < size; ++i) {
            const long double residual = product_at(matrix, i, x) - b[static_cast<std::size_t>(i)];
            check(std::abs(residual) <= 1e5L * rounding_at(matrix, i, x), "rows ", rows,
                  ": residual ", residual, " at ", i);
        }
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
        std::vector<double> b;
        const SymmetricMatrix matrix = gram_of(columns);
        for (Index j = 0; j < size; ++j) b.push_back(numbers.normal() * std::sqrt(matrix.at(j, j)));
        const Cholesky factor(copy_of(matrix), least_pivot, selected_products(), 2);
        check(factor.dependent().empty(), "size ", size);
        check_solution("scales", matrix, factor, b);
    }
}

void nothing_bends() {
    for (const Index size : {1, 16, 70}) {
        const Cholesky factor(SymmetricMatrix(size), least_pivot, selected_products(), 1);
        std::vector<double> x(static_cast<std::size_t>(size), 1.0);
        factor.solve(x);
        check(x == std::vector<double>(x.size(), 0.0), "size ", size);
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
                {"dependent columns are left out", dependent_columns_are_left_out},
                {"rank is that of the rows", rank_is_that_of_the_rows},
                {"columns of all scales", columns_of_all_scales},
                {"nothing bends", nothing_bends},
                {"entries lie above the diagonal", entries_lie_above_the_diagonal}},
               argc, argv);
}

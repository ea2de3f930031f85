// Residuals in the place of columns: what they are, and that nothing but the basis changes.
#include <cmath>

#include "check.hpp"
#include "core/dot.hpp"
#include "core/residual_columns.hpp"
#include "levels.hpp"
#include "matrix.hpp"

namespace fastgd::testing {
namespace {

constexpr double ridge = 1e-12;

// The columns at both ends of panels, made of those before them as random numbers say.
ResidualColumns some_residuals(Numbers& numbers, Index columns) {
    ResidualColumns residuals;
    for (const Index k : {Index{1}, Index{15}, Index{16}, columns - 1})
        if (k < columns) residuals.add(k, numbers.normals<double>(k));
    return residuals;
}

// T: column k of the result is what a move along basis vector k does to each coefficient.
std::vector<LargeVector<double>> basis_of(const ResidualColumns& residuals, Index columns) {
    std::vector<LargeVector<double>> basis;
    for (Index k = 0; k < columns; ++k) {
        LargeVector<double> move(static_cast<std::size_t>(columns), 0.0);
        move[static_cast<std::size_t>(k)] = 1.0;
        residuals.moves_to_columns(move);
        basis.push_back(move);
    }
    return basis;
}

void rows_lose_what_others_make_up() {
    Numbers numbers(71);
    for (const Index columns : {17, 31, 40}) {
        const Index capacity = 7;
        const Index rows = 5;
        const Index panels = (columns + panel_columns - 1) / panel_columns;
        const ResidualColumns residuals = some_residuals(numbers, columns);
        const auto basis = basis_of(residuals, columns);
        const Columns plain(numbers, rows, columns);
        LargeVector<double> packed(static_cast<std::size_t>(panels * capacity * panel_columns));
        const auto entry = [&](Index r, Index j) -> double& {
            return packed[static_cast<std::size_t>(
                (j / panel_columns * capacity + r) * panel_columns + j % panel_columns)];
        };
        for (Index r = 0; r < rows; ++r)
            for (Index j = 0; j < columns; ++j) entry(r, j) = plain.at(r, j);
        residuals.replace(packed.data(), rows, capacity);
        for (Index r = 0; r < rows; ++r)
            for (Index k = 0; k < columns; ++k) {
                long double expected = 0;
                long double size = 0;
                for (Index j = 0; j < columns; ++j) {
                    const double share =
                        basis[static_cast<std::size_t>(k)][static_cast<std::size_t>(j)];
                    expected += static_cast<long double>(plain.at(r, j)) * share;
                    size += std::abs(plain.at(r, j) * share);
                }
                check(close(entry(r, k), expected, size, 50.0), "columns ", columns, " at (", r,
                      ", ", k, ")");
            }
    }
}

// The change of the objective is the same in both bases: slopes go with the transpose.
void slopes_go_with_moves() {
    Numbers numbers(72);
    for (const Index columns : {17, 40}) {
        const ResidualColumns residuals = some_residuals(numbers, columns);
        const LargeVector<double> slope = numbers.normals<double>(columns);
        const LargeVector<double> move = numbers.normals<double>(columns);
        LargeVector<double> of_residuals = slope;
        residuals.slopes_from_columns(of_residuals);
        LargeVector<double> of_columns = move;
        residuals.moves_to_columns(of_columns);
        const double change = dot(slope, of_columns);
        check(std::abs(dot(of_residuals, move) - change) <= 1e-10 * (1.0 + std::abs(change)),
              "columns ", columns);
    }
}

void a_ridge_is_that_on_columns() {
    Numbers numbers(73);
    const Index columns = 20;
    const ResidualColumns residuals = some_residuals(numbers, columns);
    const auto basis = basis_of(residuals, columns);
    const LargeVector<double> strength = numbers.uniforms<double>(columns, 0.5, 2.0);
    SymmetricMatrix matrix(columns);
    residuals.add_ridge(strength, matrix);
    for (Index a = 0; a < columns; ++a)
        for (Index b = a; b < columns; ++b) {
            long double expected = 0;
            long double size = 0;
            for (std::size_t j = 0; j < strength.size(); ++j) {
                const long double term = static_cast<long double>(strength[j]) *
                                         basis[static_cast<std::size_t>(a)][j] *
                                         basis[static_cast<std::size_t>(b)][j];
                expected += term;
                size += std::abs(term);
            }
            check(close(matrix.at(a, b), expected, size, 50.0), "at (", a, ", ", b, ")");
        }
}

void directions_are_those_of_residuals() {
    Numbers numbers(74);
    const Index columns = 33;
    const ResidualColumns residuals = some_residuals(numbers, columns);
    const auto units = residuals.directions(static_cast<std::size_t>(columns));
    check(units.size() == residuals.size());
    for (std::size_t a = 0; a < units.size(); ++a)
        for (std::size_t b = 0; b < units.size(); ++b)
            check(std::abs(dot(units[a], units[b]) - (a == b ? 1.0 : 0.0)) <= 1e-14, a, ", ", b);
    for (std::size_t i = 0; i < residuals.size(); ++i) {
        LargeVector<double> move =
            basis_of(residuals, columns)[static_cast<std::size_t>(residuals.column(i))];
        const double length = std::sqrt(dot(move, move));
        for (const auto& unit : units) take_off(unit, move);
        check(std::sqrt(dot(move, move)) <= 1e-13 * length, "residual ", i);
    }
}

// A column made of others but for 1e-9 of its own: its square drowns in second moments. Shares from
// their factor, then those that the residual's own moments tell, leave its own part.
void shares_become_exact() {
    Numbers numbers(75);
    const Index rows = 200;
    const Index columns = 20;
    const Index near = 18;
    const double own = 1e-9;
    Columns a(numbers, rows, columns);
    for (Index r = 0; r < rows; ++r)
        a.at(r, near) = a.at(r, 0) - 2.0 * a.at(r, 7) + own * a.at(r, near);
    const auto products = selected_kernels<double>().add_products;
    const Cholesky factor(gram_of(a), ridge, products, 1);
    check(factor.dependent() == std::vector<Index>{near});
    ResidualColumns residuals;
    residuals.add(near, factor.combination(near));
    double left = 0.0;
    for (int look = 0; look < 3; ++look) {
        Columns b = a;
        const auto basis = basis_of(residuals, columns);
        for (Index r = 0; r < rows; ++r) {
            double sum = 0.0;
            for (Index j = 0; j <= near; ++j)
                sum +=
                    a.at(r, j) * basis[static_cast<std::size_t>(near)][static_cast<std::size_t>(j)];
            b.at(r, near) = sum;
        }
        const Cholesky again(gram_of(b), ridge, products, 1);
        check(again.dependent().empty() || look == 0, "look ", look);
        residuals.take_further(again);
        left = std::sqrt(again.left(near));
    }
    check(left > 0.8 * own && left < 1.2 * own, "left ", left);
    const LargeVector<double> share = basis_of(residuals, columns)[static_cast<std::size_t>(near)];
    check(std::abs(share[0] + 1.0) <= own && std::abs(share[7] - 2.0) <= own);
    const LargeVector<double> lengths(static_cast<std::size_t>(columns), 1.0);
    check(std::abs(residuals.length(0, lengths) - std::sqrt(6.0)) <= 1e-6);
}

void some_are_kept() {
    Numbers numbers(76);
    const ResidualColumns residuals = some_residuals(numbers, 40);
    const ResidualColumns kept = residuals.kept([](std::size_t i) { return i % 2 == 1; });
    check(kept.size() == 2 && kept.column(0) == 15 && kept.column(1) == 39 && !kept.empty());
    check(residuals.kept([](std::size_t) { return false; }).empty());
}

}  // namespace
}  // namespace fastgd::testing

int main(int argc, char** argv) {
    using namespace fastgd::testing;
    return run({{"rows lose what others make up", rows_lose_what_others_make_up},
                {"slopes go with moves", slopes_go_with_moves},
                {"a ridge is that on columns", a_ridge_is_that_on_columns},
                {"directions are those of residuals", directions_are_those_of_residuals},
                {"shares become exact", shares_become_exact},
                {"some are kept", some_are_kept}},
               argc, argv);
}

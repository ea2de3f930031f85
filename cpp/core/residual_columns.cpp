#include "residual_columns.hpp"

#include <algorithm>
#include <cmath>

namespace fastgd {

double take_off(const LargeVector<double>& unit, LargeVector<double>& x) {
    const double along = dot(unit, x);
    for (std::size_t j = 0; j < x.size(); ++j) x[j] -= along * unit[j];
    return along;
}

void ResidualColumns::add(Index column, const LargeVector<double>& share) {
    Residual residual{column, share};
    const Index panels = column / panel_columns + 1;
    residual.share.resize(static_cast<std::size_t>(panels * panel_columns), 0.0);
    residuals_.push_back(std::move(residual));
}

std::vector<Index> ResidualColumns::columns() const {
    std::vector<Index> result;
    for (const Residual& residual : residuals_) result.push_back(residual.column);
    return result;
}

ResidualColumns ResidualColumns::kept(FunctionRef<bool(std::size_t)> stays) const {
    ResidualColumns result;
    for (std::size_t i = 0; i < residuals_.size(); ++i)
        if (stays(i)) result.residuals_.push_back(residuals_[i]);
    return result;
}

// From the last residual to the first: the factor knows the others as they were.
void ResidualColumns::take_further(const Cholesky& factor) {
    for (std::size_t i = residuals_.size(); i-- > 0;) {
        LargeVector<double> more = factor.combination(residuals_[i].column);
        moves_to_columns(more);
        for (std::size_t j = 0; j < more.size(); ++j) residuals_[i].share[j] += more[j];
    }
}

// From the last residual to the first: each is made of columns as they were.
void ResidualColumns::replace(double* packed, Index rows, Index capacity) const {
    if (empty()) return;
    LargeVector<double> made(static_cast<std::size_t>(rows));
    for (auto residual = residuals_.rbegin(); residual != residuals_.rend(); ++residual) {
        std::fill(made.begin(), made.end(), 0.0);
        const Index panels = residual->column / panel_columns + 1;
        for (Index p = 0; p < panels; ++p) {
            const double* share = residual->share.data() + p * panel_columns;
            const double* row = packed + p * capacity * panel_columns;
            for (Index r = 0; r < rows; ++r, row += panel_columns) {
                double sum = 0.0;
                for (Index j = 0; j < panel_columns; ++j) sum += share[j] * row[j];
                made[static_cast<std::size_t>(r)] += sum;
            }
        }
        double* own =
            packed + (panels - 1) * capacity * panel_columns + residual->column % panel_columns;
        for (Index r = 0; r < rows; ++r)
            own[r * panel_columns] -= made[static_cast<std::size_t>(r)];
    }
}

void ResidualColumns::slopes_from_columns(LargeVector<double>& slope) const {
    for (auto residual = residuals_.rbegin(); residual != residuals_.rend(); ++residual) {
        double made = 0.0;
        for (Index j = 0; j < residual->column; ++j)
            made +=
                residual->share[static_cast<std::size_t>(j)] * slope[static_cast<std::size_t>(j)];
        slope[static_cast<std::size_t>(residual->column)] -= made;
    }
}

// From the first residual to the last: what later ones do to a residual's column is not its move.
void ResidualColumns::moves_to_columns(LargeVector<double>& move) const {
    for (const Residual& residual : residuals_) {
        if (residual.column >= static_cast<Index>(move.size())) break;
        const double own = move[static_cast<std::size_t>(residual.column)];
        for (Index j = 0; j < residual.column; ++j)
            move[static_cast<std::size_t>(j)] -= residual.share[static_cast<std::size_t>(j)] * own;
    }
}

LargeVector<double> ResidualColumns::move_of(const Residual& residual, std::size_t columns) {
    LargeVector<double> move(columns, 0.0);
    for (Index j = 0; j < residual.column; ++j)
        move[static_cast<std::size_t>(j)] = -residual.share[static_cast<std::size_t>(j)];
    move[static_cast<std::size_t>(residual.column)] = 1.0;
    return move;
}

void ResidualColumns::add_ridge(const LargeVector<double>& strength,
                                SymmetricMatrix& matrix) const {
    const std::size_t columns = strength.size();
    std::vector<bool> replaced(columns, false);
    std::vector<LargeVector<double>> moves;
    for (const Residual& residual : residuals_) {
        replaced[static_cast<std::size_t>(residual.column)] = true;
        moves.push_back(move_of(residual, columns));
    }
    for (std::size_t j = 0; j < columns; ++j)
        if (!replaced[j]) matrix.row(static_cast<Index>(j))[j] += strength[j];
    for (std::size_t i = 0; i < moves.size(); ++i) {
        const Index k = residuals_[i].column;
        LargeVector<double> bent = moves[i];
        for (std::size_t j = 0; j < columns; ++j) bent[j] *= strength[j];
        for (std::size_t j = 0; j < columns; ++j)
            if (!replaced[j]) matrix.at(static_cast<Index>(j), k) += bent[j];
        for (std::size_t l = 0; l <= i; ++l)
            matrix.at(residuals_[l].column, k) += dot(bent, moves[l]);
    }
}

// Gram and Schmidt, twice: once leaves what rounding makes of nearly parallel moves.
std::vector<LargeVector<double>> ResidualColumns::directions(std::size_t columns) const {
    std::vector<LargeVector<double>> units;
    for (const Residual& residual : residuals_) {
        LargeVector<double> move = move_of(residual, columns);
        for (int time = 0; time < 2; ++time)
            for (const LargeVector<double>& unit : units) take_off(unit, move);
        const double length = std::sqrt(dot(move, move));
        for (double& m : move) m /= length;
        units.push_back(std::move(move));
    }
    return units;
}

double ResidualColumns::length(std::size_t i, const LargeVector<double>& columns) const {
    const Residual& residual = residuals_[i];
    double sum = columns[static_cast<std::size_t>(residual.column)] *
                 columns[static_cast<std::size_t>(residual.column)];
    for (Index j = 0; j < residual.column; ++j) {
        const double part =
            residual.share[static_cast<std::size_t>(j)] * columns[static_cast<std::size_t>(j)];
        sum += part * part;
    }
    return std::sqrt(sum);
}

}  // namespace fastgd

#include "second_moments.hpp"

#include <cmath>

#include "costs.hpp"

namespace fastgd {

namespace {

// Readings are shared by all threads, steps are not; how many there are must change no bit.
constexpr double threads_reckoned_with = 8.0;

// Of the loss at the point referred to: below it, differences have lost four bits.
constexpr double least_share = 1.0 / 16.0;

double reading(const FitShape& shape) {
    const Index width = shape.reading_width > 0 ? shape.reading_width : shape.columns;
    return seconds_of_reading(shape.rows, width, shape.outputs, shape.item_bytes);
}

double entries(const FitShape& shape) {
    const double size = static_cast<double>(shape.columns) + 1.0;
    return size * size;
}

// One reading, and the products of its rows.
double taking(const FitShape& shape) {
    return reading(shape) + seconds_of_products(static_cast<double>(shape.rows) * entries(shape));
}

double step(const FitShape& shape) {
    const double bytes = static_cast<double>(shape.outputs) * entries(shape) * sizeof(double);
    return threads_reckoned_with * bytes / bytes_a_second;
}

}  // namespace

std::optional<Index> epochs_before_second_moments(const FitOptions& options,
                                                  const FitShape& shape) {
    const bool possible = options.solver == Solver::batch && shape.quadratic &&
                          shape.columns <= most_gram_columns &&
                          chosen_precondition(options, true) != Precondition::whiten;
    const double saved = reading(shape) - step(shape);
    if (!possible || saved <= 0.0) return std::nullopt;
    const double price = taking(shape) / saved;  // in epochs
    const auto epochs = static_cast<double>(options.max_iter);
    if (!options.tol && !options.max_time)
        return price < epochs ? std::optional<Index>(0) : std::nullopt;
    // nobody knows how many are to come: readings go on until they have cost as much, which is
    // at most twice the cost of the better choice
    const double waited = std::ceil(price);
    return waited + price < epochs ? std::optional(static_cast<Index>(waited)) : std::nullopt;
}

template <class T>
SecondMoments<T>::SecondMoments(const Objective<T>& objective, const Data& data,
                                LargeVector<double> shift, FunctionRef<bool()> keep_going)
    : gram_(data.columns()), at_origin_(data.outputs(), data.columns()) {
    shift.resize(static_cast<std::size_t>(data.columns()), 0.0);
    const LargeVector<double> scale(shift.size(), 1.0);
    add_gram<T>(objective, data, {nullptr, 0, data.rows()}, 1.0, nullptr, {scale, shift},
                keep_going, gram_);
    SymmetricMatrix& matrix = gram_.matrix;
    for (Index i = 0; i < matrix.size(); ++i)
        for (Index j = 0; j < i; ++j) matrix.row(i)[j] = matrix.row(j)[i];
}

template <class T>
bool SecondMoments<T>::finite() const {
    // no product of two columns is larger than both squares
    for (Index j = 0; j < gram_.matrix.size(); ++j)
        if (!std::isfinite(gram_.matrix.row(j)[j])) return false;
    return true;
}

template <class T>
void SecondMoments<T>::refer_to(const Coefficients& at, const GradientSums& sums) {
    origin_ = at;
    for (double& c : origin_.coef) c = static_cast<double>(static_cast<T>(c));
    for (double& b : origin_.intercept) b = static_cast<double>(static_cast<T>(b));
    at_origin_ = sums;
}

template <class T>
void SecondMoments<T>::add_product(const double* move, double* change) const {
    const Index size = gram_.matrix.size();
    for (Index i = 0; i < size; ++i) {
        const double* row = gram_.matrix.row(i);
        const double x = move[i];
        for (Index j = 0; j < size; ++j) change[j] += x * row[j];
    }
}

template <class T>
std::optional<GradientSums> SecondMoments<T>::sums_at(const Coefficients& at) const {
    GradientSums sums = at_origin_;
    const std::size_t columns = origin_.coef.size() / origin_.intercept.size();
    LargeVector<double> move(columns + 1);
    LargeVector<double> change(columns + 1);
    for (std::size_t k = 0; k < sums.intercept.size(); ++k) {
        const std::size_t first = k * columns;
        for (std::size_t j = 0; j < columns; ++j)
            move[j] = at.coef[first + j] - origin_.coef[first + j];
        move[columns] = at.intercept[k] - origin_.intercept[k];
        std::fill(change.begin(), change.end(), 0.0);
        add_product(move.data(), change.data());
        for (std::size_t j = 0; j < columns; ++j) {
            sums.loss += move[j] * (sums.coef[first + j] + 0.5 * change[j]);
            sums.coef[first + j] += change[j];
        }
        sums.loss += move[columns] * (sums.intercept[k] + 0.5 * change[columns]);
        sums.intercept[k] += change[columns];
    }
    if (sums.loss < least_share * at_origin_.loss) return std::nullopt;
    return sums;
}

template class SecondMoments<float>;
template class SecondMoments<double>;

}  // namespace fastgd

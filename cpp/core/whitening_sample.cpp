#include "whitening_sample.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "costs.hpp"
#include "outlying_rows.hpp"

namespace fastgd {

namespace {

// Enough rows to know d directions by, so that a step leaves a few percent of the gap.
constexpr double rows_a_column = 100.0;

// Rows times columns of the sample that cost as much as a few passes over all rows: once where
// the curvature never changes, else at each refresh.
constexpr double once_columns = 160.0;
constexpr double each_time_columns = 8.0;

// Where the curvature changes from step to step: a step then leaves about a thousandth of the gap,
// and more rows would cost passes for what the change of the curvature leaves all the same.
constexpr double most_rows_a_column = 2000.0;
constexpr double always_rows = 65536.0;

// A Hessian costs as much as its rows, and most of the way to a sample's optimum is made as well
// with an eighth of them; fewer than so many a column, or than these, would leave as much to make.
constexpr double thin_share = 0.125;
constexpr double thin_rows_a_column = 25.0;
constexpr double least_thin_rows = 2000.0;
constexpr double thickest_share = 1.0 / 3.0;

// A row belongs to the sample if its largest entry could not fill so many rows of it.
constexpr double many_rows = 200.0;

// Rows that tell how far a column is from a combination of others: so many, and so many a column.
constexpr Index probed_rows = 2048;
constexpr Index probed_rows_a_column = 4;
// Shares are off by the ridge they were found with, and by its square root less after each look.
constexpr int closer_looks = 3;
// Of combinations times columns squared, which take seconds beyond; with no more rows than columns
// every column is one, and that it is tells nothing of it.
constexpr double most_products = 4e8;
constexpr double most_products_of_few_rows = 2e7;
// Times the rounding of the numbers given: coefficients that tell a column from a combination which
// it is nearer to are so large that their own rounding costs a thousandth of what they gain.
constexpr double told_apart = 1000.0;
constexpr double not_told_apart = 8.0;

// Along a direction that bends less, gradients in float32 are rounding.
constexpr double ridge_float32 = 1e-9;

// About as many passes as steps that know no Hessian take.
constexpr double passes_saved = 40.0;

double square(double x) { return x * x; }

// Of so many rows that weigh something, where nothing speaks for more.
template <class T>
double wanted_rows(const Objective<T>& objective, const Data& data, double rows) {
    return rows_of_hessian(rows, data.columns(), data.X.reading_width(),
                           objective.loss().quadratic);
}

}  // namespace

double rows_of_hessian(double rows, Index columns, Index reading_width, bool quadratic) {
    const double width = static_cast<double>(columns) + 1.0;
    const double pass = static_cast<double>(reading_width + 1) / width;
    if (quadratic) return std::max(once_columns * pass * rows / width, width * rows_a_column);
    return std::clamp(each_time_columns * pass * rows / width, width * rows_a_column,
                      std::max(width * most_rows_a_column, always_rows));
}

template <class T>
bool WhiteningSample<T>::pays(const Objective<T>& objective, const Data& data) {
    if (data.columns() > most_gram_columns) return false;
    if (!data.X.sparse()) return true;
    // products are those of dense rows, passes are not
    const double rows = static_cast<double>(data.rows());
    const double width = static_cast<double>(data.columns()) + 1.0;
    const double products = std::min(rows, wanted_rows(objective, data, rows)) * width * width;
    const double reading =
        seconds_of_reading(data.rows(), data.X.reading_width(), data.outputs(), sizeof(T));
    return seconds_of_products(products + width * width * width / 3.0) <= passes_saved * reading;
}

template <class T>
WhiteningSample<T>::WhiteningSample(const Objective<T>& objective, const Data& data,
                                    const ColumnMoments& moments, LargeVector<double> shift,
                                    FunctionRef<bool()> keep_going, double width)
    : data_(&data),
      moments_(&moments),
      ridge_(std::max(
          64.0 * static_cast<double>(data.columns() + 16) * std::numeric_limits<double>::epsilon(),
          sizeof(T) == 4 ? ridge_float32 : 0.0)),
      rows_(data.rows()),
      shift_(std::move(shift)),
      width_(width) {
    measure_columns();
    choose_rows(objective, keep_going);
}

template <class T>
void WhiteningSample<T>::widen(const Objective<T>& objective, FunctionRef<bool()> keep_going) {
    width_ *= 4.0;
    rows_ = RowSample(data_->rows());
    unseen_.assign(shift_.size(), false);
    choose_rows(objective, keep_going);
}

template <class T>
std::optional<WhiteningSample<T>> WhiteningSample<T>::thinned(
    const Objective<T>& objective, FunctionRef<bool()> keep_going) const {
    const double rows = static_cast<double>(rows_.size());
    const double columns = static_cast<double>(data_->columns()) + 1.0;
    const double least = std::max(columns * thin_rows_a_column, least_thin_rows);
    const double wanted = std::max(thin_share * rows, least * thinned_);
    WhiteningSample few = *this;
    few.rows_ = rows_.thinned(static_cast<Index>(wanted));
    if (few.rows_.all() || static_cast<double>(few.rows_.size()) > thickest_share * rows) return {};
    few.find_unseen(objective, keep_going);
    return few;
}

template <class T>
void WhiteningSample<T>::measure_columns() {
    for (std::size_t j = 0; j < shift_.size(); ++j) {
        const double spread =
            std::sqrt(moments_->variance[j] + square(moments_->mean[j] - shift_[j]));
        const bool centred = shift_[j] != 0.0;
        const bool usable = spread > 0.0 && std::isfinite(spread) && std::isfinite(1.0 / spread) &&
                            !(centred && moments_->smallest[j] == moments_->largest[j]);
        const bool overflows =
            !std::isfinite(spread) || (spread > 0.0 && !std::isfinite(1.0 / spread));
        unit_.push_back(usable ? 1.0 / spread : overflows ? 0.0 : 1.0);
        constant_.push_back(!usable);
        const double size = std::sqrt(moments_->variance[j] + square(moments_->mean[j]));
        rounding_.push_back(static_cast<double>(std::numeric_limits<T>::epsilon()) * size *
                            unit_.back());
    }
    unseen_.assign(shift_.size(), false);
}

template <class T>
void WhiteningSample<T>::choose_rows(const Objective<T>& objective,
                                     FunctionRef<bool()> keep_going) {
    // of rows that weigh something; among those that do not, more are needed to find as many
    const double rows = static_cast<double>(moments_->weighing);
    const double wanted = width_ * wanted_rows(objective, *data_, rows);
    thinned_ = static_cast<double>(data_->rows()) / rows;
    if (wanted >= rows) return;
    double largest = 0.0;
    for (std::size_t j = 0; j < shift_.size(); ++j)
        if (!constant_[j])
            largest = std::max(largest, unit_[j] * std::max(moments_->largest[j] - shift_[j],
                                                            shift_[j] - moments_->smallest[j]));
    const double rare = wanted / many_rows;
    std::vector<Index> outlying;
    if (square(largest) > rare) {
        const LargeVector<T> shift(shift_.begin(), shift_.end());
        LargeVector<T> unit(unit_.begin(), unit_.end());
        for (std::size_t j = 0; j < unit.size(); ++j)
            if (constant_[j]) unit[j] = T(0);
        outlying = outlying_rows<T>(objective.kernels(), *data_, shift, unit, rare,
                                    static_cast<Index>(wanted), objective.threads(), keep_going);
    }
    rows_ = RowSample(data_->rows(), static_cast<Index>(wanted * thinned_), std::move(outlying));
    find_unseen(objective, keep_going);
}

template <class T>
void WhiteningSample<T>::find_unseen(const Objective<T>& objective,
                                     FunctionRef<bool()> keep_going) {
    LargeVector<double> least(shift_.size(), std::numeric_limits<double>::infinity());
    LargeVector<double> most(shift_.size(), -std::numeric_limits<double>::infinity());
    rows_.each([&](const RowSelection& part, double) {
        const ColumnMoments seen =
            column_moments(objective.kernels(), *data_, part, objective.threads(), keep_going);
        for (std::size_t j = 0; j < shift_.size(); ++j) {
            least[j] = std::min(least[j], seen.smallest[j]);
            most[j] = std::max(most[j], seen.largest[j]);
        }
    });
    for (std::size_t j = 0; j < shift_.size(); ++j)
        unseen_[j] = !constant_[j] && least[j] == most[j];
}

// A column constant in the sample would pass for the intercept there.
template <class T>
LargeVector<double> WhiteningSample<T>::seen_unit() const {
    LargeVector<double> scale = unit_;
    for (std::size_t j = 0; j < scale.size(); ++j)
        if (constant_[j] || unseen_[j]) scale[j] = 0.0;
    return scale;
}

template <class T>
bool WhiteningSample<T>::second_moments(const Objective<T>& objective, const LinearModel<T>* model,
                                        bool fit_intercept, const ResidualColumns& residuals,
                                        FunctionRef<bool()> keep_going,
                                        SymmetricMatrix* moments) const {
    const LargeVector<double> scale = seen_unit();
    const Index columns = data_->columns();
    Gram sums(columns);
    rows_.each([&](const RowSelection& rows, double share) {
        add_gram(objective, *data_, rows, share, model, {scale, shift_, fit_intercept, &residuals},
                 keep_going, sums);
    });
    if (!keep_going() || sums.weight <= 0.0) return false;
    SymmetricMatrix& h = sums.matrix;
    for (Index i = 0; i <= columns; ++i)
        for (Index j = i; j <= columns; ++j) h.row(i)[j] /= sums.weight;
    for (Index j = 0; j < columns; ++j)
        if (unseen_[static_cast<std::size_t>(j)]) h.row(j)[j] = objective.curvature();
    *moments = std::move(h);
    return true;
}

// How many roundings of the numbers given are left of each residual once others are taken off; what
// they make up of it goes into its share.
template <class T>
LargeVector<double> WhiteningSample<T>::look_closer(const Objective<T>& objective,
                                                    const RowSelection& probe, bool fit_intercept,
                                                    FunctionRef<bool()> keep_going,
                                                    ResidualColumns& residuals) const {
    const LargeVector<double> scale = seen_unit();
    Gram sums(data_->columns());
    add_gram<T>(objective, *data_, probe, 1.0, nullptr, {scale, shift_, fit_intercept, &residuals},
                keep_going, sums);
    const double weight = sums.weight * objective.curvature();
    LargeVector<double> rounding;
    LargeVector<double> least(scale.size() + 1, 0.0);
    for (std::size_t i = 0; i < residuals.size(); ++i) {
        rounding.push_back(residuals.length(i, rounding_));
        least[static_cast<std::size_t>(residuals.column(i))] =
            weight * square(not_told_apart * rounding[i]);
    }
    const Cholesky factor(std::move(sums.matrix), ridge_, objective.kernels().add_products,
                          objective.threads(), least);
    residuals.take_further(factor);
    LargeVector<double> roundings;
    for (std::size_t i = 0; i < residuals.size(); ++i)
        roundings.push_back(std::sqrt(factor.left(residuals.column(i)) / weight) / rounding[i]);
    return roundings;
}

template <class T>
NearCombinations WhiteningSample<T>::near_combinations(const Objective<T>& objective,
                                                       const Cholesky& factor, bool fit_intercept,
                                                       FunctionRef<bool()> keep_going) const {
    ResidualColumns residuals;
    const std::vector<Index> dependent = dependent_columns(factor);
    const double products =
        static_cast<double>(dependent.size()) * square(static_cast<double>(data_->columns()));
    if (products > (few_rows() ? most_products_of_few_rows : most_products)) return {};
    for (const Index k : dependent)
        if (!unseen_[static_cast<std::size_t>(k)]) residuals.add(k, factor.combination(k));
    if (residuals.empty()) return {};
    const Index wanted = std::max(probed_rows, probed_rows_a_column * data_->columns());
    const std::vector<Index> rows =
        spread_rows(data_->rows(), static_cast<Index>(static_cast<double>(wanted) * thinned_));
    const RowSelection probe{rows.data(), 0, static_cast<Index>(rows.size())};
    LargeVector<double> roundings;
    for (int look = 0; look < closer_looks; ++look)
        roundings = look_closer(objective, probe, fit_intercept, keep_going, residuals);
    return {residuals.kept([&](std::size_t i) { return roundings[i] > told_apart; }),
            residuals.kept([&](std::size_t i) { return roundings[i] < not_told_apart; })};
}

template <class T>
std::vector<Index> WhiteningSample<T>::dependent_columns(const Cholesky& factor) const {
    std::vector<Index> columns;
    for (const Index j : factor.dependent())
        if (j < data_->columns() && !constant(j)) columns.push_back(j);
    return columns;
}

template class WhiteningSample<float>;
template class WhiteningSample<double>;

}  // namespace fastgd

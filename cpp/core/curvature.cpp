#include "curvature.hpp"

#include <algorithm>
#include <cmath>
#include <memory>

#include "dot.hpp"
#include "parallel.hpp"
#include "permutation.hpp"
#include "row_sample.hpp"
#include "tile_reader.hpp"

namespace fastgd {

namespace {

constexpr int power_iterations = 30;
constexpr double least_bytes = 8.0 * 1024.0 * 1024.0;
constexpr double most_bytes = 256.0 * 1024.0 * 1024.0;

// Eight rows a column, within these bytes; listed where they are not all.
template <class T>
class SampledRows {
  public:
    explicit SampledRows(const Data& data) : all_(data.rows()) {
        const double row_bytes = data.X.row_bytes<T>();
        const double bytes = std::clamp(8.0 * static_cast<double>(data.columns() + 1) * row_bytes,
                                        least_bytes, most_bytes);
        const auto wanted = static_cast<Index>(bytes / row_bytes);
        if (wanted < all_) list_ = spread_rows(all_, wanted);
    }

    RowSelection rows() const {
        if (list_.empty()) return {nullptr, 0, all_};
        return {list_.data(), 0, static_cast<Index>(list_.size())};
    }

  private:
    Index all_;
    std::vector<Index> list_;
};

LargeVector<double> metric_of(const Preconditioner& preconditioner, Index columns) {
    return preconditioner.identity() ? LargeVector<double>(static_cast<std::size_t>(columns), 1.0)
                                     : preconditioner.metric;
}

// The metric as far as these rows bear it out: a column whose few large entries fell into the
// sample would else look steeper than it is on all rows.
template <class T>
LargeVector<double> metric_on(const KernelTable<T>& kernels, const Data& data,
                              const RowSelection& rows, const Preconditioner& preconditioner,
                              double curvature, const PenaltyStrength& penalty, int threads,
                              FunctionRef<bool()> keep_going) {
    LargeVector<double> metric = metric_of(preconditioner, data.columns());
    // all rows bear out what was told by them
    if (preconditioner.identity() || rows.count == data.rows()) return metric;
    const ColumnMoments sample = column_moments(kernels, data, rows, threads, keep_going);
    for (std::size_t j = 0; j < metric.size(); ++j) {
        const double offset = sample.mean[j] - preconditioner.shift[j];
        const double bend = curvature * (sample.variance[j] + offset * offset) + penalty.l2_of(j);
        if (metric[j] * bend > 1.0) metric[j] = 1.0 / bend;
    }
    return metric;
}

}  // namespace

template <class T>
CurvatureOperator<T>::CurvatureOperator(const KernelTable<T>& kernels, const Data& data,
                                        const RowSelection& rows, const LargeVector<double>& shift,
                                        const LargeVector<double>& metric, double intercept_metric,
                                        double curvature, const PenaltyStrength& penalty,
                                        int threads)
    : objective_(kernels, {find_loss(kernels, "squared_error")}, threads),
      data_(with_zero_targets(data)),
      rows_(rows),
      shift_(Preconditioner::shift_of_kernels<T>(shift)),
      curvature_(curvature),
      penalty_(penalty),
      sums_(1, data.columns()) {
    root_.reserve(metric.size() + 1);
    for (const double m : metric) root_.push_back(std::sqrt(m));
    root_.push_back(std::sqrt(intercept_metric));
}

template <class T>
LargeVector<double> CurvatureOperator<T>::operator()(const LargeVector<double>& v) {
    const std::size_t columns = root_.size() - 1;
    LargeVector<T> coef(columns);
    for (std::size_t j = 0; j < columns; ++j) coef[j] = static_cast<T>(root_[j] * v[j]);
    const T intercept = static_cast<T>(root_[columns] * v[columns]);
    sums_.clear();
    objective_.add_gradient(
        data_, rows_, {coef.data(), &intercept, shift_.empty() ? nullptr : shift_.data()}, sums_);
    LargeVector<double> image(columns + 1);
    if (sums_.weight <= 0.0) return image;
    const double factor = curvature_ / sums_.weight;
    for (std::size_t j = 0; j < columns; ++j)
        image[j] =
            root_[j] * factor * sums_.coef[j] + penalty_.l2_of(j) * root_[j] * root_[j] * v[j];
    image[columns] = root_[columns] * factor * sums_.intercept[0];
    return image;
}

template <class T>
SteepestDirection largest_curvature(const KernelTable<T>& kernels, const Data& data,
                                    const Preconditioner& preconditioner, double curvature,
                                    const PenaltyStrength& penalty, int threads,
                                    FunctionRef<bool()> keep_going, double tolerance) {
    const SampledRows<T> sample(data);
    const RowSelection rows = sample.rows();
    const auto columns = static_cast<std::size_t>(data.columns());
    CurvatureOperator<T> bend(
        kernels, data, rows, preconditioner.shift,
        metric_on(kernels, data, rows, preconditioner, curvature, penalty, threads, keep_going),
        preconditioner.intercept_metric, curvature, penalty, threads);

    LargeVector<double> v(columns + 1);
    for (std::size_t j = 0; j <= columns; ++j)
        v[j] = 0.5 + static_cast<double>(random_bits(0, j) >> 11) * 0x1p-53;
    v[columns] = preconditioner.intercept_metric > 0.0 ? v[columns] : 0.0;
    SteepestDirection steepest{0.0, LargeVector<double>(columns + 1)};
    for (int iteration = 0; iteration < power_iterations && keep_going(); ++iteration) {
        double norm = 0.0;
        for (const double x : v) norm += x * x;
        if (!(norm > 0.0) || !std::isfinite(norm)) break;
        for (double& x : v) x /= std::sqrt(norm);
        const LargeVector<double> image = bend(v);
        double rayleigh = 0.0;
        for (std::size_t j = 0; j <= columns; ++j) rayleigh += image[j] * v[j];
        const bool settled = std::abs(rayleigh - steepest.curvature) <= tolerance * rayleigh;
        if (rayleigh > steepest.curvature) steepest = {rayleigh, v};
        if (settled) break;
        v = image;
    }
    return steepest;
}

template <class T>
double curvature_along(const KernelTable<T>& kernels, const Data& data,
                       const Preconditioner& preconditioner, double curvature,
                       const PenaltyStrength& penalty, int threads,
                       const LargeVector<double>& direction) {
    const SampledRows<T> sample(data);
    const auto columns = static_cast<std::size_t>(data.columns());
    LargeVector<T> coef(columns);
    double penalty_bend = 0.0;
    for (std::size_t j = 0; j < columns; ++j) {
        const double metric = preconditioner.identity() ? 1.0 : preconditioner.metric[j];
        coef[j] = static_cast<T>(std::sqrt(metric) * direction[j]);
        penalty_bend += penalty.l2_of(j) * metric * direction[j] * direction[j];
    }
    const T intercept =
        static_cast<T>(std::sqrt(preconditioner.intercept_metric) * direction[columns]);
    const LargeVector<T> shift = Preconditioner::shift_of_kernels<T>(preconditioner.shift);
    // half the squares of predictions: rows are read forward only
    GradientSums sums(1, 0);
    Objective<T>(kernels, {find_loss(kernels, "squared_error")}, threads)
        .add_value(with_zero_targets(data), sample.rows(),
                   {coef.data(), &intercept, shift.empty() ? nullptr : shift.data()}, sums);
    return sums.weight > 0.0 ? curvature * 2.0 * sums.loss / sums.weight + penalty_bend : 0.0;
}

template <class T>
LongestRow longest_row(const KernelTable<T>& kernels, const Data& data, double mean_weight,
                       int threads) {
    const Blocks blocks = Blocks::of<T>(data.X);
    const Index tiles = (data.rows() + blocks.tile_rows - 1) / blocks.tile_rows;
    const int members = threads_for_work(threads, data.bytes_of<T>(data.rows()));
    std::vector<std::unique_ptr<TileReader<T>>> readers;
    for (int m = 0; m < members; ++m)
        readers.push_back(std::make_unique<TileReader<T>>(kernels, data, blocks.tile_rows));
    std::vector<LongestRow> found(static_cast<std::size_t>(members));
    run_team(members, [&](int member, int team) {
        TileReader<T>& reader = *readers[static_cast<std::size_t>(member)];
        LongestRow& longest = found[static_cast<std::size_t>(member)];
        for (Index t = tiles * member / team; t < tiles * (member + 1) / team; ++t) {
            const Index begin = t * blocks.tile_rows;
            const RowSelection rows{nullptr, begin,
                                    std::min(blocks.tile_rows, data.rows() - begin)};
            const RowSelection next{nullptr, begin + rows.count,
                                    std::min(blocks.tile_rows, data.rows() - begin - rows.count)};
            const RowTile<T> tile = reader.rows(data, rows, next, nullptr);
            const T* weight = reader.row_weights(data, rows);
            for (Index i = 0; i < tile.rows; ++i) {
                tile.fetch_upcoming(i);
                if (weight != nullptr && weight[i] == 0) continue;
                double square = 1.0;
                for (Index j = 0; j < tile.numbers(i); ++j) {
                    const double x = static_cast<double>(tile.row[i][j]);
                    square += x * x;
                }
                if (weight != nullptr) square *= static_cast<double>(weight[i]) / mean_weight;
                if (square > longest.square) longest = {begin + i, square};
            }
        }
    });
    // members hold stretches of rows in order: the first of equals stays
    return *std::max_element(
        found.begin(), found.end(),
        [](const LongestRow& a, const LongestRow& b) { return a.square < b.square; });
}

double mean_row_curvature(const ColumnMoments& moments, const Preconditioner& preconditioner,
                          double curvature) {
    double sum = preconditioner.intercept_metric;
    for (std::size_t j = 0; j < moments.mean.size(); ++j) {
        const double offset =
            preconditioner.identity() ? moments.mean[j] : moments.mean[j] - preconditioner.shift[j];
        const double square = moments.variance[j] + offset * offset;
        sum += preconditioner.identity() ? square : preconditioner.metric[j] * square;
    }
    return curvature * sum;
}

template class CurvatureOperator<float>;
template class CurvatureOperator<double>;
template SteepestDirection largest_curvature(const KernelTable<float>&, const Data&,
                                             const Preconditioner&, double, const PenaltyStrength&,
                                             int, FunctionRef<bool()>, double);
template SteepestDirection largest_curvature(const KernelTable<double>&, const Data&,
                                             const Preconditioner&, double, const PenaltyStrength&,
                                             int, FunctionRef<bool()>, double);
template double curvature_along(const KernelTable<float>&, const Data&, const Preconditioner&,
                                double, const PenaltyStrength&, int, const LargeVector<double>&);
template double curvature_along(const KernelTable<double>&, const Data&, const Preconditioner&,
                                double, const PenaltyStrength&, int, const LargeVector<double>&);
template LongestRow longest_row(const KernelTable<float>&, const Data&, double, int);
template LongestRow longest_row(const KernelTable<double>&, const Data&, double, int);

}  // namespace fastgd

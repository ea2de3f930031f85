#include "curvature.hpp"

#include <algorithm>
#include <cmath>

#include "permutation.hpp"
#include "row_sample.hpp"
#include "tile_reader.hpp"

namespace fastgd {

namespace {

constexpr int power_iterations = 30;
constexpr double power_tolerance = 1e-3;
constexpr double least_bytes = 8.0 * 1024.0 * 1024.0;
constexpr double most_bytes = 256.0 * 1024.0 * 1024.0;

// Eight rows a column, within these bytes.
Index sample_rows(const Data& data, std::size_t item) {
    const double row_bytes = static_cast<double>(data.columns()) * static_cast<double>(item);
    const double bytes = std::clamp(8.0 * static_cast<double>(data.columns() + 1) * row_bytes,
                                    least_bytes, most_bytes);
    return static_cast<Index>(bytes / row_bytes);
}

// The same rows with squared error on targets 0: its gradient at v is X^T S X v.
Data quadratic(const Data& data) {
    static const double zero = 0.0;
    Data result = data;
    result.y = {&zero, ElementType::float64, data.rows(), 1, 0, 0};
    result.offset = {};
    result.binary = false;
    return result;
}

// The metric as far as these rows bear it out: a column whose few large entries fell into the
// sample would else look steeper than it is on all rows.
template <class T>
std::vector<double> metric_on(const KernelTable<T>& kernels, const Data& data,
                              const RowSelection& rows, const Preconditioner& preconditioner,
                              double curvature, double l2, int threads,
                              FunctionRef<bool()> keep_going) {
    const auto columns = static_cast<std::size_t>(data.columns());
    if (preconditioner.identity()) return std::vector<double>(columns, 1.0);
    const ColumnMoments sample = column_moments(kernels, data, rows, threads, keep_going);
    std::vector<double> metric = preconditioner.metric;
    for (std::size_t j = 0; j < columns; ++j) {
        const double offset = sample.mean[j] - preconditioner.shift[j];
        const double bend = curvature * (sample.variance[j] + offset * offset) + l2;
        if (metric[j] * bend > 1.0) metric[j] = 1.0 / bend;
    }
    return metric;
}

}  // namespace

template <class T>
double largest_curvature(const KernelTable<T>& kernels, const Data& data,
                         const Preconditioner& preconditioner, double curvature, double l2,
                         int threads, FunctionRef<bool()> keep_going) {
    const Data problem = quadratic(data);
    const std::vector<Index> sample = spread_rows(data.rows(), sample_rows(data, sizeof(T)));
    const RowSelection rows{sample.data(), 0, static_cast<Index>(sample.size())};
    const Objective<T> objective(kernels, {find_loss(kernels, "squared_error"), 0.0}, threads);
    const auto columns = static_cast<std::size_t>(data.columns());
    const std::vector<T> shift(preconditioner.shift.begin(), preconditioner.shift.end());
    const std::vector<double> metric =
        metric_on(kernels, data, rows, preconditioner, curvature, l2, threads, keep_going);

    // v lives in the metric's own coordinates, where the operator is symmetric
    std::vector<double> v(columns + 1);
    for (std::size_t j = 0; j <= columns; ++j)
        v[j] = 0.5 + static_cast<double>(random_bits(0, j) >> 11) * 0x1p-53;
    v[columns] = preconditioner.intercept_metric > 0.0 ? v[columns] : 0.0;
    std::vector<T> coef(columns);
    GradientSums sums(1, data.columns());
    double largest = 0.0;
    for (int iteration = 0; iteration < power_iterations && keep_going(); ++iteration) {
        double norm = 0.0;
        for (const double x : v) norm += x * x;
        if (!(norm > 0.0) || !std::isfinite(norm)) break;
        for (double& x : v) x /= std::sqrt(norm);
        for (std::size_t j = 0; j < columns; ++j)
            coef[j] = static_cast<T>(std::sqrt(metric[j]) * v[j]);
        const T intercept = static_cast<T>(std::sqrt(preconditioner.intercept_metric) * v[columns]);
        sums.clear();
        objective.add_gradient(
            problem, rows, {coef.data(), &intercept, shift.empty() ? nullptr : shift.data()}, sums);
        if (sums.weight <= 0.0) break;
        double rayleigh = 0.0;
        for (std::size_t j = 0; j < columns; ++j) {
            const double root = std::sqrt(metric[j]);
            const double image =
                root * curvature * sums.coef[j] / sums.weight + l2 * metric[j] * v[j];
            rayleigh += image * v[j];
            v[j] = image;
        }
        const double image = std::sqrt(preconditioner.intercept_metric) * curvature *
                             sums.intercept[0] / sums.weight;
        rayleigh += image * v[columns];
        v[columns] = image;
        const bool settled = std::abs(rayleigh - largest) <= power_tolerance * rayleigh;
        largest = std::max(largest, rayleigh);
        if (settled) break;
    }
    return largest;
}

template <class T>
double largest_row_norm(const KernelTable<T>& kernels, const Data& data) {
    data.count_read(data.rows());
    const Index tile_rows = Blocks::of<T>(data.columns()).tile_rows;
    TileReader<T> reader(kernels, data, tile_rows);
    double largest = 0.0;
    for (Index begin = 0; begin < data.rows(); begin += tile_rows) {
        const RowSelection rows{nullptr, begin, std::min(tile_rows, data.rows() - begin)};
        const RowTile<T> tile = reader.rows(data, rows, RowSelection{}, nullptr);
        for (Index i = 0; i < tile.rows; ++i) {
            double norm = 1.0;
            for (Index j = 0; j < tile.columns; ++j) {
                const double x = static_cast<double>(tile.row[i][j]);
                norm += x * x;
            }
            largest = std::max(largest, norm);
        }
    }
    return largest;
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

template double largest_curvature(const KernelTable<float>&, const Data&, const Preconditioner&,
                                  double, double, int, FunctionRef<bool()>);
template double largest_curvature(const KernelTable<double>&, const Data&, const Preconditioner&,
                                  double, double, int, FunctionRef<bool()>);
template double largest_row_norm(const KernelTable<float>&, const Data&);
template double largest_row_norm(const KernelTable<double>&, const Data&);

}  // namespace fastgd

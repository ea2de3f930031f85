#include "step_size.hpp"

#include <algorithm>
#include <cmath>

#include "dot.hpp"

namespace fastgd {

namespace {

// The power iteration's estimate comes from below.
constexpr double estimate_margin = 1.02;
constexpr double tolerance = 1e-3;

// The variance that an anchor leaves needs steps of a quarter of 1 / L (Johnson, Zhang 2013).
constexpr double variance_margin = 4.0;

// A row this many times as long as rows are at the root of their mean square is not one of them.
constexpr double far_norm = 10.0;

double inverse(double bend) { return bend > 0.0 ? 1.0 / bend : 1.0; }

}  // namespace

template <class T>
double automatic_rate(const KernelTable<T>& kernels, const Data& data, const StepProblem& problem,
                      const ColumnMoments& moments, const Preconditioner& preconditioner,
                      FunctionRef<bool()> keep_going) {
    const auto of_all_rows = [&] {
        return largest_curvature(kernels, data, preconditioner, problem.curvature, problem.penalty,
                                 problem.threads, keep_going, tolerance)
            .curvature;
    };
    if (problem.rows_a_step == 0) return inverse(estimate_margin * of_all_rows());
    const double of_rows =
        variance_margin * mean_row_curvature(moments, preconditioner, problem.curvature);
    if (problem.rows_a_step == 1) return inverse(of_rows);
    const auto rows = static_cast<double>(problem.rows_a_step);
    return inverse(of_all_rows() * (1.0 - 1.0 / rows) + of_rows / rows);
}

template <class T>
double searched_rate(const KernelTable<T>& kernels, const Data& data, const StepProblem& problem,
                     const Preconditioner& preconditioner, const LargeVector<double>& gradient) {
    const auto columns = static_cast<std::size_t>(data.columns());
    LargeVector<double> steepest;
    double longest = 0.0;
    for (std::size_t k = 0; k * (columns + 1) < gradient.size(); ++k) {
        LargeVector<double> own;
        own.reserve(columns + 1);
        own.assign(gradient.begin() + std::ptrdiff_t(k * columns),
                   gradient.begin() + std::ptrdiff_t((k + 1) * columns));
        own.push_back(gradient[gradient.size() / (columns + 1) * columns + k]);
        preconditioner.into_metric(own);
        const double square = dot(own, own);
        if (!(square > longest) || !std::isfinite(square)) continue;
        longest = square;
        steepest = std::move(own);
    }
    if (steepest.empty()) return 1.0;
    for (double& x : steepest) x /= std::sqrt(longest);
    return inverse(curvature_along(kernels, data, preconditioner, problem.curvature,
                                   problem.penalty, problem.threads, steepest));
}

template <class T>
RawCurvature raw_curvature(const KernelTable<T>& kernels, const Data& data,
                           const StepProblem& problem, const ColumnMoments& moments,
                           bool fit_intercept, FunctionRef<bool()> keep_going) {
    const auto rows = static_cast<double>(data.rows());
    const Preconditioner raw = Preconditioner::none(fit_intercept);
    return {largest_curvature(kernels, data, raw, problem.curvature, problem.penalty,
                              problem.threads, keep_going, tolerance),
            longest_row(kernels, data, moments.weight / rows, problem.threads),
            mean_row_curvature(moments, raw, 1.0), rows};
}

SafeStep safe_step(const RawCurvature& raw, const StepProblem& problem) {
    const double of_a_row = problem.curvature * raw.longest.square;
    const bool batch = problem.rows_a_step == 0;
    const double in_a_step =
        of_a_row / (batch ? raw.rows : static_cast<double>(problem.rows_a_step));
    const double l2 = problem.penalty.largest_l2();
    const double bend = batch                      ? raw.steepest.curvature
                        : problem.rows_a_step == 1 ? of_a_row + l2
                                                   : raw.steepest.curvature + in_a_step;
    const double rate = inverse(bend);
    if (raw.longest.square > far_norm * far_norm * raw.mean_square && in_a_step >= 0.5 * bend)
        return {rate, Limit::row, raw.longest.row, std::sqrt(raw.longest.square / raw.mean_square)};
    if (l2 >= 0.5 * bend) return {rate, Limit::penalty, 0, l2 / bend};
    const LargeVector<double>& v = raw.steepest.direction;
    const auto largest = std::max_element(
        v.begin(), v.end(), [](double a, double b) { return std::abs(a) < std::abs(b); });
    const Index index = largest - v.begin();
    const bool intercept = index + 1 == static_cast<Index>(v.size());
    return {rate, intercept ? Limit::intercept : Limit::column, index, *largest * *largest};
}

double reach(double height) { return height > 0.0 ? std::sqrt(2.0 * height) : 1.0; }

double adaptive_rate(Update update, double height, Index steps_an_epoch) {
    const double far = reach(height);
    return update == Update::adagrad ? far : far / std::sqrt(static_cast<double>(steps_an_epoch));
}

template double automatic_rate(const KernelTable<float>&, const Data&, const StepProblem&,
                               const ColumnMoments&, const Preconditioner&, FunctionRef<bool()>);
template double automatic_rate(const KernelTable<double>&, const Data&, const StepProblem&,
                               const ColumnMoments&, const Preconditioner&, FunctionRef<bool()>);
template double searched_rate(const KernelTable<float>&, const Data&, const StepProblem&,
                              const Preconditioner&, const LargeVector<double>&);
template double searched_rate(const KernelTable<double>&, const Data&, const StepProblem&,
                              const Preconditioner&, const LargeVector<double>&);
template RawCurvature raw_curvature(const KernelTable<float>&, const Data&, const StepProblem&,
                                    const ColumnMoments&, bool, FunctionRef<bool()>);
template RawCurvature raw_curvature(const KernelTable<double>&, const Data&, const StepProblem&,
                                    const ColumnMoments&, bool, FunctionRef<bool()>);

}  // namespace fastgd

#include "step_size.hpp"

#include <cmath>

namespace fastgd {

namespace {

// The power iteration's estimate comes from below.
constexpr double estimate_margin = 1.02;

// The variance that an anchor leaves needs steps of a quarter of 1 / L (Johnson, Zhang 2013).
constexpr double variance_margin = 4.0;

double inverse(double bend) { return bend > 0.0 ? 1.0 / bend : 1.0; }

}  // namespace

template <class T>
double automatic_rate(const KernelTable<T>& kernels, const Data& data, const StepProblem& problem,
                      const ColumnMoments& moments, const Preconditioner& preconditioner,
                      FunctionRef<bool()> keep_going) {
    const auto of_all_rows = [&] {
        return largest_curvature(kernels, data, preconditioner, problem.curvature, problem.l2,
                                 problem.threads, keep_going);
    };
    if (problem.rows_a_step == 0) return inverse(estimate_margin * of_all_rows());
    const double of_rows =
        variance_margin * mean_row_curvature(moments, preconditioner, problem.curvature);
    if (problem.rows_a_step == 1) return inverse(of_rows);
    const auto rows = static_cast<double>(problem.rows_a_step);
    return inverse(of_all_rows() * (1.0 - 1.0 / rows) + of_rows / rows);
}

template <class T>
double safe_rate(const KernelTable<T>& kernels, const Data& data, const StepProblem& problem,
                 bool fit_intercept, FunctionRef<bool()> keep_going) {
    const double of_a_row =
        problem.rows_a_step > 0 ? problem.curvature * largest_row_norm(kernels, data) : 0.0;
    if (problem.rows_a_step == 1) return inverse(of_a_row + problem.l2);
    const double of_all_rows =
        largest_curvature(kernels, data, Preconditioner::none(fit_intercept), problem.curvature,
                          problem.l2, problem.threads, keep_going);
    const double share =
        problem.rows_a_step > 0 ? of_a_row / static_cast<double>(problem.rows_a_step) : 0.0;
    return inverse(of_all_rows + share);
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
template double safe_rate(const KernelTable<float>&, const Data&, const StepProblem&, bool,
                          FunctionRef<bool()>);
template double safe_rate(const KernelTable<double>&, const Data&, const StepProblem&, bool,
                          FunctionRef<bool()>);

}  // namespace fastgd

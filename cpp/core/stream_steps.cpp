#include "stream_steps.hpp"

#include <cmath>

#include "zero_model.hpp"

namespace fastgd {

namespace {

// A spread as n rows can tell it: not less than the n-th part of the mean, and of a column that
// does not vary yet as far as it lies from 0, or a unit. Else a column alike in the first rows
// would move too far at its next entry, or never.
void believe_less(ColumnMoments& moments, Index rows) {
    for (std::size_t j = 0; j < moments.mean.size(); ++j) {
        const double mean = moments.mean[j];
        const double part = mean / static_cast<double>(rows);
        const double square = moments.spread_square(j);
        moments.variance[j] = square > 0.0 ? square + part * part : mean != 0.0 ? mean * mean : 1.0;
    }
}

}  // namespace

template <class T>
StreamSteps stream_steps(const Objective<T>& objective, const Data& data,
                         const FitOptions& options) {
    StreamSteps result{Preconditioner::none(options.fit_intercept), options.eta0};
    const Precondition metric = chosen_precondition(options, false);
    const bool automatic = options.rate == Rate::automatic;
    if (metric == Precondition::none && !automatic) return result;
    double curvature = objective.curvature();
    if (objective.loss().targets == Targets::mean)
        curvature = null_model(objective.kernels(), objective.loss_spec(), data,
                               options.fit_intercept, objective.threads())
                        .curvature;
    const auto go_on = [] { return true; };
    StepProblem problem = step_problem(options, curvature);
    ColumnMoments moments = column_moments(objective.kernels(), data, {nullptr, 0, data.rows()},
                                           objective.threads(), go_on);
    believe_less(moments, data.rows());
    if (metric != Precondition::none) {
        result.preconditioner = Preconditioner::scale(moments, curvature, options.penalty,
                                                      options.fit_intercept, problem.rows_a_step);
        result.preconditioner.template round_shift<T>();
    }
    if (!automatic) return result;
    // few rows do not tell how all together bend; single ones are a bound
    if (data.rows() <= data.columns()) problem.rows_a_step = 1;
    const double mean_weight = moments.weight / static_cast<double>(data.rows());
    result.rate =
        automatic_rate(objective.kernels(), data, problem, moments, result.preconditioner, go_on) /
        mean_weight;
    return result;
}

template StreamSteps stream_steps(const Objective<float>&, const Data&, const FitOptions&);
template StreamSteps stream_steps(const Objective<double>&, const Data&, const FitOptions&);

}  // namespace fastgd

#include "conditioning.hpp"

#include <cmath>

#include "parallel.hpp"
#include "whitening_sample.hpp"
#include "zero_model.hpp"

namespace fastgd {

template <class T>
Conditioning conditioning(const KernelTable<T>& kernels, const Data& data, LossSpec loss,
                          const PenaltyStrength& strength, PenaltyScale scale, bool fit_intercept,
                          int threads, FunctionRef<bool()> keep_going) {
    Conditioning result;
    const Data rows = with_zero_targets(data);
    result.moments = column_moments(kernels, rows, {nullptr, 0, rows.rows()}, threads, keep_going);
    if (result.moments.non_finite || !keep_going()) return result;
    const PenaltyStrength penalty =
        scale == PenaltyScale::deviation ? in_deviations(strength, result.moments) : strength;
    for (std::size_t j = 0; j < result.moments.mean.size(); ++j)
        result.l2.push_back(penalty.l2_of(j));
    if (kernels_of(kernels, loss).targets == Targets::mean)
        loss.curvature = null_model(kernels, loss, data, fit_intercept, threads).curvature;
    const double curvature = result.curvature = curvature_of(kernels, loss);
    result.shift =
        Preconditioner::scale(result.moments, curvature, penalty, fit_intercept, 0).shift;
    for (double& s : result.shift) s = static_cast<double>(static_cast<T>(s));

    const StepProblem batch{
        .rows_a_step = 0, .curvature = curvature, .penalty = penalty, .threads = threads};
    StepProblem sgd = batch;
    sgd.rows_a_step = 1;
    const RawCurvature raw =
        raw_curvature(kernels, rows, batch, result.moments, fit_intercept, keep_going);
    result.batch = safe_step(raw, batch);
    result.sgd = safe_step(raw, sgd);

    // plain second moments: those of a squared error
    const Objective<T> squares(kernels, {find_loss(kernels, "squared_error")}, threads);
    if (!WhiteningSample<T>::pays(squares, rows)) return result;
    const WhiteningSample<T> sample(squares, rows, result.moments, result.shift, keep_going);
    result.ridge = sample.ridge();
    if (!sample.second_moments(squares, nullptr, fit_intercept, {}, keep_going,
                               &result.second_moments))
        return result;
    result.rows = sample.rows().size();
    const double products = std::pow(static_cast<double>(rows.columns()), 3);
    const Cholesky factor(result.second_moments.copy(), result.ridge, kernels.add_products,
                          threads_for_work(threads, products));
    result.dependent = sample.dependent_columns(factor);
    result.told_apart =
        sample.near_combinations(squares, factor, fit_intercept, keep_going).told_apart.columns();
    return result;
}

template Conditioning conditioning(const KernelTable<float>&, const Data&, LossSpec,
                                   const PenaltyStrength&, PenaltyScale, bool, int,
                                   FunctionRef<bool()>);
template Conditioning conditioning(const KernelTable<double>&, const Data&, LossSpec,
                                   const PenaltyStrength&, PenaltyScale, bool, int,
                                   FunctionRef<bool()>);

}  // namespace fastgd

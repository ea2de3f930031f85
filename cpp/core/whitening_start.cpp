// Where steps in the Hessian's metric start: close to the optimum of a sample of rows.
#include <limits>
#include <optional>
#include <utility>

#include "whitening.hpp"

namespace fastgd {

namespace {

constexpr double least_known_part = 1e-12;
constexpr int most_sample_steps = 30;

}  // namespace

// A loss that hardly bends far from its targets, as huber's, leads there in many short steps.
template <class T>
Coefficients Whitening<T>::least_squares(Coefficients at, FunctionRef<bool()> keep_going) {
    const KernelTable<T>& kernels = objective_.kernels();
    const Objective<T> squares(kernels, {find_loss(kernels, "squared_error")},
                               objective_.threads());
    if (!refresh(at, true, keep_going)) return at;
    known_ = false;
    Coefficients there = propose(at, sample_sums(squares, at)).to;
    const double start = value(sample_sums(at), at);
    return value(sample_sums(there), there) < start ? there : at;
}

template <class T>
Coefficients Whitening<T>::solve_sample(Coefficients at, FunctionRef<bool()> keep_going) {
    // losses of real targets, and those with kinks, bend for some rows alone: for hardly any of few
    const bool bends_for_most = !objective_.loss().quadratic &&
                                objective_.loss().targets != Targets::real &&
                                objective_.loss_parameters().smoothing == 0.0;
    std::optional<WhiteningSample<T>> few;
    if (bends_for_most) few = sample_.thinned(objective_, keep_going);
    if (!few) return solve_rows(std::move(at), keep_going);
    std::swap(sample_, *few);
    const double start = value(sample_sums(at), at);
    Coefficients there = solve_rows(at, keep_going);
    std::swap(sample_, *few);
    forget();
    // few rows may have taken columns for combinations of others that more of them tell apart
    looked_closer_ = false;
    residuals_ = {};
    idle_.clear();
    if (!(value(sample_sums(there), there) < start)) return solve_rows(std::move(at), keep_going);
    return descend_sample(std::move(there), start, keep_going);
}

template <class T>
Coefficients Whitening<T>::solve_rows(Coefficients at, FunctionRef<bool()> keep_going) {
    if (!objective_.loss().quadratic && objective_.loss().targets == Targets::real)
        at = least_squares(std::move(at), keep_going);
    const double start = value(sample_sums(at), at);
    return descend_sample(std::move(at), start, keep_going);
}

template <class T>
Coefficients Whitening<T>::descend_sample(Coefficients at, double start,
                                          FunctionRef<bool()> keep_going) {
    // no closer than the sample's optimum is to that of all rows
    const double known_part = sample_.rows().all()
                                  ? 0.0
                                  : 0.1 * static_cast<double>(data_.columns() + 1) /
                                        static_cast<double>(sample_.rows().size());
    const double close = std::max(known_part, least_known_part);
    // a sample that is nearly fitted exactly says nothing of where all rows lead
    const double floor = sample_.rows().all() ? 1e-6 : 0.05;
    for (int s = 0; s < most_sample_steps && keep_going(); ++s) {
        const GradientSums sums = sample_sums(at);
        if (!objective_.loss().quadratic && value(sums, at) <= floor * start) break;
        MetricStep next{at};
        if (!renew(at, sums, &next, keep_going)) break;
        const bool quadratic = objective_.loss().quadratic;
        const double t = quadratic ? 1.0 : length_of(at, next, sums, sums);
        at = between(at, next.to, t);
        penalty_.box.project(at.coef);
        if (quadratic || t == 0.0 || next.height <= close * std::abs(value(sums, at))) break;
    }
    // what other rows promise is no continuation of what these did
    if (!sample_.rows().all()) last_decrement_ = std::numeric_limits<double>::infinity();
    return at;
}

template Coefficients Whitening<float>::solve_sample(Coefficients, FunctionRef<bool()>);
template Coefficients Whitening<double>::solve_sample(Coefficients, FunctionRef<bool()>);

}  // namespace fastgd

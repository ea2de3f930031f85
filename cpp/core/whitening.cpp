#include "whitening.hpp"

#include <cmath>
#include <limits>

#include "dot.hpp"
#include "parallel.hpp"
#include "quadratic_model.hpp"

namespace fastgd {

namespace {

// The curvature is taken anew while a step promises more than this share of the objective.
constexpr double stale_share = 1e-3;
constexpr double slow_share = 0.1;
constexpr double slowest_ratio = 0.99;

// A sample that tells what bends leads there in fewer; then more rows are taken.
constexpr int steps_a_sample = 12;

constexpr int most_halvings = 30;
constexpr double armijo = 1e-4;

// Of a step's promise; a model that bends as much as the objective does keeps the whole of it.
constexpr double short_share = 1.5;

// Kinks rounded off this much more widely tell whether a step ends at one of them too soon.
constexpr double wider_kinks = 30.0;
// Less than that is left to true Hessians: wider kinks lead to the last digits in many steps.
constexpr double settled_share = 1e-6;
// Asked once a step promises no more than this share of the objective.
constexpr double wary_share = 1e-4;

double square(double x) { return x * x; }

template <class T>
Objective<T> with_wider_kinks(const Objective<T>& objective) {
    LossSpec loss = objective.loss_spec();
    loss.parameters.smoothing *= wider_kinks;
    return Objective<T>(objective.kernels(), loss, objective.threads());
}

// (a / its weight - b / its weight) . (to - from)
double slope_between(const GradientSums& a, const GradientSums& b, const Coefficients& from,
                     const Coefficients& to) {
    double sum = 0.0;
    for (std::size_t j = 0; j < from.coef.size(); ++j)
        sum += (a.coef[j] / a.weight - b.coef[j] / b.weight) * (to.coef[j] - from.coef[j]);
    for (std::size_t k = 0; k < from.intercept.size(); ++k)
        sum += (a.intercept[k] / a.weight - b.intercept[k] / b.weight) *
               (to.intercept[k] - from.intercept[k]);
    return sum;
}

}  // namespace

template <class T>
Whitening<T>::Whitening(const Objective<T>& objective, const Data& data, WhiteningSample<T> sample,
                        const PenaltyStrength& penalty, bool fit_intercept)
    : objective_(objective),
      wider_(with_wider_kinks(objective)),
      data_(data),
      penalty_(penalty),
      fit_intercept_(fit_intercept),
      sample_(std::move(sample)),
      shift_T_(sample_.shift().begin(), sample_.shift().end()),
      sample_sums_(data.outputs(), data.columns()) {}

template <class T>
std::vector<Index> Whitening<T>::dependent_columns() const {
    if (penalty_.smooth()) return sample_.dependent_columns(factor_);
    if (!known_ || sample_.few_rows()) return {};
    return sample_.dependent_columns(factor_of(hessian_.copy()));
}

template <class T>
Cholesky Whitening<T>::factor_of(SymmetricMatrix matrix) const {
    const double products = std::pow(static_cast<double>(data_.columns()), 3);
    return Cholesky(std::move(matrix), sample_.ridge(), objective_.kernels().add_products,
                    threads_for_work(objective_.threads(), products));
}

template <class T>
bool Whitening<T>::refresh(const Coefficients& at, bool bound, FunctionRef<bool()> keep_going) {
    const LargeVector<T> coef(at.coef.begin(), at.coef.end());
    const LargeVector<T> intercept(at.intercept.begin(), at.intercept.end());
    const LinearModel<T> model{coef.data(), intercept.data(), shift_T_.data()};
    if (!factor(objective_, bound ? nullptr : &model, keep_going)) return false;
    // the proximal operator knows columns as they are
    if (!looked_closer_ && penalty_.smooth()) {
        looked_closer_ = true;
        NearCombinations near =
            sample_.near_combinations(objective_, factor_, fit_intercept_, keep_going);
        idle_ = near.exact.directions(static_cast<std::size_t>(data_.columns()) + 1);
        residuals_ = std::move(near.told_apart);
        if (!residuals_.empty() && !factor(objective_, bound ? nullptr : &model, keep_going))
            return false;
    }
    known_ = true;
    return true;
}

template <class T>
bool Whitening<T>::factor(const Objective<T>& objective, const LinearModel<T>* model,
                          FunctionRef<bool()> keep_going) {
    SymmetricMatrix h;
    if (!sample_.second_moments(objective, model, fit_intercept_, residuals_, keep_going, &h))
        return false;
    if (penalty_.l2 > 0.0) {
        LargeVector<double> ridge;
        for (std::size_t j = 0; j < sample_.unit().size(); ++j)
            ridge.push_back(penalty_.l2_of(j) * square(sample_.unit()[j]));
        residuals_.add_ridge(ridge, h);
    }
    if (penalty_.smooth())
        factor_ = factor_of(std::move(h));
    else
        hessian_ = std::move(h);
    return true;
}

template <class T>
MetricStep Whitening<T>::propose(const Coefficients& at, const GradientSums& sums) const {
    const auto columns = static_cast<std::size_t>(data_.columns());
    const LargeVector<double>& unit = sample_.unit();
    MetricStep result{at, 0.0};
    for (std::size_t k = 0; k < sums.intercept.size(); ++k) {
        const double* coef = at.coef.data() + k * columns;
        LargeVector<double> gradient(columns + 1);
        for (std::size_t j = 0; j < columns; ++j)
            if (unit[j] > 0.0)
                gradient[j] = unit[j] * (sums.coef[k * columns + j] / sums.weight +
                                         penalty_.l2_of(j) * coef[j]);
        gradient[columns] = fit_intercept_ ? sums.intercept[k] / sums.weight : 0.0;
        if (!penalty_.smooth()) {
            result.decrement -= 0.5 * proximal_move(k, gradient, result.to);
            continue;
        }
        LargeVector<double> move = gradient;
        double slope = 0.0;
        residuals_.slopes_from_columns(move);
        const LargeVector<double> along = move;
        for (double& m : move) m = -m;
        factor_.solve(move);
        for (std::size_t j = 0; j <= columns; ++j) slope += along[j] * move[j];
        residuals_.moves_to_columns(move);
        for (const LargeVector<double>& direction : idle_)
            slope -= take_off(direction, move) * dot(direction, gradient);
        result.decrement -= 0.5 * slope;
        for (std::size_t j = 0; j < columns; ++j)
            result.to.coef[k * columns + j] += unit[j] * move[j];
        result.to.intercept[k] += move[columns];
    }
    return result;
}

template <class T>
double Whitening<T>::proximal_move(std::size_t output, std::span<const double> gradient,
                                   Coefficients& to) const {
    const auto columns = static_cast<std::size_t>(data_.columns());
    const LargeVector<double>& unit = sample_.unit();
    const Box& box = penalty_.box;
    LargeVector<double> from(columns + 1, 0.0);
    Holds holds(columns + 1);
    for (std::size_t j = 0; j < columns; ++j) {
        if (unit[j] == 0.0) continue;
        const std::size_t at = output * columns + j;
        from[j] = to.coef[at] / unit[j];
        holds.threshold[j] = penalty_.l1_of(j) * unit[j];
        holds.low[j] = box.low_of(at) / unit[j];
        holds.high[j] = box.high_of(at) / unit[j];
    }
    const LargeVector<double> target = least_point(hessian_, gradient, from, holds, sample_.ridge(),
                                                   objective_.kernels().add_products);
    double slope = 0.0;
    for (std::size_t j = 0; j <= columns; ++j)
        slope += gradient[j] * (target[j] - from[j]) +
                 holds.threshold[j] * (std::abs(target[j]) - std::abs(from[j]));
    for (std::size_t j = 0; j < columns; ++j) {
        if (unit[j] == 0.0) continue;
        const std::size_t at = output * columns + j;
        double& coef = to.coef[at];
        // kinks and bounds are met to the bit
        coef = target[j] == 0.0             ? 0.0
               : target[j] == holds.low[j]  ? box.low_of(at)
               : target[j] == holds.high[j] ? box.high_of(at)
                                            : coef + unit[j] * (target[j] - from[j]);
    }
    box.project(to.coef);
    to.intercept[output] += target[columns];
    return slope;
}

template <class T>
GradientSums Whitening<T>::sample_sums(const Objective<T>& objective,
                                       const Coefficients& at) const {
    const LargeVector<T> coef(at.coef.begin(), at.coef.end());
    const LargeVector<T> intercept(at.intercept.begin(), at.intercept.end());
    const LinearModel<T> model{coef.data(), intercept.data(), shift_T_.data()};
    GradientSums total(data_.outputs(), data_.columns());
    sample_.rows().each([&](const RowSelection& rows, double share) {
        GradientSums sums(data_.outputs(), data_.columns());
        objective.add_gradient(data_, rows, model, sums);
        total.add(sums, share);
    });
    return total;
}

template <class T>
const GradientSums& Whitening<T>::sample_sums(const Coefficients& at) {
    if (at.coef == summed_at_.coef && at.intercept == summed_at_.intercept) return sample_sums_;
    sample_sums_ = sample_sums(objective_, at);
    summed_at_ = at;
    return sample_sums_;
}

template <class T>
double Whitening<T>::value(const GradientSums& sums, const Coefficients& at) const {
    return sums.loss / sums.weight + penalty_.value(at.coef);
}

// How much of the step to take: the sample's objective, tilted to the gradient of all rows, has
// to fall by its share. Where it bends less than the model, as below the ridge, more than the step.
template <class T>
double Whitening<T>::length_of(const Coefficients& at, const MetricStep& proposal,
                               const GradientSums& sums, const GradientSums& in_sample) {
    const double start = value(in_sample, at);
    const double tilt = slope_between(sums, in_sample, at, proposal.to);
    const double noise =
        8.0 * static_cast<double>(std::numeric_limits<T>::epsilon()) * std::abs(start);
    const auto fall = [&](double t) {
        const Coefficients there = between(at, proposal.to, t);
        return start - value(sample_sums(there), there) - t * tilt;
    };
    double t = length_;
    for (int halving = 0; halving < most_halvings; ++halving, t *= 0.5) {
        double fallen = fall(t);
        if (!(fallen >= 2.0 * armijo * t * proposal.decrement - noise)) continue;
        const bool whole = halving == 0 && sample_.rows().all() && penalty_.smooth();
        while (whole && fallen > short_share * t * proposal.decrement + noise) {
            const double further = fall(2.0 * t);
            if (!(further > fallen)) break;
            fallen = further;
            t *= 2.0;
        }
        return t;
    }
    return 0.0;
}

template <class T>
bool Whitening<T>::renew(const Coefficients& at, const GradientSums& sums, MetricStep* proposal,
                         FunctionRef<bool()> keep_going) {
    const bool first = !known_;
    if (first && !refresh(at, false, keep_going)) return false;
    *proposal = propose(at, sums);
    // far from the optimum, or on the way there more slowly than a true Hessian would lead
    const double least = std::max(stale_share * std::abs(value(sums, at)), 0.0);
    const bool stale =
        !(proposal->decrement <= least) || !(proposal->decrement <= slow_share * last_decrement_);
    if (stale && !first && !objective_.loss().quadratic) {
        if (!refresh(at, false, keep_going)) return false;
        *proposal = propose(at, sums);
    }
    // where the model is the objective itself, nothing is left for other steps
    const bool exact = objective_.loss().quadratic && sample_.rows().all();
    const double ratio = exact ? 0.0 : proposal->decrement / last_decrement_;
    proposal->height = proposal->decrement / (1.0 - std::min(ratio, slowest_ratio));
    last_decrement_ = proposal->decrement;
    return true;
}

template <class T>
void Whitening<T>::widen(FunctionRef<bool()> keep_going) {
    sample_.widen(objective_, keep_going);
    forget();
}

template <class T>
void Whitening<T>::forget() {
    summed_at_ = {};
    known_ = false;
    last_decrement_ = std::numeric_limits<double>::infinity();
}

// Rows on the round part of a kink bend as if they did so forever: a step that leaves it early may
// promise next to nothing far from the optimum.
template <class T>
bool Whitening<T>::look_beyond_kinks(const Coefficients& at, const GradientSums& sums,
                                     MetricStep* proposal, FunctionRef<bool()> keep_going) {
    const LargeVector<T> coef(at.coef.begin(), at.coef.end());
    const LargeVector<T> intercept(at.intercept.begin(), at.intercept.end());
    const LinearModel<T> model{coef.data(), intercept.data(), shift_T_.data()};
    if (!factor(wider_, &model, keep_going)) return false;
    known_ = false;
    MetricStep wider = propose(at, sums);
    const double least = settled_share * std::abs(value(sums, at));
    if (wider.decrement <= std::max(proposal->height, least)) return true;
    last_decrement_ = std::numeric_limits<double>::infinity();
    *proposal = std::move(wider);
    proposal->height = proposal->decrement;
    return true;
}

template <class T>
MetricStep Whitening<T>::step(const Coefficients& at, const GradientSums& sums,
                              FunctionRef<bool()> keep_going) {
    if (!sample_.rows().all() && ++steps_ % steps_a_sample == 0) widen(keep_going);
    MetricStep proposal{at};
    if (!renew(at, sums, &proposal, keep_going)) return {at};
    if (objective_.loss_parameters().smoothing > 0.0 &&
        proposal.height <= wary_share * std::abs(value(sums, at)) &&
        !look_beyond_kinks(at, sums, &proposal, keep_going))
        return {at};
    double t = length_;
    if (!objective_.loss().quadratic) {
        const GradientSums in_sample = sample_.rows().all() ? sums : sample_sums(at);
        t = length_of(at, proposal, sums, in_sample);
        if (t == 0.0) {
            // where the loss hardly bends its Hessian promises too much; its bound does not
            if (!refresh(at, true, keep_going)) return {at};
            const double height = proposal.height;
            proposal = propose(at, sums);
            proposal.height = height;
            t = length_of(at, proposal, sums, in_sample);
            known_ = false;
        }
    }
    proposal.to = between(at, proposal.to, t);
    penalty_.box.project(proposal.to.coef);
    return proposal;
}

template class Whitening<float>;
template class Whitening<double>;

}  // namespace fastgd

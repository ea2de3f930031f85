#include <algorithm>
#include <cmath>
#include <limits>

#include "batch.hpp"
#include "exact_fit.hpp"
#include "fit_run.hpp"
#include "step_size.hpp"
#include "stochastic.hpp"
#include "zero_model.hpp"

namespace fastgd {

namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
constexpr double infinite = std::numeric_limits<double>::infinity();

}  // namespace

template <class T>
void FitRun<T>::prepare(const Coefficients& start) {
    const double curvature = objective_.curvature();
    const ColumnMoments& moments = columns_.moments();
    options_.penalty = penalty_on_columns(options_, moments);
    step_problem_ = step_problem(options_, curvature);
    // outputs together have no Hessian of one output's size: a metric of quasi-Newton steps is made
    // of their mean, and knows no kinks
    const bool joint = batch() && objective_.loss().targets == Targets::classes;
    const bool whitens =
        WhiteningSample<T>::pays(objective_, data_) && !(joint && !options_.penalty.smooth());
    outcome_.precondition = chosen_precondition(options_, whitens);
    Preconditioner preconditioner =
        outcome_.precondition == Precondition::none
            ? Preconditioner::none(options_.fit_intercept)
            : Preconditioner::scale(moments, curvature, options_.penalty, options_.fit_intercept,
                                    step_problem_.rows_a_step);
    preconditioner.template round_shift<T>();
    if (outcome_.precondition == Precondition::whiten && !joint)
        whitening_ = std::make_unique<Whitening<T>>(
            objective_, data_, moments, preconditioner.shift, options_.penalty,
            options_.fit_intercept, [&] { return keep_going(); });

    DescentOptions& d = descent_options_;
    d = descent_options(options_, data_, moments.weight / static_cast<double>(data_.rows()));
    if (outcome_.precondition == Precondition::whiten && joint) {
        joint_ = std::make_unique<JointMetric<T>>(objective_, data_, moments, preconditioner.shift,
                                                  options_, [&] { return keep_going(); });
        d.whitened = joint_->metric();
        outcome_.dependent = joint_->dependent_columns();
    }
    const double at_zero = objective_of_zero(objective_, data_);
    if (automatic() && adaptive(options_.update)) {
        const Index rows_a_step = step_problem_.rows_a_step;
        d.schedule.rate =
            adaptive_rate(options_.update, at_zero, (data_.rows() + rows_a_step - 1) / rows_a_step);
        d.gradient_unit = reach(at_zero);
    } else if (automatic() && !whitened_batch() && !d.whitened) {
        d.schedule.rate = automatic_rate(objective_.kernels(), data_, step_problem_, moments,
                                         preconditioner, [&] { return keep_going(); });
    } else {
        d.schedule.rate = whitened_batch() || d.whitened ? 1.0 : options_.eta0;
    }
    d.preconditioner = std::move(preconditioner);

    best_ = start.onto_shifted(d.preconditioner.shift);
    descent_ = make_descent(options_.solver, objective_, d, best_);
    if (start.zero()) best_measure_ = {.objective = at_zero, .gradient_norm = unknown};
    // labels and means are never fitted exactly
    if (objective_.loss().quadratic) {
        target_square_ = 2.0 * at_zero;
    } else if (objective_.loss().targets == Targets::real) {
        const KernelTable<T>& kernels = objective_.kernels();
        const Objective<T> squares(kernels, {find_loss(kernels, "squared_error")},
                                   objective_.threads());
        target_square_ = 2.0 * objective_of_zero(squares, data_);
    }
    const double rounding = static_cast<double>(std::numeric_limits<T>::epsilon());
    stopping_ = std::make_unique<Stopping>(
        stopping_options(options_, whitening_ != nullptr, at_zero, 8.0 * rounding));
}

template <class T>
bool FitRun<T>::look_at_data(bool columns) {
    columns_.look(columns, [&] { return keep_going(); });
    outcome_.non_finite = columns_.moments().non_finite;
    return !outcome_.interrupted && !outcome_.non_finite;
}

template <class T>
bool FitRun<T>::spoiled(bool finite) {
    return !finite && !columns_.knows_columns() && !look_at_data(true);
}

template <class T>
bool FitRun<T>::keep_going() {
    outcome_.interrupted = outcome_.interrupted || monitor_.interrupted();
    return !outcome_.interrupted;
}

template <class T>
bool FitRun<T>::feed(const Sampler& sampler, Index epoch) {
    RowOrder order;
    const bool scheduled = options_.rate == Rate::schedule && !batch();
    Index done = 0;
    for (Index s = 0; s < sampler.segments(); ++s) {
        const RowSelection segment = sampler.segment(options_.epochs_before + epoch, s, order);
        const Index piece = scheduled ? rows_a_rate(options_, data_.rows()) : segment.count;
        for (Index begin = 0; begin < segment.count; begin += piece) {
            if (!keep_going()) return false;
            if (scheduled)
                descent_->set_rate(monitor_.rate_of(
                    static_cast<double>(options_.epochs_before + epoch) +
                    static_cast<double>(done + begin) / static_cast<double>(data_.rows())));
            descent_->consume(data_, segment.part(begin, std::min(piece, segment.count - begin)));
        }
        done += segment.count;
    }
    return true;
}

template <class T>
bool FitRun<T>::advance(Index epoch) {
    if (whitened_batch()) {
        descent_->restart_from(proposal_ ? proposal_->to
                                         : whitening_->solve_sample(descent_->coefficients(),
                                                                    [&] { return keep_going(); }));
        return keep_going();
    }
    if (!batch()) {
        // with our own steps each epoch starts from a full gradient, but for the first, where
        // noise is small beside what is to be gained
        if (reduces_variance(options_) && sums_.weight > 0.0) {
            const Coefficients anchor = descent_->coefficients();
            static_cast<Stochastic<T>&>(*descent_).anchor_at(anchor, sums_,
                                                             proposal_ ? proposal_->to : anchor);
        }
        if (!feed(sampler_, epoch)) return false;
    }
    if (joint_) joint_->renew_after(epoch, descent_->coefficients(), [&] { return keep_going(); });
    descent_->finish_epoch();
    return keep_going();
}

template <class T>
bool FitRun<T>::evaluate() {
    if (batch() && !whitening_) {
        auto& descent = static_cast<Batch<T>&>(*descent_);
        const Coefficients at = descent.coefficients();
        std::optional<GradientSums> told;
        if (second_moments_) told = second_moments_->sums_at(at);
        if (told) {
            descent.take(std::move(*told));
        } else {
            if (!feed(sampler_, 0)) return false;
            descent.finish_rows();
            if (second_moments_) second_moments_->refer_to(at, descent.sums());
        }
        measured_ = descent.measure();
        return true;
    }
    const Coefficients at = descent_->coefficients();
    const std::vector<T> coef(at.coef.begin(), at.coef.end());
    const std::vector<T> intercept(at.intercept.begin(), at.intercept.end());
    const std::vector<double>& shift = descent_options_.preconditioner.shift;
    const std::vector<T> shift_T(shift.begin(), shift.end());
    const LinearModel<T> model{coef.data(), intercept.data(),
                               shift.empty() ? nullptr : shift_T.data()};
    sums_.clear();
    RowOrder order;
    for (Index s = 0; s < in_order_.segments(); ++s) {
        if (!keep_going()) return false;
        objective_.add_gradient(data_, in_order_.segment(0, s, order), model, sums_);
    }
    measured_ = measure(sums_, options_.penalty, at.coef, shift, options_.fit_intercept);
    return true;
}

template <class T>
bool FitRun<T>::take_second_moments(Index epoch) {
    const auto in_time = [&] {
        return keep_going() && !(options_.max_time && log_.past(*options_.max_time));
    };
    auto moments = std::make_unique<SecondMoments<T>>(
        objective_, data_, descent_options_.preconditioner.shift, in_time);
    if (!in_time()) return false;
    log_.leave_out();
    outcome_.squares_overflow = !moments->finite();
    if (outcome_.squares_overflow) return true;
    moments->refer_to(descent_->coefficients(), static_cast<Batch<T>&>(*descent_).sums());
    second_moments_ = std::move(moments);
    outcome_.second_moments_from = epoch;
    return true;
}

template <class T>
void FitRun<T>::propose() {
    if (!whitening_ || !std::isfinite(measured_.objective)) return;
    proposal_ = whitening_->step(descent_->coefficients(), sums_, [&] { return keep_going(); });
    // rounding may leave less than nothing
    measured_.height = std::max(proposal_->height, 0.0);
}

template <class T>
void FitRun<T>::retreat() {
    descent_->set_rate(descent_->rate() * stopping_->cut());
    if (whitening_) whitening_->shorten();
    // adaptive steps are bounded by the rate: where they are is as good, and what they know stays
    if (automatic() && !adaptive(options_.update)) descent_->restart_from(best_);
}

template <class T>
Verdict FitRun<T>::settle(Index epoch) {
    const Coefficients now = descent_->coefficients();
    const bool finite = now.finite();
    const bool measured = measures(epoch);
    Verdict verdict = finite ? Verdict::go_on : Verdict::diverged;
    if (measured) {
        if (finite) propose();
        verdict = stopping_->judge(finite ? measured_.objective : infinite, descent_->rate(),
                                   measured_.height, rounded_at(onto_raw(now)));
        if (whitened_batch() && stopping_->improved()) whitening_->recover();
    }
    // where objectives differ by rounding alone, the gradient tells
    const bool better =
        stopping_->improved() || (stopping_->as_good(measured_.objective) &&
                                  measured_.gradient_norm < best_measure_.gradient_norm);
    if (verdict != Verdict::diverged && (!measured || better)) {
        best_ = now;
        best_measure_ = measured_;
    }
    if (options_.tol && stopping_->improved() &&
        best_measure_.objective <= *options_.tol * stopping_->reference() &&
        separates(objective_.loss(), objective_.loss_parameters(), unbounded_loss(),
                  columns_.moments().least_weight)) {
        outcome_.separable = true;
        verdict = Verdict::converged;
    }
    return verdict;
}

template <class T>
double FitRun<T>::unbounded_loss() const {
    if (options_.penalty.zero() && options_.penalty.box.empty())
        return best_measure_.objective * columns_.moments().weight;
    std::vector<T> coef(best_.coef.begin(), best_.coef.end());
    for (std::size_t j = 0; j < coef.size(); ++j)
        if (options_.penalty.holds(j, best_.coef[j])) coef[j] = T(0);
    if (std::all_of(coef.begin(), coef.end(), [](T w) { return w == T(0); })) return infinite;
    const std::vector<T> intercept(best_.intercept.begin(), best_.intercept.end());
    const std::vector<double>& shift = descent_options_.preconditioner.shift;
    const std::vector<T> shift_T(shift.begin(), shift.end());
    GradientSums sums(data_.outputs(), 0);
    objective_.add_value(data_, {nullptr, 0, data_.rows()},
                         {coef.data(), intercept.data(), shift.empty() ? nullptr : shift_T.data()},
                         sums);
    return sums.loss;
}

template <class T>
Coefficients FitRun<T>::onto_raw(Coefficients model) const {
    // an intercept that made up for digits the caller does not get would be off by mean * rounding
    for (double& w : model.coef) w = static_cast<double>(static_cast<T>(w));
    return model.onto_raw(descent_options_.preconditioner.shift);
}

template <class T>
double FitRun<T>::rounded_at(const Coefficients& raw) const {
    return rounded_objective(objective_, columns_.moments(), raw, target_square_);
}

template <class T>
void FitRun<T>::conclude(Verdict verdict) {
    const bool cut_short =
        outcome_.status == Status::stopped || outcome_.status == Status::time_limit;
    if (cut_short && !kept_ && std::isnan(best_measure_.objective)) {
        if (!evaluate()) return;
        best_measure_ = measured_;
    }
    if (verdict == Verdict::converged && outcome_.status != Status::stopped)
        outcome_.status = Status::converged;
    const bool grown = !automatic() && stopping_->grown(measured_.objective, 2.0);
    if (verdict == Verdict::diverged || grown) {
        outcome_.status = Status::diverged;
        look_at_data(true);
        outcome_.safe_step =
            safe_step(raw_curvature(objective_.kernels(), data_, step_problem_, columns_.moments(),
                                    options_.fit_intercept, [&] { return keep_going(); }),
                      step_problem_);
        // the last good coefficients may never have been measured
        descent_->restart_from(best_);
        if (!evaluate()) return;
        best_measure_ = measured_;
    }
    if (!kept_) {
        const bool take_best = automatic() || outcome_.status == Status::diverged;
        kept_ = take_best ? best_ : descent_->coefficients();
        kept_measure_ = take_best ? best_measure_ : measured_;
    } else if (std::isnan(kept_measure_.objective)) {
        descent_->restart_from(*kept_);
        if (!evaluate()) return;
        kept_measure_ = measured_;
    }
    outcome_.raw = onto_raw(*kept_);
    outcome_.measure = kept_measure_;
    outcome_.rounded = rounded_at(outcome_.raw);
    if (whitening_) {
        outcome_.dependent = whitening_->dependent_columns();
        outcome_.told_apart = whitening_->columns_told_apart();
    }
    outcome_.history = log_.reports();
    outcome_.passes = log_.passes();
}

template <class T>
FitOutcome FitRun<T>::run(Coefficients start) {
    options_.penalty.box = options_.penalty.box.template within<T>();
    options_.penalty.box.project(start.coef);
    if (!look_at_data(automatic() || options_.precondition != Precondition::none ||
                      penalises_deviations(options_)))
        return outcome_;
    prepare(start);
    if (outcome_.interrupted) return outcome_;
    if (!start.zero() || (batch() && !whitening_)) {
        if (!evaluate() || spoiled(std::isfinite(measured_.objective))) return outcome_;
        propose();
        stopping_->start_at(measured_.objective);
        best_measure_ = measured_;
    }
    const std::optional<Index> reading_epochs = epochs_before_second_moments(
        options_, {data_.rows(), data_.columns(), data_.outputs(), static_cast<Index>(sizeof(T)),
                   objective_.loss().quadratic, data_.X.reading_width()});
    Verdict verdict = Verdict::go_on;
    for (Index epoch = 0; epoch < options_.max_iter; ++epoch) {
        if (epoch == reading_epochs && !take_second_moments(epoch)) {
            if (outcome_.interrupted) return outcome_;
            outcome_.status = Status::time_limit;
            break;
        }
        if (options_.rate == Rate::callable || options_.rate == Rate::schedule)
            descent_->set_rate(
                monitor_.rate_of(static_cast<double>(options_.epochs_before + epoch)));
        const double rate = descent_->rate();
        if (!advance(epoch) || spoiled(descent_->coefficients().finite())) return outcome_;
        const bool last = epoch + 1 == options_.max_iter;
        if (measures(epoch)) {
            if (!evaluate()) return outcome_;
        } else {
            measured_ = {.objective = unknown, .gradient_norm = unknown};
        }
        log_.record(epoch, measured_, rate);
        outcome_.epochs = epoch + 1;
        verdict = settle(epoch);
        const Coefficients now = descent_->coefficients();
        const EpochAnswer answer = monitor_.epoch_done(log_.reports().back(), onto_raw(now));
        if (answer.keep) {
            kept_ = now;
            kept_measure_ = measured_;
        }
        if (answer.stop) {
            outcome_.status = Status::stopped;
            break;
        }
        if (!keep_going()) return outcome_;
        if (verdict == Verdict::converged || verdict == Verdict::diverged) break;
        if (options_.max_time && log_.next_ends_after(*options_.max_time)) {
            outcome_.status = Status::time_limit;
            break;
        }
        if (verdict == Verdict::retreat && !last) {
            retreat();
            // steps of our own need the gradient where they start
            if ((batch() || reduces_variance(options_)) && automatic() && !evaluate())
                return outcome_;
            propose();
        }
    }
    conclude(verdict);
    return outcome_;
}

template <class T>
FitOutcome fit(const KernelTable<T>& kernels, LossSpec loss, const Data& data,
               const FitOptions& options, const Coefficients& start, FitMonitor& monitor) {
    if (kernels_of(kernels, loss).targets != Targets::mean)
        return FitRun<T>(kernels, loss, data, options, monitor).run(start);
    const NullModel null = null_model(kernels, loss, data, options.fit_intercept, options.threads);
    loss.curvature = null.curvature;
    Coefficients from = start;
    if (options.fit_intercept && start.zero()) from.intercept = null.intercept;
    return FitRun<T>(kernels, loss, data, options, monitor).run(from);
}

template FitOutcome fit(const KernelTable<float>&, LossSpec, const Data&, const FitOptions&,
                        const Coefficients&, FitMonitor&);
template FitOutcome fit(const KernelTable<double>&, LossSpec, const Data&, const FitOptions&,
                        const Coefficients&, FitMonitor&);

}  // namespace fastgd

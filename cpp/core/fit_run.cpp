#include "fit_run.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>

#include "exact_fit.hpp"
#include "minibatch.hpp"
#include "parallel.hpp"
#include "separable.hpp"
#include "step_size.hpp"
#include "stochastic.hpp"
#include "zero_model.hpp"

namespace fastgd {

namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
constexpr double infinite = std::numeric_limits<double>::infinity();

}  // namespace

template <class T>
Sampler FitRun<T>::sampler_of(const Data& data, const FitOptions& options) {
    const auto row_bytes = static_cast<Index>(data.X.row_bytes<T>());
    if (options.solver == Solver::batch)
        return {data.rows(), row_bytes, Shuffle::none, options.seed};
    if (options.solver == Solver::sgd)
        return {data.rows(), row_bytes, options.shuffle, options.seed};
    const bool in_parts =
        data.X.sparse() ||
        MiniBatch<T>::sums_in_parts(options.batch_size, data.columns(), data.outputs());
    const BatchParts parts = in_parts ? BatchParts::of(options.batch_size)
                                      : BatchParts{options.batch_size, options.batch_size};
    const auto outputs = static_cast<double>(data.outputs());
    const int team = threads_for_work(options.threads, data.bytes_of<T>(data.rows()) * outputs);
    const int members =
        members_of_batch(parts, data.bytes_of<T>(options.batch_size) * outputs, team);
    return {data.rows(), row_bytes, options.shuffle, options.seed, parts, members};
}

template <class T>
void FitRun<T>::prepare(Coefficients start, const FitRun* sibling) {
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
            objective_, data_,
            sibling != nullptr
                ? sibling->whitening_->sample().with(data_, moments)
                : WhiteningSample<T>(objective_, data_, moments, preconditioner.shift,
                                     [&] { return keep_going(); }),
            options_.penalty, options_.fit_intercept);

    DescentOptions d =
        descent_options(options_, data_, moments.weight / static_cast<double>(data_.rows()));
    if (outcome_.precondition == Precondition::whiten && joint) {
        joint_ = std::make_unique<JointMetric<T>>(objective_, data_, moments, preconditioner.shift,
                                                  options_, [&] { return keep_going(); });
        d.whitened = joint_->metric();
        outcome_.dependent = joint_->dependent_columns();
    }
    const double at_zero = objective_of_zero(objective_, data_);
    if (automatic() && adaptive(options_.update)) d.gradient_unit = reach(at_zero);
    if (whitened_batch() || joint_)
        d.schedule.rate = 1.0;
    else if (automatic())
        d.schedule.rate = first_rate(moments, preconditioner, at_zero, sibling);
    first_rate_ = d.schedule.rate;
    d.preconditioner = std::move(preconditioner);

    best_ = std::move(start).onto_shifted(d.preconditioner.shift);
    descent_ = make_descent(options_.solver, objective_, std::move(d), best_);
    descent_->read(now_);
    if (starts_at_zero_) best_measure_ = {.objective = at_zero, .gradient_norm = unknown};
    target_square_ = mean_target_square(objective_, data_, at_zero);
    const double rounding = static_cast<double>(std::numeric_limits<T>::epsilon());
    stopping_ = std::make_unique<Stopping>(
        stopping_options(options_, whitening_ != nullptr, at_zero, 8.0 * rounding));
}

template <class T>
double FitRun<T>::first_rate(const ColumnMoments& moments, const Preconditioner& preconditioner,
                             double at_zero, const FitRun* sibling) {
    const Index rows = data_.rows();
    const Index rows_a_step = step_problem_.rows_a_step;
    if (adaptive(options_.update))
        return adaptive_rate(options_.update, at_zero, (rows + rows_a_step - 1) / rows_a_step);
    if (steps_are_searched()) return 1.0;
    if (bends_as(sibling)) return sibling->first_rate_;
    return automatic_rate(objective_.kernels(), data_, step_problem_, moments, preconditioner,
                          [&] { return keep_going(); });
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
Index FitRun<T>::rows_a_piece() const {
    return options_.rate == Rate::schedule ? rows_a_rate(options_, data_.rows()) : data_.rows();
}

template <class T>
bool FitRun<T>::begin_piece(Index rows_before) {
    if (!keep_going()) return false;
    if (options_.rate == Rate::schedule)
        descent_->set_rate(
            monitor_.rate_of(static_cast<double>(epoch()) +
                             static_cast<double>(rows_before) / static_cast<double>(data_.rows())));
    return true;
}

template <class T>
bool FitRun<T>::begin_steps() {
    if (whitened_batch()) {
        descent_->restart_from(proposal_ ? proposal_->to
                                         : whitening_->solve_sample(descent_->coefficients(),
                                                                    [&] { return keep_going(); }));
    } else if (!batch() && reduces_variance(options_) && sums_.weight > 0.0) {
        // with our own steps each epoch starts from a full gradient, but for the first, where
        // noise is small beside what is to be gained
        const Coefficients anchor = descent_->coefficients();
        static_cast<Stochastic<T>&>(*descent_).anchor_at(anchor, sums_,
                                                         proposal_ ? proposal_->to : anchor);
    }
    return keep_going();
}

template <class T>
bool FitRun<T>::feed() {
    RowOrder order;
    Index done = 0;
    for (Index s = 0; s < sampler_.segments(); ++s) {
        const RowSelection segment = sampler_.segment(epoch(), s, order);
        for (Index begin = 0; begin < segment.count; begin += rows_a_piece()) {
            if (!begin_piece(done + begin)) return false;
            consume(segment.part(begin, std::min(rows_a_piece(), segment.count - begin)));
        }
        done += segment.count;
    }
    return true;
}

template <class T>
bool FitRun<T>::end_steps() {
    if (joint_) joint_->renew_after(epoch_, now_, [&] { return keep_going(); });
    if (!whitened_batch()) descent_->finish_epoch();
    descent_->read(now_);
    return keep_going() && !spoiled(now_.finite());
}

template <class T>
bool FitRun<T>::evaluate() {
    std::optional<GradientSums> told;
    if (second_moments_) told = second_moments_->sums_at(now_);
    if (told) {
        sums_here() = std::move(*told);
        measure_sums();
        return true;
    }
    const T* coef = nullptr;
    if constexpr (std::is_same_v<T, double>) {
        coef = now_.coef.data();
    } else {
        coef_.assign(now_.coef.begin(), now_.coef.end());
        coef = coef_.data();
    }
    const LargeVector<T> intercept(now_.intercept.begin(), now_.intercept.end());
    const LargeVector<T> shift_T = Preconditioner::shift_of_kernels<T>(shift());
    const LinearModel<T> model{coef, intercept.data(), shift_T.empty() ? nullptr : shift_T.data()};
    // steps that are yet to be taken need the last ones until these are whole
    GradientSums& sums = plain_batch() ? sums_here() : spare_sums_;
    sums.start(now_.coef.size());
    if (!objective_.add_gradient(data_, model, [&] { return keep_going(); }, sums, of_blocks_))
        return false;
    if (!plain_batch()) std::swap(sums_, spare_sums_);
    if (second_moments_) second_moments_->refer_to(now_, sums_here());
    measure_sums();
    return true;
}

template <class T>
void FitRun<T>::measure_sums() {
    measured_ = plain_batch() ? descent_of_batch().measure()
                              : measure(sums_, options_.penalty, now_.coef, shift(),
                                        options_.fit_intercept, objective_.threads());
}

template <class T>
bool FitRun<T>::take_second_moments() {
    const auto in_time = [&] {
        return keep_going() && !(options_.max_time && log_.past(*options_.max_time));
    };
    auto moments = std::make_unique<SecondMoments<T>>(objective_, data_, shift(), in_time);
    if (!in_time()) return false;
    log_.leave_out();
    outcome_.squares_overflow = !moments->finite();
    if (outcome_.squares_overflow) return true;
    moments->refer_to(now_, sums_here());
    second_moments_ = std::move(moments);
    outcome_.second_moments_from = epoch_;
    return true;
}

template <class T>
void FitRun<T>::propose() {
    if (!whitening_ || !std::isfinite(measured_.objective)) return;
    proposal_ = whitening_->step(now_, sums_, [&] { return keep_going(); });
    // rounding may leave less than nothing
    measured_.height = std::max(proposal_->height, 0.0);
}

template <class T>
void FitRun<T>::restart_from(const Coefficients& model) {
    descent_->restart_from(model);
    descent_->read(now_);
}

template <class T>
bool FitRun<T>::retreat() {
    descent_->set_rate(descent_->rate() * stopping_->cut());
    if (whitening_) whitening_->shorten();
    // adaptive steps are bounded by the rate: where they are is as good, and what they know stays
    if (automatic() && !adaptive(options_.update)) restart_from(best_);
    // steps of our own need the gradient where they start
    if ((batch() || reduces_variance(options_)) && automatic() && !evaluate()) return false;
    propose();
    return true;
}

template <class T>
Verdict FitRun<T>::settle() {
    const bool finite = now_.finite();
    const bool measured = measures_epoch();
    Verdict verdict = finite ? Verdict::go_on : Verdict::diverged;
    if (measured) {
        if (finite) propose();
        verdict = stopping_->judge(finite ? measured_.objective : infinite, descent_->rate(),
                                   measured_.height, rounded_at(now_));
        if (whitened_batch() && stopping_->improved()) whitening_->recover();
    }
    // where objectives differ by rounding alone, the gradient tells
    const bool better =
        stopping_->improved() || (stopping_->as_good(measured_.objective) &&
                                  measured_.gradient_norm < best_measure_.gradient_norm);
    if (verdict != Verdict::diverged && (!measured || better)) {
        best_ = now_;
        best_measure_ = measured_;
    }
    if (options_.tol && stopping_->improved() &&
        best_measure_.objective <= *options_.tol * stopping_->reference() &&
        separates(objective_, data_, options_.penalty, columns_.moments(), best_,
                  best_measure_.objective, shift())) {
        outcome_.separable = true;
        verdict = Verdict::converged;
    }
    return verdict;
}

template <class T>
Coefficients FitRun<T>::onto_raw(Coefficients model) const {
    // an intercept that made up for digits the caller does not get would be off by mean * rounding
    for (double& w : model.coef) w = static_cast<double>(static_cast<T>(w));
    return std::move(model).onto_raw(shift());
}

template <class T>
double FitRun<T>::rounded_at(const Coefficients& model) const {
    return rounded_objective(
        objective_, columns_.moments(), [&] { return onto_raw(model); }, target_square_);
}

template <class T>
bool FitRun<T>::begin(Coefficients start, const FitRun* sibling) {
    options_.penalty.box = options_.penalty.box.template within<T>();
    options_.penalty.box.project(start.coef);
    if (sibling != nullptr) columns_.know(sibling->columns_);
    if (!look_at_data(automatic() || options_.precondition != Precondition::none ||
                      penalises_deviations(options_)))
        return false;
    starts_at_zero_ = start.zero();
    prepare(std::move(start), sibling);
    reading_epochs_ = epochs_before_second_moments(
        options_, {data_.rows(), data_.columns(), data_.outputs(), static_cast<Index>(sizeof(T)),
                   objective_.loss().quadratic, data_.X.reading_width()});
    return !outcome_.interrupted;
}

template <class T>
bool FitRun<T>::accept_start(const FitRun* sibling) {
    if (spoiled(std::isfinite(measured_.objective))) return false;
    if (automatic() && steps_are_searched())
        descent_->set_rate(bends_as(sibling)
                               ? sibling->descent_->rate()
                               : searched_rate(objective_.kernels(), data_, step_problem_,
                                               descent_->options().preconditioner,
                                               descent_of_batch().smooth_gradient()));
    propose();
    stopping_->start_at(measured_.objective);
    best_measure_ = measured_;
    return true;
}

template <class T>
bool FitRun<T>::begin_epoch() {
    if (epoch_ == options_.max_iter) return false;
    if (epoch_ == reading_epochs_ && !take_second_moments()) {
        if (!outcome_.interrupted) outcome_.status = Status::time_limit;
        return false;
    }
    if (options_.rate == Rate::callable || options_.rate == Rate::schedule)
        descent_->set_rate(monitor_.rate_of(static_cast<double>(epoch())));
    rate_ = descent_->rate();
    return true;
}

template <class T>
bool FitRun<T>::end_epoch() {
    if (!measures_epoch()) measured_ = {.objective = unknown, .gradient_norm = unknown};
    log_.record(epoch_, measured_, rate_);
    outcome_.epochs = epoch_ + 1;
    verdict_ = settle();
    const EpochAnswer answer =
        monitor_.epoch_done(log_.reports().back(), [&] { return onto_raw(now_); });
    if (answer.keep) {
        kept_ = now_;
        kept_measure_ = measured_;
    }
    if (answer.stop) {
        outcome_.status = Status::stopped;
        return false;
    }
    if (!keep_going() || verdict_ == Verdict::converged || verdict_ == Verdict::diverged)
        return false;
    if (options_.max_time && log_.next_ends_after(*options_.max_time)) {
        outcome_.status = Status::time_limit;
        return false;
    }
    ++epoch_;
    return epoch_ < options_.max_iter && (verdict_ != Verdict::retreat || retreat());
}

template <class T>
FitOutcome FitRun<T>::run(Coefficients start) {
    bool running = begin(std::move(start)) && (!measures_start() || (evaluate() && accept_start()));
    while (running)
        running = begin_epoch() && begin_steps() && (batch() || feed()) && end_steps() &&
                  (!measures_epoch() || evaluate()) && end_epoch();
    if (!abandoned()) conclude();
    return std::move(outcome_);
}

template class FitRun<float>;
template class FitRun<double>;

}  // namespace fastgd

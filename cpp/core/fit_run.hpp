// A fit under way: what it holds from one epoch to the next.
#pragma once

#include <memory>

#include "batch.hpp"
#include "column_look.hpp"
#include "fit.hpp"
#include "joint_metric.hpp"
#include "large_vector.hpp"
#include "sampler.hpp"
#include "second_moments.hpp"
#include "stopping.hpp"
#include "whitening.hpp"

namespace fastgd {

template <class T>
class FitRun {
  public:
    FitRun(const KernelTable<T>& kernels, LossSpec loss, const Data& data,
           const FitOptions& options, FitMonitor& monitor)
        : objective_(kernels, loss, options.threads),
          data_(data),
          options_(options),
          monitor_(monitor),
          sampler_(sampler_of(data, options)),
          log_(data.rows()),
          columns_(objective_, data_, ranges_asked()),
          sums_(data.outputs(), 0),
          spare_sums_(data.outputs(), 0) {
        data_.rows_read = log_.rows_read();
    }

    FitOutcome run(Coefficients start);

    // What `run` does in turn, for those who drive several fits side by side. Each is false once
    // the fit is over; `outcome` then tells how it ended.

    // What a `sibling` that has begun knows of the same rows and options is not found out again.
    bool begin(Coefficients start, const FitRun* sibling = nullptr);
    // By `evaluate`, then `accept_start`.
    bool measures_start() const { return !starts_at_zero_ || (batch() && !whitening_); }
    bool accept_start(const FitRun* sibling = nullptr);
    bool begin_epoch();
    bool begin_steps();
    bool feed();  // the rows of a stochastic epoch
    bool end_steps();
    // By `evaluate`.
    bool measures_epoch() const {
        return batch() || options_.tol || epoch_ + 1 == options_.max_iter ||
               options_.variance_reduction == VarianceReduction::svrg;
    }
    bool end_epoch();
    FitOutcome outcome();
    double passes() const { return log_.passes(); }
    // Of quasi-Newton steps, once they are over: how much of the objective is left to gain. A bound
    // of the ridge's if that is no more than `enough`, else what a Hessian of few rows says.
    double left_to_gain(double enough);

    // A part of `feed`: at most so many rows, asked for in the order of the sampler.
    Index rows_a_piece() const;
    bool begin_piece(Index rows_before);
    void consume(const RowSelection& rows) { descent_->consume(data_, rows); }

    // Measures the model as it stands: reads X, unless second moments stand for it.
    bool evaluate();
    // The same by what somebody else read there.
    void take_reading(GradientSums sums) {
        data_.count_read(data_.rows());
        sums_here() = std::move(sums);
        measure_sums();
    }

    bool batch() const { return options_.solver == Solver::batch; }
    // Counted from the first fit, if this one goes on from another.
    Index epoch() const { return options_.epochs_before + epoch_; }
    const FitOptions& options() const { return options_; }
    const Sampler& sampler() const { return sampler_; }
    const Objective<T>& objective() const { return objective_; }
    const LargeVector<double>& shift() const { return descent_->options().preconditioner.shift; }
    // On shifted columns.
    const Coefficients& coefficients() const { return now_; }
    // Nobody wants the fit, or nothing can be fitted: there is nothing to conclude.
    bool abandoned() const { return outcome_.interrupted || outcome_.non_finite; }
    // False once somebody wants the fit to end; asked between pieces of a few milliseconds.
    bool keep_going();

  private:
    // Steps along all rows in a diagonal metric ask for none.
    Ranges ranges_asked() const {
        const bool may_whiten = WhiteningSample<T>::pays(objective_, data_) ||
                                options_.precondition == Precondition::whiten ||
                                options_.quasi_newton_first > 0;
        return batch() && !may_whiten ? Ranges::left_out : Ranges::asked;
    }
    static Sampler sampler_of(const Data& data, const FitOptions& options);

    bool automatic() const { return options_.rate == Rate::automatic; }
    // Batch descent in the metric of the Hessian: steps come from `whitening_` alone.
    bool whitened_batch() const { return batch() && whitening_ != nullptr; }
    void prepare(Coefficients start, const FitRun* sibling);
    // The automatic step; of quasi-Newton steps only once there is a gradient.
    double first_rate(const ColumnMoments& moments, const Preconditioner& preconditioner,
                      double at_zero, const FitRun* sibling);
    // Whether a sibling's steps fit too.
    bool bends_as(const FitRun* sibling) const {
        return sibling != nullptr && sibling->objective_.curvature() == objective_.curvature();
    }
    bool steps_are_searched() const {
        return step_problem_.searched && !whitened_batch() && !joint_;
    }
    void restart_from(const Coefficients& model);

    // At the weights and, where they are needed, at the columns; false to give up.
    bool look_at_data(bool columns);
    // Columns not looked at show what is not finite in the first numbers made of them.
    bool spoiled(bool finite);

    // The descent's own, where it steps along them.
    bool plain_batch() const { return batch() && !whitening_; }
    Batch<T>& descent_of_batch() { return static_cast<Batch<T>&>(*descent_); }
    // Of all rows at the model as it stands, once measure_sums has followed.
    GradientSums& sums_here() { return plain_batch() ? descent_of_batch().sums() : sums_; }
    void measure_sums();
    // Second moments in the place of X from this epoch on; false if interrupted or out of time.
    bool take_second_moments();
    // The step in the Hessian's metric from where the last sums were taken.
    void propose();
    // After an epoch: what to do next; `measured_` holds its measure.
    Verdict settle();
    // False if interrupted.
    bool retreat();
    // On the caller's columns, as kernels read them.
    Coefficients onto_raw(Coefficients model) const;
    // What rounding leaves of an exact fit there.
    double rounded_at(const Coefficients& model) const;
    // How the fit ended, and with which coefficients.
    void conclude();
    // How far the coefficients kept, where sums are `here`, lie above the optimum at most; infinity
    // where not every coefficient bears a ridge.
    double highest_above_ridge(const GradientSums& here);

    Objective<T> objective_;
    Data data_;  // counts what is read of it
    FitOptions options_;  // with the penalty on columns as given
    FitMonitor& monitor_;
    Sampler sampler_;
    EpochLog log_;

    ColumnLook<T> columns_;
    StepProblem step_problem_;
    double first_rate_ = 0.0;
    std::unique_ptr<Whitening<T>> whitening_;
    std::unique_ptr<JointMetric<T>> joint_;  // of batch steps of outputs together
    std::optional<MetricStep> proposal_;
    std::unique_ptr<SecondMoments<T>> second_moments_;
    std::unique_ptr<Descent<T>> descent_;
    std::unique_ptr<Stopping> stopping_;
    std::optional<Index> reading_epochs_;  // before second moments stand for X
    bool starts_at_zero_ = true;
    Index epoch_ = 0;
    double rate_ = 0.0;  // that the epoch's steps begin with
    Verdict verdict_ = Verdict::go_on;
    double target_square_ = 0.0;  // mean over rows, outputs together
    GradientSums sums_;  // but for plain batch: of all rows at the last coefficients measured
    // what reading X writes to, kept for its memory
    GradientSums spare_sums_;
    BlockSums of_blocks_;
    LargeVector<T> coef_;  // as kernels read it
    Measure measured_;
    Coefficients now_;  // of the descent, on shifted columns like the next
    Coefficients best_;
    Measure best_measure_;
    std::optional<Coefficients> kept_;  // as the monitor asked, on shifted columns
    Measure kept_measure_;
    FitOutcome outcome_;
};

}  // namespace fastgd

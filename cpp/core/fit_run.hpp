// A fit under way: what it holds from one epoch to the next.
#pragma once

#include <memory>

#include "column_look.hpp"
#include "fit.hpp"
#include "joint_metric.hpp"
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
          sampler_(data.rows(), row_bytes(data),
                   options.solver == Solver::batch ? Shuffle::none : options.shuffle, options.seed,
                   options.solver == Solver::minibatch ? BatchParts::of(options.batch_size)
                   : options.solver == Solver::batch   ? whole_blocks(data)
                                                       : BatchParts{}),
          in_order_(data.rows(), row_bytes(data), Shuffle::none, 0, whole_blocks(data)),
          log_(data.rows()),
          columns_(objective_, data_),
          sums_(data.outputs(), data.columns()) {
        data_.rows_read = log_.rows_read();
    }

    FitOutcome run(Coefficients start);

  private:
    static Index row_bytes(const Data& data) { return static_cast<Index>(data.X.row_bytes<T>()); }
    // Segments of sparse rows end with blocks, whose sums cost as much however short they are.
    static BatchParts whole_blocks(const Data& data) {
        if (!data.X.sparse()) return {};
        const Index rows = Blocks::of<T>(data.X).block_rows;
        return {rows, rows};
    }

    bool batch() const { return options_.solver == Solver::batch; }
    bool automatic() const { return options_.rate == Rate::automatic; }
    // Batch descent in the metric of the Hessian: steps come from `whitening_` alone.
    bool whitened_batch() const { return batch() && whitening_ != nullptr; }
    // Whether the objective is wanted after this epoch.
    bool measures(Index epoch) const {
        return batch() || options_.tol || epoch + 1 == options_.max_iter ||
               options_.variance_reduction == VarianceReduction::svrg;
    }

    void prepare(const Coefficients& start);

    // At the weights and, where they are needed, at the columns; false to give up.
    bool look_at_data(bool columns);
    // Columns not looked at show what is not finite in the first numbers made of them.
    bool spoiled(bool finite);

    // False once somebody wants the fit to end; asked between pieces of a few milliseconds.
    bool keep_going();
    // Passes over the data; false if interrupted.
    bool feed(const Sampler& sampler, Index epoch);
    bool advance(Index epoch);
    bool evaluate();
    // Second moments in the place of X from this epoch on; false if interrupted or out of time.
    bool take_second_moments(Index epoch);
    // The step in the Hessian's metric from where the last sums were taken.
    void propose();
    // After an epoch: what to do next; `measured_` holds its measure.
    Verdict settle(Index epoch);
    // Summed at the best coefficients but for those that a penalty or a bound keeps from infinity.
    double unbounded_loss() const;
    void retreat();
    // On the caller's columns, as kernels read them.
    Coefficients onto_raw(Coefficients model) const;
    // What rounding leaves of an exact fit there.
    double rounded_at(const Coefficients& raw) const;
    // How the fit ended, and with which coefficients.
    void conclude(Verdict verdict);

    Objective<T> objective_;
    Data data_;  // counts what is read of it
    FitOptions options_;  // with the penalty on columns as given
    FitMonitor& monitor_;
    Sampler sampler_;
    Sampler in_order_;
    EpochLog log_;

    ColumnLook<T> columns_;
    StepProblem step_problem_;
    DescentOptions descent_options_;
    std::unique_ptr<Whitening<T>> whitening_;
    std::unique_ptr<JointMetric<T>> joint_;  // of batch steps of outputs together
    std::optional<MetricStep> proposal_;
    std::unique_ptr<SecondMoments<T>> second_moments_;
    std::unique_ptr<Descent<T>> descent_;
    std::unique_ptr<Stopping> stopping_;
    double target_square_ = 0.0;  // mean over rows, outputs together
    GradientSums sums_;  // but for plain batch: of all rows at the last coefficients measured
    Measure measured_;
    Coefficients best_;  // on shifted columns
    Measure best_measure_;
    std::optional<Coefficients> kept_;  // as the monitor asked, on shifted columns
    Measure kept_measure_;
    FitOutcome outcome_;
};

}  // namespace fastgd

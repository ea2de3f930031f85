// The resumable fit: consume(rows) any number of times, finish_epoch(), state and restore.
#pragma once

#include <memory>

#include "coefficients.hpp"
#include "data.hpp"
#include "descent_state.hpp"
#include "large_vector.hpp"
#include "objective.hpp"
#include "penalty.hpp"
#include "preconditioner.hpp"
#include "row_stage.hpp"
#include "schedule.hpp"
#include "whitened_metric.hpp"

namespace fastgd {

enum class Update {
    plain,
    momentum,     // heavy ball
    nesterov,     // with the user's constant momentum
    accelerated,  // Nesterov's sequence with restarts (batch)
    lbfgs,        // quasi-Newton (batch, no l1, no bounds)
    adagrad,      // adaptive, here and below: a rate per coefficient (not batch)
    rmsprop,
    adam,
    adamw,
};

inline bool adaptive(Update update) { return update >= Update::adagrad; }

struct DescentOptions {
    Index columns = 0;
    Index outputs = 1;
    Index stored_a_row = 0;   // of sparse rows; 0 of dense ones
    Index batch_size = 256;  // of minibatch
    Update update = Update::plain;
    double momentum = 0.9;
    double beta2 = 0.999;        // of adaptive updates
    double gradient_unit = 1.0;  // what their epsilon is measured in
    PenaltyStrength penalty;
    Preconditioner preconditioner;
    std::shared_ptr<const WhitenedMetric> whitened;  // of quasi-Newton steps; null for the above
    Schedule schedule;
    double mean_weight = 1.0;   // sample weights are divided by it in stochastic steps
    bool average = false;
    Index average_after = 0;    // steps before averaging starts
    Index steps_before = 0;     // taken by an earlier descent that this one goes on from
};

template <class T>
class Descent {
  public:
    virtual ~Descent() = default;
    Descent(const Descent&) = delete;
    Descent& operator=(const Descent&) = delete;

    // Works on rows in the order given. Where chunks end changes no bit of the result, as long
    // as all have the same shape.
    void consume(const Data& data, const RowSelection& rows);

    // Works on rows still waiting: no more are to come in this epoch.
    void finish_rows();

    // Ends the epoch: finish_rows() and, in batch descent, the step.
    void finish_epoch();

    // On columns reduced by the preconditioner's shift, into memory that `model` has already.
    virtual void read(Coefficients& model) const = 0;
    Coefficients coefficients() const {
        Coefficients model;
        read(model);
        return model;
    }

    // Where the next steps start; forgets momentum and averages.
    virtual void restart_from(const Coefficients& start) = 0;

    // The step size of a held schedule from now on.
    void set_rate(double rate) { options_.schedule.rate = rate; }
    const DescentOptions& options() const { return options_; }
    double rate() const { return options_.schedule.at(static_cast<double>(steps_ + 1)); }

    // The epoch must be finished: rows that wait belong to no state.
    virtual DescentState state() const = 0;
    virtual void restore(const DescentState& state) = 0;

  protected:
    Descent(const Objective<T>& objective, DescentOptions options);

    // Rows until the next boundary of a block, counted from the last one worked on.
    virtual Index rows_to_boundary() const = 0;
    // The most of `rows` coming rows that end on a boundary.
    virtual Index whole_blocks(Index rows) const = 0;
    // Works on rows that end on a boundary, or on the last rows of an epoch.
    virtual void process(const Data& data, const RowSelection& rows) = 0;
    // The end of an epoch, all rows worked on.
    virtual void end_epoch() = 0;

    const Objective<T>& objective_;
    DescentOptions options_;
    std::int64_t steps_ = 0;
    LargeVector<T> l1_factor_;  // of the penalty, empty for 1
    LargeVector<T> l2_factor_;
    LargeVector<T> low_;  // bounds of coefficients, empty for none
    LargeVector<T> high_;

    Penalty<T> penalty() const;
    void set_penalty(PenaltyStrength penalty);

  private:
    RowStage<T> stage_;
};

enum class Solver { batch, minibatch, sgd };

// `start` lies within the penalty's box.
template <class T>
std::unique_ptr<Descent<T>> make_descent(Solver solver, const Objective<T>& objective,
                                         DescentOptions options, const Coefficients& start);

}  // namespace fastgd

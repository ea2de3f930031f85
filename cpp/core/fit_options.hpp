// What a fit is asked to do, and what that asks of its descent and of its stopping.
#pragma once

#include <cstdint>
#include <optional>

#include "descent.hpp"
#include "penalty_scale.hpp"
#include "sampler.hpp"
#include "step_size.hpp"
#include "stopping.hpp"

namespace fastgd {

enum class Rate {
    automatic,
    constant,
    invscaling,
    optimal,
    adaptive,
    callable,
    schedule,
    passive_aggressive_1,  // of single rows alone, here and below
    passive_aggressive_2,
};

inline bool passive_aggressive(Rate rate) { return rate >= Rate::passive_aggressive_1; }

// In which metric steps are taken; `automatic` is scale or, where it pays, whiten.
enum class Precondition { automatic, none, scale, whiten };

// Of stochastic steps; `automatic` is svrg where steps are our own, of one length and not averaged.
enum class VarianceReduction { automatic, none, svrg };

struct FitOptions {
    Solver solver = Solver::batch;
    Index batch_size = 256;
    PenaltyStrength penalty;
    PenaltyScale penalty_scale = PenaltyScale::raw;
    bool fit_intercept = true;
    Rate rate = Rate::automatic;
    double eta0 = 0.01;
    double power_t = 0.25;
    double t0 = 0.0;  // of the optimal schedule
    Precondition precondition = Precondition::automatic;
    Update update = Update::plain;
    double momentum = 0.9;
    double beta2 = 0.999;
    VarianceReduction variance_reduction = VarianceReduction::automatic;
    Index max_iter = 1000;
    std::optional<double> max_time;  // seconds
    std::optional<double> tol;  // none: run all epochs and measure only where it costs nothing
    Shuffle shuffle = Shuffle::block;
    bool average = false;
    Index average_after = 0;  // rows seen before averaging starts
    std::uint64_t seed = 0;
    int threads = 0;
    // of an earlier fit that this one goes on from: where orders of rows and schedules stand
    Index epochs_before = 0;
    Index steps_before = 0;
    // epochs of batch descent without a Hessian before one is taken
    Index quasi_newton_first = 0;
};

// Whether each epoch's steps are anchored at the full gradient measured before it (SVRG).
bool reduces_variance(const FitOptions& options);

// Whether there is a penalty that has to know how columns spread.
bool penalises_deviations(const FitOptions& options);

// The penalty on columns as given; moments are read only where that asks for them.
PenaltyStrength penalty_on_columns(const FitOptions& options, const ColumnMoments& moments);

// The metric where the options leave it open; `whitening_pays` on such columns.
Precondition chosen_precondition(const FitOptions& options, bool whitening_pays);

// `curvature`: bound of the loss's second derivative.
StepProblem step_problem(const FitOptions& options, double curvature);

// Options of a descent over a stream, but for its preconditioner: nobody knows how many rows are to
// come nor what they weigh.
DescentOptions descent_options(const FitOptions& options, Index columns, Index outputs);

// Options of the descent but for its preconditioner and rate, over rows of weight `mean_weight` on
// average.
DescentOptions descent_options(const FitOptions& options, const Data& data, double mean_weight);

// Rows between two looks at a schedule: whole batches, or about a 128th of an epoch.
Index rows_a_rate(const FitOptions& options, Index rows);

// `whitened`: steps are taken in the metric of the Hessian; `reference`: objective of zero
// coefficients; `rounding`: relative error of an objective.
StoppingOptions stopping_options(const FitOptions& options, bool whitened, double reference,
                                 double rounding);

}  // namespace fastgd

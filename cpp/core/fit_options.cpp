#include "fit_options.hpp"

namespace fastgd {

namespace {

// Relative growth of the objective that an epoch may show on a way that leads down.
double allowed_growth(const FitOptions& options, bool whitened) {
    if (options.solver != Solver::batch) return 0.05;
    if (whitened || options.update == Update::plain) return 0.0;
    // a trial of the line search is undone by the descent itself
    return options.update == Update::lbfgs ? 1e3 : 0.5;
}

// Rows seen, as steps: the last batch of an epoch may be short.
Index steps_of(Index seen, Index rows, Index batch_size) {
    const Index steps_an_epoch = (rows + batch_size - 1) / batch_size;
    return seen / rows * steps_an_epoch + seen % rows / batch_size;
}

// Looks at a schedule in an epoch, where there are as many batches.
constexpr Index looks_an_epoch = 128;

}  // namespace

Index rows_a_rate(const FitOptions& options, Index rows) {
    const Index batch = options.solver == Solver::minibatch ? options.batch_size : sgd_block_rows;
    const Index batches = (rows + batch - 1) / batch;
    return (batches + looks_an_epoch - 1) / looks_an_epoch * batch;
}

bool reduces_variance(const FitOptions& options) {
    if (options.solver == Solver::batch) return false;
    if (options.variance_reduction != VarianceReduction::automatic)
        return options.variance_reduction == VarianceReduction::svrg;
    return options.rate == Rate::automatic && !options.average && !adaptive(options.update);
}

bool penalises_deviations(const FitOptions& options) {
    return options.penalty_scale == PenaltyScale::deviation && !options.penalty.zero();
}

PenaltyStrength penalty_on_columns(const FitOptions& options, const ColumnMoments& moments) {
    return penalises_deviations(options) ? in_deviations(options.penalty, moments)
                                         : options.penalty;
}

Precondition chosen_precondition(const FitOptions& options, bool whitening_pays) {
    if (options.precondition != Precondition::automatic) return options.precondition;
    if (options.rate != Rate::automatic) return Precondition::none;
    // an average of iterates is not where the step in the Hessian's metric would start
    const bool full_gradients = options.solver == Solver::batch || reduces_variance(options);
    const bool whitens = full_gradients && !options.average && whitening_pays;
    return whitens ? Precondition::whiten : Precondition::scale;
}

StepProblem step_problem(const FitOptions& options, double curvature) {
    return {.rows_a_step = options.solver == Solver::batch ? 0
                           : options.solver == Solver::sgd ? 1
                                                           : options.batch_size,
            .curvature = curvature,
            .penalty = options.penalty,
            .threads = options.threads,
            .searched = options.update == Update::lbfgs};
}

DescentOptions descent_options(const FitOptions& options, Index columns, Index outputs) {
    DescentOptions d;
    d.columns = columns;
    d.outputs = outputs;
    d.batch_size = options.batch_size;
    d.update = options.update;
    d.momentum = options.momentum;
    d.beta2 = options.beta2;
    d.penalty = options.penalty;
    d.average = options.average;
    d.average_after = options.average_after;
    if (options.solver == Solver::minibatch) d.average_after /= options.batch_size;
    d.steps_before = options.steps_before;
    d.schedule.rate = options.eta0;
    d.schedule.power = options.power_t;
    d.schedule.t0 = options.t0;
    d.schedule.alpha = options.penalty.l1 + options.penalty.l2;
    if (options.rate == Rate::invscaling) d.schedule.kind = Schedule::Kind::invscaling;
    if (options.rate == Rate::optimal) d.schedule.kind = Schedule::Kind::optimal;
    if (options.rate == Rate::passive_aggressive_1)
        d.schedule.kind = Schedule::Kind::passive_aggressive_1;
    if (options.rate == Rate::passive_aggressive_2)
        d.schedule.kind = Schedule::Kind::passive_aggressive_2;
    return d;
}

DescentOptions descent_options(const FitOptions& options, const Data& data, double mean_weight) {
    DescentOptions d = descent_options(options, data.columns(), data.outputs());
    // a weight of 1 ends at the row's target
    d.mean_weight = passive_aggressive(options.rate) ? 1.0 : mean_weight;
    d.stored_a_row = data.X.stored_a_row;
    // before there is an anchor, the first epoch of automatic steps averages its second half
    const bool own_average = options.rate == Rate::automatic && reduces_variance(options);
    d.average = options.average || own_average;
    d.average_after = own_average ? data.rows() / 2 : options.average_after;
    if (options.solver == Solver::minibatch)
        d.average_after = steps_of(d.average_after, data.rows(), options.batch_size);
    return d;
}

StoppingOptions stopping_options(const FitOptions& options, bool whitened, double reference,
                                 double rounding) {
    const bool batch = options.solver == Solver::batch;
    // noise hides the gain until the step has been cut a few times
    const bool noisy = !batch && !reduces_variance(options) && !options.average;
    return {
        .tol = options.tol,
        .deterministic = batch,
        .guarded = options.rate == Rate::automatic,
        .growth = allowed_growth(options, whitened),
        .slack = batch ? 0 : 2,
        .patience = noisy && options.rate == Rate::automatic ? 10 : 5,
        .adaptive = options.rate == Rate::adaptive,
        .reference = reference,
        .rounding = rounding,
    };
}

}  // namespace fastgd

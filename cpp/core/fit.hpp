// A whole fit: order of rows, step sizes, epochs, stopping. Drives one Descent.
#pragma once

#include <optional>
#include <vector>

#include "coefficients.hpp"
#include "data.hpp"
#include "epoch_log.hpp"
#include "fit_options.hpp"
#include "function_ref.hpp"
#include "measure.hpp"
#include "objective.hpp"
#include "step_size.hpp"

namespace fastgd {

enum class Status { converged, iteration_limit, time_limit, stopped, diverged };

struct EpochAnswer {
    bool stop = false;
    bool keep = false;  // this epoch's coefficients are the outcome, unless later ones are kept
};

// How the outside world looks in; called on the thread that called fit.
class FitMonitor {
  public:
    virtual ~FitMonitor() = default;
    // Between pieces of work of a few milliseconds; true: give up at once.
    virtual bool interrupted() = 0;
    // After each epoch; `raw` makes coefficients on raw columns for who asks.
    virtual EpochAnswer epoch_done(const EpochReport& report, FunctionRef<Coefficients()> raw) = 0;
    // Step size from so many epochs on: whole ones for Rate::callable, fractions for
    // Rate::schedule.
    virtual double rate_of(double epoch) = 0;
};

struct FitOutcome {
    Coefficients raw;  // on the user's columns
    Measure measure;   // at these coefficients
    Status status = Status::iteration_limit;
    Index epochs = 0;
    double passes = 0.0;  // rows of X read, over the rows there are
    std::vector<EpochReport> history;
    bool interrupted = false;
    SafeStep safe_step;                      // when diverged
    Precondition precondition = Precondition::none;  // what was used
    std::vector<Index> dependent;  // whitened: columns that are combinations of others
    std::vector<Index> told_apart;  // whitened: columns that hardly differ from such combinations
    std::optional<Index> second_moments_from;  // the epoch since which they stood for X
    bool squares_overflow = false;  // second moments were taken in vain
    double rounded = 0.0;  // of the objective, what rounding of predictors may make up
    bool separable = false;  // a plane divides the classes: the loss goes to 0
    std::optional<CellPosition> non_finite;  // set: nothing was fitted
};

template <class T>
FitOutcome fit(const KernelTable<T>& kernels, LossSpec loss, const Data& data,
               const FitOptions& options, Coefficients start, FitMonitor& monitor);

}  // namespace fastgd

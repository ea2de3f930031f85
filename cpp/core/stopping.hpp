// What to do after an epoch, from its objective: go on, undo, cut the step, stop.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace fastgd {

enum class Verdict {
    go_on,
    retreat,   // start again from the best point with a smaller step
    converged,
    diverged,
};

struct StoppingOptions {
    std::optional<double> tol;  // relative improvement that counts
    bool deterministic = false; // batch: far above the best means on the way, not noise
    bool guarded = false;       // the step is ours to cut
    double growth = 0.0;        // relative growth that does not yet say the step is too long
    int slack = 0;              // guarded: epochs without a new best that say so too; 0: any
    int patience = 5;           // least number of epochs without gain that end the fit
    bool adaptive = false;      // scikit-learn's: after `patience` idle epochs the step is cut
    double reference = 0.0;     // objective of zero coefficients
    double rounding = 0.0;      // relative error of the objective
};

class Stopping {
  public:
    explicit Stopping(const StoppingOptions& options) : options_(options) {}

    // The objective where the fit starts: what growth is measured from.
    void start_at(double objective);

    // Judges a measured objective; `rate` is the step it was reached with, `height` how much
    // lower the optimum is thought to lie (NaN: nobody knows), `exact` what rounding leaves of an
    // exact fit there.
    Verdict judge(double objective, double rate,
                  double height = std::numeric_limits<double>::quiet_NaN(), double exact = 0.0);

    // The lowest objective judged so far, and whether the last one was it.
    double best() const { return best_; }
    bool improved() const { return improved_; }
    // No higher than the lowest, up to rounding.
    bool as_good(double objective) const {
        return objective <= best_ + options_.rounding * std::abs(best_);
    }
    double reference() const { return options_.reference; }
    // So many times the reference; a perceptron's is 0, where no growth tells of the step.
    bool grown(double objective, double times) const {
        return options_.reference > 0.0 && objective > times * options_.reference;
    }

    // What a retreat multiplies the step by.
    double cut() const;

  private:
    Verdict judge_growth(double objective) const;
    // Epochs without gain that end the fit: a quarter of those run, so that slow progress is not
    // taken for none. The adaptive schedule keeps to scikit-learn's five.
    int patience() const {
        return options_.adaptive ? options_.patience : std::max(options_.patience, epochs_ / 4);
    }

    // The same while the gradient promises much: it may be rounding that does.
    int patience_when_promising() const { return std::max(4 * options_.patience, epochs_ / 2); }

    StoppingOptions options_;
    double best_ = std::numeric_limits<double>::infinity();
    bool improved_ = false;
    double mark_ = std::numeric_limits<double>::infinity();  // objective at the last gain by tol
    int epochs_ = 0;
    int idle_ = 0;  // epochs since then, or since much was promised
    int stuck_ = 0;  // epochs since then
    int since_best_ = 0;  // epochs, or retreats, since the best
};

}  // namespace fastgd

// What to do after an epoch, from its objective: go on, undo, cut the step, stop.
#pragma once

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
    std::optional<double> tol;  // relative improvement below which an epoch does not count
    bool guarded = false;       // the step is ours to cut
    bool stochastic = false;
    bool monotone = false;      // plain batch steps: any growth is a step too long
    bool adaptive = false;      // scikit-learn's: after `patience` idle epochs the step is cut
    double reference = 0.0;     // objective of zero coefficients
    double rounding = 0.0;      // relative error of the objective
};

class Stopping {
  public:
    explicit Stopping(const StoppingOptions& options) : options_(options) {}

    // Judges a measured objective; `rate` is the step it was reached with.
    Verdict judge(double objective, double rate);

    // The lowest objective judged so far, and whether the last one was it.
    double best() const { return best_; }
    bool improved() const { return improved_; }
    double reference() const { return options_.reference; }

    // What a retreat multiplies the step by.
    double cut() const;

    static constexpr int patience = 5;

  private:
    Verdict judge_growth(double objective) const;

    StoppingOptions options_;
    double best_ = std::numeric_limits<double>::infinity();
    bool improved_ = false;
    int idle_ = 0;  // epochs, or cuts, since the objective last fell by tol
};

}  // namespace fastgd

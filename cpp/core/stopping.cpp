#include "stopping.hpp"

#include <algorithm>
#include <cmath>

namespace fastgd {

namespace {

constexpr double hopeless_growth = 1e6;   // of the reference: no step size in use recovers
constexpr double promising_share = 100.0;
constexpr double settling_share = 0.5;  // of the best: where all is rounding, no less is gained
constexpr double least_adaptive_rate = 1e-6;

}  // namespace

double Stopping::cut() const { return options_.adaptive ? 0.2 : 0.5; }

void Stopping::start_at(double objective) {
    best_ = objective;
    options_.reference = std::max(options_.reference, objective);
}

// An objective far above what was reached before says that the step is too long.
Verdict Stopping::judge_growth(double objective) const {
    if (!options_.guarded) {
        const bool hopeless = !std::isfinite(objective) || grown(objective, hopeless_growth);
        return hopeless ? Verdict::diverged : Verdict::go_on;
    }
    const double known = std::isfinite(best_) ? best_ : options_.reference;
    const double allowed = options_.growth * known + options_.rounding * options_.reference;
    return objective <= known + allowed ? Verdict::go_on : Verdict::retreat;
}

Verdict Stopping::judge(double objective, double rate, double height, double exact) {
    improved_ = false;
    const Verdict growth = judge_growth(objective);
    if (growth != Verdict::go_on) return growth;
    const double before = best_;
    improved_ = objective < best_;
    if (improved_) best_ = objective;
    if (!options_.tol) return Verdict::go_on;
    // exactly fitted: what is left is rounding
    const double least = options_.rounding * options_.rounding * options_.reference;
    const bool settles = !(objective < settling_share * before);
    if (best_ <= least || (best_ <= exact && settles)) return Verdict::converged;
    const double tolerance = std::max(*options_.tol, options_.rounding);
    if (height <= tolerance * std::abs(objective)) return Verdict::converged;
    ++epochs_;
    ++idle_;
    ++stuck_;
    const bool gained = !(best_ >= mark_ - *options_.tol * std::abs(mark_));
    if (gained) mark_ = best_;
    const double settled = tolerance * std::abs(best_);
    const bool swinging =
        options_.deterministic && !options_.adaptive && objective - best_ > settled;
    // no gain for now, but much to gain: that is not the end
    const bool promising = height > promising_share * tolerance * std::abs(objective);
    if (gained || swinging || promising) idle_ = 0;
    // where the height is known, an objective that only swings is at the end of what numbers tell
    if (gained || (swinging && std::isnan(height))) stuck_ = 0;
    since_best_ = improved_ ? 0 : since_best_ + 1;
    if (idle_ < patience() && stuck_ < patience_when_promising()) {
        if (!options_.guarded || options_.slack == 0 || since_best_ < options_.slack)
            return Verdict::go_on;
        since_best_ = 0;
        return Verdict::retreat;
    }
    if (options_.adaptive && rate * cut() >= least_adaptive_rate) {
        idle_ = stuck_ = 0;
        return Verdict::retreat;
    }
    return Verdict::converged;
}

}  // namespace fastgd

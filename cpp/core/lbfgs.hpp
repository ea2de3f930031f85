// Limited-memory quasi-Newton steps with a backtracking line search that costs one gradient a
 // trial.
#pragma once

#include <span>
#include <vector>

#include "descent_state.hpp"
#include "dot.hpp"
#include "whitened_metric.hpp"

namespace fastgd {

// Liu and Nocedal 1989, with a metric in place of the identity: diagonal, or `whitened` if that is
// given, which must outlive this.
class Lbfgs {
  public:
    Lbfgs() = default;
    explicit Lbfgs(std::vector<double> metric, const WhitenedMetric* whitened = nullptr)
        : metric_(std::move(metric)), whitened_(whitened) {}

    // Where to take the gradient next, given that at `point`. `rate` is the step along the metric's
    // own direction while nothing is known of the curvature.
    std::vector<double> next(const std::vector<double>& point, double value,
                             const std::vector<double>& gradient, double rate);

    void forget();

    void save(DescentState& state) const;
    void load(const DescentState& state);

  private:
    struct Pair {
        Pair(std::vector<double> step_, std::vector<double> change_)
            : step(std::move(step_)), change(std::move(change_)), bend(dot(step, change)) {}

        std::vector<double> step;
        std::vector<double> change;  // of the gradient
        double bend;  // step . change
    };

    bool accepts(double value) const;
    void shorten(double value);
    void remember(const std::vector<double>& point, const std::vector<double>& gradient);
    void aim(const std::vector<double>& gradient, double rate);
    std::vector<double> trial() const;

    // In the place of `gradient`.
    void apply_metric(std::vector<double>& gradient) const;

    std::vector<double> metric_;
    const WhitenedMetric* whitened_ = nullptr;
    std::vector<Pair> pairs_;  // the oldest first
    // the last accepted point and the way that leads on from there; empty before the first
    std::vector<double> origin_;
    std::vector<double> origin_gradient_;
    std::vector<double> direction_;
    double origin_value_ = 0.0;
    double slope_ = 0.0;  // along the direction
    double length_ = 1.0;
    double trials_ = 0.0;
    bool shortened_ = false;  // a longer step along the direction was too long
};

}  // namespace fastgd

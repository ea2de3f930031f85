// Limited-memory quasi-Newton steps with a backtracking line search: one gradient a trial.
#pragma once

#include <vector>

#include "buffer.hpp"
#include "descent_state.hpp"
#include "function_ref.hpp"
#include "large_vector.hpp"
#include "whitened_metric.hpp"

namespace fastgd {

// Liu and Nocedal 1989, with a metric in place of the identity: diagonal, or `whitened` if that is
// given, which must outlive this. Directions are made from inner products of what is kept (Chen,
// Wang and Zhou 2014), all of it read once for the products and once for the direction.
class Lbfgs {
  public:
    Lbfgs() = default;
    Lbfgs(LargeVector<double> metric, const WhitenedMetric* whitened, int threads)
        : metric_(std::move(metric)), whitened_(whitened), threads_(threads) {}

    // Moves `point`, with the value and the gradient there, to where to take the gradient next.
    // `rate` is the step along the metric's own direction while nothing is known of the curvature.
    void step(LargeVector<double>& point, double value, const LargeVector<double>& gradient,
              double rate);

    void forget();

    void save(DescentState& state) const;
    void load(const DescentState& state);

  private:
    // A step and the gradient's change by it.
    struct Pair {
        Pair() = default;
        explicit Pair(std::size_t columns)
            : step(static_cast<std::ptrdiff_t>(columns)),
              moved(static_cast<std::ptrdiff_t>(columns)) {}

        Buffer<double> step;
        Buffer<double> moved;  // metric . change
        // of this change with what is kept of each pair up to this one
        std::vector<double> bends;  // step . change
        std::vector<double> squares;  // moved . change
        // with the gradient at the origin
        double slope = 0.0;  // step . gradient
        double moved_slope = 0.0;  // moved . gradient

        double bend() const { return bends.back(); }
    };

    bool accepts(double value) const;
    void shorten(double value);
    void start_from(const LargeVector<double>& point, const LargeVector<double>& gradient);
    void remember(const LargeVector<double>& point, const LargeVector<double>& gradient);
    void keep(Pair pair, const std::vector<double>& products);
    void aim(double rate);
    void go(LargeVector<double>& point) const;
    double slope_at(const LargeVector<double>& gradient) const;

    LargeVector<double> metric_;
    const WhitenedMetric* whitened_ = nullptr;
    int threads_ = 1;
    std::vector<Pair> pairs_;  // the oldest first
    Pair spare_;  // whose memory the next one takes
    // the last accepted point and the way that leads on from there; empty before the first
    LargeVector<double> origin_;
    LargeVector<double> origin_gradient_;
    LargeVector<double> direction_;
    double origin_value_ = 0.0;
    double slope_ = 0.0;  // along the direction
    double length_ = 1.0;
    double trials_ = 0.0;
    bool shortened_ = false;  // a longer step along the direction was too long
};

}  // namespace fastgd

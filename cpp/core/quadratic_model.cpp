#include "quadratic_model.hpp"

#include <algorithm>
#include <cmath>

#include "penalty.hpp"

namespace fastgd {

namespace {

constexpr int most_rounds = 50;
constexpr int sweeps_a_round = 4;
constexpr double most_products = 1e10;  // in all exact solutions together
constexpr double settled_share = 1e-9;  // of the decrease so far

class LeastPoint {
  public:
    LeastPoint(const SymmetricMatrix& hessian, std::span<const double> gradient,
               std::span<const double> from, const Holds& holds)
        : hessian_(hessian),
          holds_(holds),
          point_(from.begin(), from.end()),
          slope_(gradient.begin(), gradient.end()) {
        const double products = std::pow(static_cast<double>(hessian.size()), 3) / 6.0;
        solves_left_ = static_cast<Index>(std::clamp(most_products / products, 8.0, 1000.0));
    }

    // Each coordinate in turn to its own least point; returns the decrease.
    double sweep() {
        double decrease = 0.0;
        for (std::size_t j = 0; j < point_.size(); ++j) {
            const double bend = diagonal(j);
            const double threshold = holds_.threshold[j];
            const double free = bend > 0.0
                                    ? soft_threshold(point_[j] - slope_[j] / bend, threshold / bend)
                                : threshold > 0.0 ? 0.0
                                                  : point_[j];
            const double target = std::clamp(free, holds_.low[j], holds_.high[j]);
            const double move = target - point_[j];
            if (move == 0.0) continue;
            decrease -= slope_[j] * move + 0.5 * bend * move * move +
                        threshold * (std::abs(target) - std::abs(point_[j]));
            point_[j] = target;
            add_column(j, move);
        }
        return decrease;
    }

    // All coordinates that nothing holds at once; the first that comes to a kink or a bound stops
    // the step and stays there for the next. Returns the decrease.
    double solve_on_support(double ridge, AddProducts add_products) {
        double decrease = 0.0;
        for (bool whole = false; !whole && solves_left_ > 0; --solves_left_) {
            const std::vector<std::size_t> support = coordinates_moving();
            if (support.empty()) break;
            const LargeVector<double> direction = solution_on(support, ridge, add_products);
            double length = 1.0;
            for (std::size_t a = 0; a < support.size(); ++a) {
                const double stop = stop_towards(support[a], direction[a]);
                if (std::isfinite(stop))
                    length = std::min(length, (stop - point_[support[a]]) / direction[a]);
            }
            whole = length == 1.0;
            double slope = 0.0;
            for (std::size_t a = 0; a < support.size(); ++a)
                slope -= along(support[a]) * direction[a];
            decrease += length * (1.0 - 0.5 * length) * slope;
            for (std::size_t a = 0; a < support.size(); ++a) {
                double& x = point_[support[a]];
                const double end = x + length * direction[a];
                const double stop = stop_towards(support[a], direction[a]);
                // the coordinate that stopped the step ends there itself, not beside it
                const bool stops = std::isfinite(stop) && (stop - x) / direction[a] <= length;
                const double target = stops ? stop : end;
                add_column(support[a], target - x);
                x = target;
            }
        }
        return decrease;
    }

    LargeVector<double> take() { return std::move(point_); }

  private:
    std::vector<std::size_t> coordinates_moving() const {
        std::vector<std::size_t> support;
        for (std::size_t j = 0; j < point_.size(); ++j) {
            const bool at_kink = point_[j] == 0.0 && holds_.threshold[j] > 0.0;
            if (!at_kink && holds_.low[j] < point_[j] && point_[j] < holds_.high[j])
                support.push_back(j);
        }
        return support;
    }
    // The kink or bound that a coordinate would cross on a whole step; infinite for none.
    double stop_towards(std::size_t j, double move) const {
        const double x = point_[j];
        if (holds_.threshold[j] > 0.0 && x * (x + move) < 0.0)
            return std::clamp(0.0, holds_.low[j], holds_.high[j]);
        if (x + move < holds_.low[j]) return holds_.low[j];
        if (x + move > holds_.high[j]) return holds_.high[j];
        return std::numeric_limits<double>::infinity();
    }
    // From here to the least point of these coordinates, were no sign to turn.
    LargeVector<double> solution_on(const std::vector<std::size_t>& support, double ridge,
                                    AddProducts add_products) const {
        SymmetricMatrix part(static_cast<Index>(support.size()));
        LargeVector<double> direction(support.size());
        for (std::size_t a = 0; a < support.size(); ++a) {
            for (std::size_t b = a; b < support.size(); ++b)
                part.row(static_cast<Index>(a))[b] =
                    hessian_.at(static_cast<Index>(support[a]), static_cast<Index>(support[b]));
            direction[a] = -along(support[a]);
        }
        Cholesky(std::move(part), ridge, add_products, 1).solve(direction);
        return direction;
    }
    double diagonal(std::size_t j) const {
        return hessian_.at(static_cast<Index>(j), static_cast<Index>(j));
    }
    double along(std::size_t j) const {
        const double x = point_[j];
        const double threshold = holds_.threshold[j];
        return slope_[j] + (x > 0.0 ? threshold : x < 0.0 ? -threshold : 0.0);
    }
    void add_column(std::size_t j, double move) {
        const auto column = static_cast<Index>(j);
        for (Index i = 0; i < column; ++i)
            slope_[static_cast<std::size_t>(i)] += move * hessian_.row(i)[column];
        const double* row = hessian_.row(column);
        for (Index i = column; i < hessian_.size(); ++i)
            slope_[static_cast<std::size_t>(i)] += move * row[i];
    }

    const SymmetricMatrix& hessian_;
    const Holds& holds_;
    LargeVector<double> point_;
    LargeVector<double> slope_;  // of the quadratic, at the point
    Index solves_left_;
};

}  // namespace

LargeVector<double> least_point(const SymmetricMatrix& hessian, std::span<const double> gradient,
                                std::span<const double> from, const Holds& holds, double ridge,
                                AddProducts add_products) {
    LeastPoint search(hessian, gradient, from, holds);
    double total = 0.0;
    for (int round = 0; round < most_rounds; ++round) {
        double decrease = 0.0;
        for (int s = 0; s < sweeps_a_round; ++s) decrease += search.sweep();
        decrease += search.solve_on_support(ridge, add_products);
        total += decrease;
        if (decrease <= settled_share * total) break;
    }
    return search.take();
}

}  // namespace fastgd

#include "lbfgs.hpp"

#include <algorithm>
#include <cmath>

namespace fastgd {

namespace {

constexpr std::size_t most_pairs = 16;
constexpr double armijo = 1e-4;
constexpr double most_trials = 20;
// A slope that a step leaves so much of says that the step was short (Wolfe 1969).
constexpr double still_steep = 0.9;
constexpr double stretch = 4.0;
constexpr double rounding = 1e-14;

std::vector<double> difference(const std::vector<double>& a, const std::vector<double>& b) {
    std::vector<double> result = a;
    for (std::size_t j = 0; j < a.size(); ++j) result[j] -= b[j];
    return result;
}

void add(std::vector<double>& to, double factor, const std::vector<double>& from) {
    for (std::size_t j = 0; j < to.size(); ++j) to[j] += factor * from[j];
}

}  // namespace

void Lbfgs::apply_metric(std::vector<double>& gradient) const {
    if (whitened_ != nullptr) {
        whitened_->apply(gradient);
        return;
    }
    for (std::size_t j = 0; j < gradient.size(); ++j) gradient[j] *= metric_[j];
}

void Lbfgs::forget() {
    pairs_.clear();
    origin_.clear();
}

bool Lbfgs::accepts(double value) const {
    return value <= origin_value_ + armijo * length_ * slope_ + rounding * std::abs(origin_value_);
}

// To the least point of the parabola through what is known, within reason.
void Lbfgs::shorten(double value) {
    const double rise = value - origin_value_ - length_ * slope_;
    const double least = rise > 0.0 && std::isfinite(rise) ? -0.5 * slope_ * length_ / rise : 0.0;
    length_ *= std::clamp(least, 0.1, 0.5);
    shortened_ = true;
}

void Lbfgs::remember(const std::vector<double>& point, const std::vector<double>& gradient) {
    Pair pair(difference(point, origin_), difference(gradient, origin_gradient_));
    if (!(pair.bend > 0.0) || !std::isfinite(pair.bend)) return;
    if (pairs_.size() == most_pairs) pairs_.erase(pairs_.begin());
    pairs_.push_back(std::move(pair));
}

// The two loops over the pairs; without any, the metric's own direction.
void Lbfgs::aim(const std::vector<double>& gradient, double rate) {
    direction_ = gradient;
    std::vector<double> share(pairs_.size());
    for (std::size_t i = pairs_.size(); i-- > 0;) {
        const Pair& pair = pairs_[i];
        share[i] = dot(pair.step, direction_) / pair.bend;
        add(direction_, -share[i], pair.change);
    }
    double scale = rate;
    if (!pairs_.empty()) {
        const Pair& last = pairs_.back();
        std::vector<double> in_metric = last.change;
        apply_metric(in_metric);
        scale = last.bend / dot(last.change, in_metric);
    }
    apply_metric(direction_);
    for (double& x : direction_) x *= scale;
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
        const Pair& pair = pairs_[i];
        const double correction = share[i] - dot(pair.change, direction_) / pair.bend;
        add(direction_, correction, pair.step);
    }
    for (double& x : direction_) x = -x;
    slope_ = dot(gradient, direction_);
    length_ = 1.0;
    trials_ = 0.0;
    shortened_ = false;
}

std::vector<double> Lbfgs::trial() const {
    std::vector<double> point = origin_;
    add(point, length_, direction_);
    return point;
}

std::vector<double> Lbfgs::next(const std::vector<double>& point, double value,
                                const std::vector<double>& gradient, double rate) {
    const bool started = !origin_.empty();
    if (started && !accepts(value) && trials_ < most_trials) {
        ++trials_;
        shorten(value);
        return trial();
    }
    // what has no curvature tells no length: on straight parts of a loss steps have to grow
    if (started && accepts(value) && !shortened_ && trials_ < most_trials &&
        dot(gradient, direction_) < still_steep * slope_) {
        ++trials_;
        length_ *= stretch;
        return trial();
    }
    if (started && !accepts(value)) {
        // no step along this direction is good: start from the last good point with none known
        pairs_.clear();
    } else {
        if (started) remember(point, gradient);
        origin_ = point;
        origin_gradient_ = gradient;
        origin_value_ = value;
    }
    aim(origin_gradient_, rate);
    if (!(slope_ < 0.0)) {
        pairs_.clear();
        aim(origin_gradient_, rate);
    }
    return trial();
}

void Lbfgs::save(DescentState& state) const {
    std::vector<double>& flat = state["lbfgs_pairs"];
    for (const Pair& pair : pairs_) {
        flat.insert(flat.end(), pair.step.begin(), pair.step.end());
        flat.insert(flat.end(), pair.change.begin(), pair.change.end());
    }
    state["lbfgs_origin"] = origin_;
    state["lbfgs_origin_gradient"] = origin_gradient_;
    state["lbfgs_direction"] = direction_;
    state["lbfgs_scalars"] = {origin_value_, slope_, length_, trials_, shortened_ ? 1.0 : 0.0};
}

void Lbfgs::load(const DescentState& state) {
    const std::vector<double>& flat = state.at("lbfgs_pairs");
    const auto size = static_cast<std::ptrdiff_t>(metric_.size());
    pairs_.clear();
    for (auto at = flat.begin(); at != flat.end(); at += 2 * size)
        pairs_.emplace_back(std::vector(at, at + size), std::vector(at + size, at + 2 * size));
    origin_ = state.at("lbfgs_origin");
    origin_gradient_ = state.at("lbfgs_origin_gradient");
    direction_ = state.at("lbfgs_direction");
    const std::vector<double>& scalars = state.at("lbfgs_scalars");
    origin_value_ = scalars.at(0);
    slope_ = scalars.at(1);
    length_ = scalars.at(2);
    trials_ = scalars.at(3);
    shortened_ = scalars.at(4) != 0.0;
}

}  // namespace fastgd

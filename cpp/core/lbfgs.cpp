#include "lbfgs.hpp"

#include <algorithm>
#include <cmath>

#include "dot.hpp"
#include "parallel.hpp"

namespace fastgd {

namespace {

constexpr std::size_t most_pairs = 16;
constexpr double armijo = 1e-4;
constexpr double most_trials = 20;
// A slope that a step leaves so much of says that the step was short (Wolfe 1969).
constexpr double still_steep = 0.9;
constexpr double stretch = 4.0;
constexpr double rounding = 1e-14;
// What most passes read and write of a column.
constexpr double bytes_a_column = 3.0 * sizeof(double);

}  // namespace

double Lbfgs::sum_over(FunctionRef<double(std::size_t, std::size_t)> part) const {
    return sum_over_columns(threads_, metric_.size(), bytes_a_column, part);
}

// The square of `change` in the metric.
double Lbfgs::square_in_metric(const LargeVector<double>& change) const {
    if (whitened_ != nullptr) {
        LargeVector<double> in_metric = change;
        whitened_->apply(in_metric);
        return dot(change, in_metric);
    }
    return sum_over([&](std::size_t begin, std::size_t end) {
        return sum_of(begin, end,
                      [&](std::size_t j) { return change[j] * (change[j] * metric_[j]); });
    });
}

double Lbfgs::slope_at(const LargeVector<double>& gradient) const {
    return sum_over([&](std::size_t begin, std::size_t end) {
        return dot_of(&gradient[begin], &direction_[begin], end - begin);
    });
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

// What the way from the last accepted point tells; what bends the other way tells nothing.
void Lbfgs::remember(const LargeVector<double>& point, const LargeVector<double>& gradient) {
    Pair& pair = spare_;
    pair.step.resize(point.size());
    pair.change.resize(point.size());
    pair.bend = sum_over([&](std::size_t begin, std::size_t end) {
        for (std::size_t j = begin; j < end; ++j) {
            pair.step[j] = point[j] - origin_[j];
            pair.change[j] = gradient[j] - origin_gradient_[j];
        }
        return sum_of(begin, end, [&](std::size_t j) { return pair.step[j] * pair.change[j]; });
    });
    if (!(pair.bend > 0.0) || !std::isfinite(pair.bend)) return;
    pairs_.push_back(std::move(pair));
    spare_ = {};
    if (pairs_.size() <= most_pairs) return;
    spare_ = std::move(pairs_.front());
    pairs_.erase(pairs_.begin());
}

void Lbfgs::accept(const LargeVector<double>& point, double value,
                   const LargeVector<double>& gradient) {
    origin_.resize(point.size());
    origin_gradient_.resize(point.size());
    over_columns(threads_, metric_.size(), bytes_a_column, [&](std::size_t begin, std::size_t end) {
        std::copy_n(&point[begin], end - begin, &origin_[begin]);
        std::copy_n(&gradient[begin], end - begin, &origin_gradient_[begin]);
    });
    origin_value_ = value;
}

// The two loops over the pairs; without any, the metric's own direction. Each change of the
// direction is made in the reading that multiplies it with what comes next.
void Lbfgs::aim(double rate) {
    direction_.resize(origin_gradient_.size());
    const auto change_and_multiply = [&](const LargeVector<double>& next, const auto& changed) {
        return sum_over([&](std::size_t begin, std::size_t end) {
            for (std::size_t j = begin; j < end; ++j) direction_[j] = changed(j);
            return dot_of(&next[begin], &direction_[begin], end - begin);
        });
    };
    const auto add_and_multiply = [&](double factor, const LargeVector<double>& added,
                                      const LargeVector<double>& next) {
        return change_and_multiply(
            next, [&](std::size_t j) { return direction_[j] + factor * added[j]; });
    };
    const std::size_t pairs = pairs_.size();
    LargeVector<double> share(pairs);
    double product = change_and_multiply(pairs > 0 ? pairs_.back().step : origin_gradient_,
                                         [&](std::size_t j) { return -origin_gradient_[j]; });
    for (std::size_t i = pairs; i-- > 0;) {
        share[i] = product / pairs_[i].bend;
        product = add_and_multiply(-share[i], pairs_[i].change, pairs_[i > 0 ? i - 1 : 0].step);
    }
    const double scale =
        pairs > 0 ? pairs_.back().bend / square_in_metric(pairs_.back().change) : rate;
    if (whitened_ != nullptr) whitened_->apply(direction_);
    product = change_and_multiply(
        pairs > 0 ? pairs_.front().change : origin_gradient_, [&](std::size_t j) {
            return whitened_ != nullptr ? direction_[j] * scale
                                        : direction_[j] * metric_[j] * scale;
        });
    for (std::size_t i = 0; i < pairs; ++i) {
        const double correction = share[i] - product / pairs_[i].bend;
        product = add_and_multiply(correction, pairs_[i].step,
                                   i + 1 < pairs ? pairs_[i + 1].change : origin_gradient_);
    }
    slope_ = product;
    length_ = 1.0;
    trials_ = 0.0;
    shortened_ = false;
}

void Lbfgs::go(LargeVector<double>& point) const {
    over_columns(threads_, metric_.size(), bytes_a_column, [&](std::size_t begin, std::size_t end) {
        for (std::size_t j = begin; j < end; ++j) point[j] = origin_[j] + length_ * direction_[j];
    });
}

void Lbfgs::step(LargeVector<double>& point, double value, const LargeVector<double>& gradient,
                 double rate) {
    const bool started = !origin_.empty();
    if (started && !accepts(value) && trials_ < most_trials) {
        ++trials_;
        shorten(value);
        return go(point);
    }
    // what has no curvature tells no length: on straight parts of a loss steps have to grow
    if (started && accepts(value) && !shortened_ && trials_ < most_trials &&
        slope_at(gradient) < still_steep * slope_) {
        ++trials_;
        length_ *= stretch;
        return go(point);
    }
    if (started && !accepts(value)) {
        // no step along this direction is good: start from the last good point with none known
        pairs_.clear();
    } else {
        if (started) remember(point, gradient);
        accept(point, value, gradient);
    }
    aim(rate);
    if (!(slope_ < 0.0)) {
        pairs_.clear();
        aim(rate);
    }
    go(point);
}

void Lbfgs::save(DescentState& state) const {
    LargeVector<double>& flat = state["lbfgs_pairs"];
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
    const LargeVector<double>& flat = state.at("lbfgs_pairs");
    const auto size = static_cast<std::ptrdiff_t>(metric_.size());
    pairs_.clear();
    for (auto at = flat.begin(); at != flat.end(); at += 2 * size) {
        Pair pair{{at, at + size}, {at + size, at + 2 * size}, 0.0};
        pair.bend = sum_over([&](std::size_t begin, std::size_t end) {
            return dot_of(&pair.step[begin], &pair.change[begin], end - begin);
        });
        pairs_.push_back(std::move(pair));
    }
    origin_ = state.at("lbfgs_origin");
    origin_gradient_ = state.at("lbfgs_origin_gradient");
    direction_ = state.at("lbfgs_direction");
    const LargeVector<double>& scalars = state.at("lbfgs_scalars");
    origin_value_ = scalars.at(0);
    slope_ = scalars.at(1);
    length_ = scalars.at(2);
    trials_ = scalars.at(3);
    shortened_ = scalars.at(4) != 0.0;
}

}  // namespace fastgd

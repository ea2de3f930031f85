#include "lbfgs.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

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
constexpr double number = sizeof(double);

}  // namespace

double Lbfgs::slope_at(const LargeVector<double>& gradient) const {
    return sum_over_columns(threads_, metric_.size(), 2.0 * number,
                            [&](std::size_t begin, std::size_t end) {
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

void Lbfgs::start_from(const LargeVector<double>& point, const LargeVector<double>& gradient) {
    origin_.resize(point.size());
    origin_gradient_.resize(point.size());
    over_columns(threads_, metric_.size(), 4.0 * number, [&](std::size_t begin, std::size_t end) {
        std::copy_n(&point[begin], end - begin, &origin_[begin]);
        std::copy_n(&gradient[begin], end - begin, &origin_gradient_[begin]);
    });
}

// Moves the origin to `point`, and keeps what the way there tells.
void Lbfgs::remember(const LargeVector<double>& point, const LargeVector<double>& gradient) {
    const std::size_t columns = point.size();
    Pair pair = std::move(spare_);
    spare_ = {};
    if (pair.step.size() == 0) pair = Pair(columns);
    double* const step = pair.step.data();
    double* const moved = pair.moved.data();
    if (whitened_ != nullptr) {
        for (std::size_t j = 0; j < columns; ++j) moved[j] = gradient[j] - origin_gradient_[j];
        whitened_->apply({moved, columns});
    }
    const std::size_t earlier = pairs_.size();
    const auto multiply = [&](std::size_t begin, std::size_t end, double* product) {
        double change[columns_at_once];
        const std::size_t size = end - begin;
        for (std::size_t j = 0; j < size; ++j)
            change[j] = gradient[begin + j] - origin_gradient_[begin + j];
        for (std::size_t j = begin; j < end; ++j) step[j] = point[j] - origin_[j];
        if (whitened_ == nullptr)
            for (std::size_t j = begin; j < end; ++j) moved[j] = metric_[j] * change[j - begin];
        std::copy_n(&point[begin], size, &origin_[begin]);
        std::copy_n(&gradient[begin], size, &origin_gradient_[begin]);
        const double* const others[] = {change, &gradient[begin]};
        for (std::size_t i = 0; i <= earlier; ++i) {
            const Pair& of = i < earlier ? pairs_[i] : pair;
            for (const double* with : others) {
                *product++ = dot_of(of.step.data() + begin, with, size);
                *product++ = dot_of(of.moved.data() + begin, with, size);
            }
        }
    };
    const double bytes = number * (2.0 * static_cast<double>(earlier) + 8.0);
    keep(std::move(pair), sums_over_columns(threads_, columns, bytes, 4 * (earlier + 1), multiply));
}

// `products` are those of remember(); a way that bends upwards nowhere tells nothing.
void Lbfgs::keep(Pair pair, const std::vector<double>& products) {
    const std::size_t earlier = pairs_.size();
    const double bend = products[4 * earlier];
    const bool tells = bend > 0.0 && std::isfinite(bend);
    pair.bends.clear();
    pair.squares.clear();
    if (tells) pairs_.push_back(std::move(pair));
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
        const double* const product = &products[4 * i];
        if (tells) pairs_.back().bends.push_back(product[0]);
        if (tells) pairs_.back().squares.push_back(product[1]);
        pairs_[i].slope = product[2];
        pairs_[i].moved_slope = product[3];
    }
    if (!tells) spare_ = std::move(pair);
    if (pairs_.size() <= most_pairs) return;
    spare_ = std::move(pairs_.front());
    pairs_.erase(pairs_.begin());
    for (Pair& left : pairs_) {
        left.bends.erase(left.bends.begin());
        left.squares.erase(left.squares.begin());
    }
}

// The two loops over the pairs, in inner products; without any, the metric's own direction.
void Lbfgs::aim(double rate) {
    const std::size_t pairs = pairs_.size();
    std::vector<double> of_moved(pairs);
    for (std::size_t i = pairs; i-- > 0;) {
        double along = -pairs_[i].slope;
        for (std::size_t j = i + 1; j < pairs; ++j) along += of_moved[j] * pairs_[j].bends[i];
        of_moved[i] = -along / pairs_[i].bend();
    }
    const double scale = pairs > 0 ? pairs_.back().bend() / pairs_.back().squares.back() : rate;
    std::vector<double> of_step(pairs);
    for (std::size_t i = 0; i < pairs; ++i) {
        double along = -pairs_[i].moved_slope;
        for (std::size_t j = 0; j < pairs; ++j)
            along += of_moved[j] * pairs_[std::max(i, j)].squares[std::min(i, j)];
        along *= scale;
        for (std::size_t j = 0; j < i; ++j) along += of_step[j] * pairs_[i].bends[j];
        of_step[i] = -of_moved[i] - along / pairs_[i].bend();
    }
    for (double& share : of_moved) share *= scale;

    direction_.resize(origin_gradient_.size());
    if (whitened_ != nullptr) {
        direction_ = origin_gradient_;
        whitened_->apply(direction_);
    }
    const double bytes = number * (2.0 * static_cast<double>(pairs) + 4.0);
    slope_ =
        sum_over_columns(threads_, metric_.size(), bytes, [&](std::size_t begin, std::size_t end) {
            double* const direction = direction_.data();
            for (std::size_t j = begin; j < end; ++j)
                direction[j] = -scale * (whitened_ != nullptr ? direction[j]
                                                              : metric_[j] * origin_gradient_[j]);
            for (std::size_t i = 0; i < pairs; ++i) {
                const double* const step = pairs_[i].step.data();
                const double* const moved = pairs_[i].moved.data();
                for (std::size_t j = begin; j < end; ++j)
                    direction[j] += of_moved[i] * moved[j] + of_step[i] * step[j];
            }
            return dot_of(&origin_gradient_[begin], direction + begin, end - begin);
        });
    length_ = 1.0;
    trials_ = 0.0;
    shortened_ = false;
}

void Lbfgs::go(LargeVector<double>& point) const {
    over_columns(threads_, metric_.size(), 3.0 * number, [&](std::size_t begin, std::size_t end) {
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
        if (started)
            remember(point, gradient);
        else
            start_from(point, gradient);
        origin_value_ = value;
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
    LargeVector<double>& products = state["lbfgs_products"];
    for (const Pair& pair : pairs_) {
        flat.insert(flat.end(), pair.step.data(), pair.step.data() + pair.step.size());
        flat.insert(flat.end(), pair.moved.data(), pair.moved.data() + pair.moved.size());
        products.insert(products.end(), pair.bends.begin(), pair.bends.end());
        products.insert(products.end(), pair.squares.begin(), pair.squares.end());
        products.insert(products.end(), {pair.slope, pair.moved_slope});
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
    auto product = state.at("lbfgs_products").begin();
    for (auto at = flat.begin(); at != flat.end(); at += 2 * size) {
        const auto upto = static_cast<std::ptrdiff_t>(pairs_.size()) + 1;
        Pair& pair = pairs_.emplace_back(metric_.size());
        std::copy_n(at, size, pair.step.data());
        std::copy_n(at + size, size, pair.moved.data());
        pair.bends.assign(product, product + upto);
        pair.squares.assign(product + upto, product + 2 * upto);
        product += 2 * upto;
        pair.slope = *product++;
        pair.moved_slope = *product++;
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

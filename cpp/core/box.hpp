// Bounds of coefficients: a box, whose projection is exact in any diagonal metric.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "large_vector.hpp"

namespace fastgd {

// low <= w <= high for each of outputs x columns coefficients; empty: no bounds. The same box holds
// coefficients on shifted columns, for a shift moves intercepts alone.
struct Box {
    LargeVector<double> low{};
    LargeVector<double> high{};

    bool operator==(const Box&) const = default;

    bool empty() const { return low.empty(); }
    double low_of(std::size_t at) const {
        return empty() ? -std::numeric_limits<double>::infinity() : low[at];
    }
    double high_of(std::size_t at) const {
        return empty() ? std::numeric_limits<double>::infinity() : high[at];
    }
    // NaN stays what it is: somebody has to see it.
    double projected(std::size_t at, double w) const {
        if (w < low_of(at)) return low_of(at);
        return w > high_of(at) ? high_of(at) : w;
    }
    void project(std::span<double> coef) const {
        if (empty()) return;
        for (std::size_t at = 0; at < coef.size(); ++at) coef[at] = projected(at, coef[at]);
    }

    // The numbers of T within it, so that rounding to T leads out of it nowhere; where a side holds
    // none, the one that is nearest.
    template <class T>
    Box within() const {
        constexpr double largest = std::numeric_limits<T>::max();
        constexpr T up = std::numeric_limits<T>::infinity();
        const auto nearest = [&](double bound) {
            const bool finite = std::isfinite(bound);
            return static_cast<T>(finite ? std::clamp(bound, -largest, largest) : bound);
        };
        Box result;
        for (std::size_t at = 0; at < low.size(); ++at) {
            T first = nearest(low[at]);
            T last = nearest(high[at]);
            if (first < low[at] && first < largest) first = std::nextafter(first, up);
            if (last > high[at] && last > -largest) last = std::nextafter(last, -up);
            if (first > last) first = last = nearest(low[at]);
            result.low.push_back(first);
            result.high.push_back(last);
        }
        return result;
    }
};

}  // namespace fastgd

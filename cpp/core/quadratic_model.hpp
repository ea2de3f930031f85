// The least point of a quadratic with kinks and bounds: the proximal operator in a full metric.
#pragma once

#include <limits>
#include <span>

#include "large_vector.hpp"
#include "symmetric.hpp"

namespace fastgd {

// What holds each coordinate: threshold |u|, and low <= u <= high.
struct Holds {
    LargeVector<double> threshold;
    LargeVector<double> low;
    LargeVector<double> high;

    // None of either.
    explicit Holds(std::size_t size)
        : threshold(size, 0.0),
          low(size, -std::numeric_limits<double>::infinity()),
          high(size, std::numeric_limits<double>::infinity()) {}
};

// argmin_u gradient . (u - from) + (u - from)^T hessian (u - from) / 2 + sum_j threshold_j |u_j|
// within the bounds, from a point within them, by coordinate descent and, between its sweeps, exact
// solutions on the coordinates that are neither at a kink nor at a bound. A coordinate along which
// nothing bends moves only towards 0, and that only for its threshold.
LargeVector<double> least_point(const SymmetricMatrix& hessian, std::span<const double> gradient,
                                std::span<const double> from, const Holds& holds, double ridge,
                                AddProducts add_products);

}  // namespace fastgd

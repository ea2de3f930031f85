// The least point of a quadratic with an l1 penalty: the proximal operator in a full metric.
#pragma once

#include <span>
#include <vector>

#include "symmetric.hpp"

namespace fastgd {

// argmin_u gradient . (u - from) + (u - from)^T hessian (u - from) / 2 + sum_j threshold_j |u_j|,
// by coordinate descent and, between its sweeps, exact solutions on the coordinates that are not
// zero. A coordinate along which nothing bends moves only to 0, and that only for its threshold.
std::vector<double> least_point(const SymmetricMatrix& hessian, std::span<const double> gradient,
                                std::span<const double> from, std::span<const double> threshold,
                                double ridge, AddProducts add_products);

}  // namespace fastgd

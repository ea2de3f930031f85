// The inner product of two vectors of coefficients.
#pragma once

#include <span>

namespace fastgd {

inline double dot(std::span<const double> a, std::span<const double> b) {
    double sum = 0.0;
    for (std::size_t j = 0; j < a.size(); ++j) sum += a[j] * b[j];
    return sum;
}

}  // namespace fastgd

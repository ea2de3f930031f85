// The inner product of two vectors of coefficients.
#pragma once

#include <span>

namespace fastgd {

inline double dot(std::span<const double> a, std::span<const double> b) {
    // independent sums: one alone would wait for each addition
    constexpr std::size_t sums = 8;
    double sum[sums] = {};
    std::size_t j = 0;
    for (; j + sums <= a.size(); j += sums)
        for (std::size_t s = 0; s < sums; ++s) sum[s] += a[j + s] * b[j + s];
    for (; j < a.size(); ++j) sum[0] += a[j] * b[j];
    return ((sum[0] + sum[1]) + (sum[2] + sum[3])) + ((sum[4] + sum[5]) + (sum[6] + sum[7]));
}

}  // namespace fastgd

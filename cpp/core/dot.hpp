// The inner product of two vectors of coefficients.
#pragma once

#include <span>

namespace fastgd {

template <class T>
double dot_of(const T* a, const T* b, std::size_t size) {
    // independent sums: one alone would wait for each addition
    constexpr std::size_t sums = 8;
    double sum[sums] = {};
    std::size_t j = 0;
    for (; j + sums <= size; j += sums)
        for (std::size_t s = 0; s < sums; ++s) sum[s] += double(a[j + s]) * double(b[j + s]);
    for (; j < size; ++j) sum[0] += double(a[j]) * double(b[j]);
    return ((sum[0] + sum[1]) + (sum[2] + sum[3])) + ((sum[4] + sum[5]) + (sum[6] + sum[7]));
}

inline double dot(std::span<const double> a, std::span<const double> b) {
    return dot_of(a.data(), b.data(), a.size());
}

}  // namespace fastgd

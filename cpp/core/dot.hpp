// Inner products of vectors of coefficients.
#pragma once

#include <span>

namespace fastgd {

// The sum of term(j) for j in [begin, end).
template <class Term>
double sum_of(std::size_t begin, std::size_t end, const Term& term) {
    // independent sums: one alone would wait for each addition
    constexpr std::size_t sums = 8;
    double sum[sums] = {};
    std::size_t j = begin;
    for (; j + sums <= end; j += sums)
        for (std::size_t s = 0; s < sums; ++s) sum[s] += term(j + s);
    for (; j < end; ++j) sum[0] += term(j);
    return ((sum[0] + sum[1]) + (sum[2] + sum[3])) + ((sum[4] + sum[5]) + (sum[6] + sum[7]));
}

template <class T>
double dot_of(const T* a, const T* b, std::size_t size) {
    return sum_of(0, size, [=](std::size_t j) { return double(a[j]) * double(b[j]); });
}

inline double dot(std::span<const double> a, std::span<const double> b) {
    return dot_of(a.data(), b.data(), a.size());
}

}  // namespace fastgd

// Inner products of vectors of coefficients.
#pragma once

#include <cstring>
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

// The same numbers are added to each other as in sum_of; in pairs, for compilers left to themselves
// shuffle those of several rounds about (GCC 12: seven times as long).
inline double dot_of(const double* a, const double* b, std::size_t size) {
    using Pair = double __attribute__((vector_size(2 * sizeof(double))));
    const auto pair_at = [](const double* at) {
        Pair pair;
        std::memcpy(&pair, at, sizeof pair);
        return pair;
    };
    constexpr std::size_t pairs = 4;
    Pair sum[pairs] = {};
    std::size_t j = 0;
    for (; j + 2 * pairs <= size; j += 2 * pairs)
        for (std::size_t p = 0; p < pairs; ++p)
            sum[p] += pair_at(a + j + 2 * p) * pair_at(b + j + 2 * p);
    for (; j < size; ++j) sum[0][0] += a[j] * b[j];
    return ((sum[0][0] + sum[0][1]) + (sum[1][0] + sum[1][1])) +
           ((sum[2][0] + sum[2][1]) + (sum[3][0] + sum[3][1]));
}

inline double dot(std::span<const double> a, std::span<const double> b) {
    return dot_of(a.data(), b.data(), a.size());
}

}  // namespace fastgd

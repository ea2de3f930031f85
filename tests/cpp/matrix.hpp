// Symmetric matrices made of columns, their products and solutions in long double.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "core/large_vector.hpp"
#include "core/symmetric.hpp"
#include "numbers.hpp"

namespace fastgd::testing {

// Row-major: columns of `rows` numbers each.
struct Columns {
    Index rows;
    Index count;
    LargeVector<double> values;

    Columns(Index rows_, Index count_, LargeVector<double> values_)
        : rows(rows_), count(count_), values(std::move(values_)) {}
    Columns(Numbers& numbers, Index rows_, Index count_)
        : Columns(rows_, count_, numbers.normals<double>(rows_ * count_)) {}

    double& at(Index i, Index j) { return values[static_cast<std::size_t>(i * count + j)]; }
    double at(Index i, Index j) const { return values[static_cast<std::size_t>(i * count + j)]; }
};

// A^T A / rows; equal columns have equal entries.
inline SymmetricMatrix gram_of(const Columns& a) {
    SymmetricMatrix result(a.count);
    for (Index i = 0; i < a.count; ++i)
        for (Index j = i; j < a.count; ++j) {
            double sum = 0;
            for (Index r = 0; r < a.rows; ++r) sum += a.at(r, i) * a.at(r, j);
            result.row(i)[j] = sum / static_cast<double>(a.rows);
        }
    return result;
}

inline SymmetricMatrix copy_of(const SymmetricMatrix& matrix) {
    SymmetricMatrix result(matrix.size());
    for (Index i = 0; i < matrix.size(); ++i)
        std::copy(matrix.row(i) + i, matrix.row(i) + matrix.size(), result.row(i) + i);
    return result;
}

// sum_j matrix(i, j) x_j
inline long double product_at(const SymmetricMatrix& matrix, Index i,
                              const LargeVector<double>& x) {
    long double sum = 0;
    for (Index j = 0; j < matrix.size(); ++j)
        sum += static_cast<long double>(matrix.at(i, j)) * x[static_cast<std::size_t>(j)];
    return sum;
}

// What rounding may leave of row i of a product: it does not depend on the scales of the columns.
inline long double rounding_at(const SymmetricMatrix& matrix, Index i,
                               const LargeVector<double>& x) {
    long double sum = 0;
    for (Index j = 0; j < matrix.size(); ++j)
        sum += std::sqrt(static_cast<long double>(matrix.at(j, j))) *
               std::abs(x[static_cast<std::size_t>(j)]);
    return sum * std::sqrt(static_cast<long double>(matrix.at(i, i))) *
           std::numeric_limits<double>::epsilon();
}

// The solution of a x = b, both row-major, by elimination with pivots.
inline std::vector<long double> solved(std::vector<long double> a, std::vector<long double> b) {
    const std::size_t n = b.size();
    for (std::size_t k = 0; k < n; ++k) {
        std::size_t pivot = k;
        for (std::size_t i = k + 1; i < n; ++i)
            if (std::abs(a[i * n + k]) > std::abs(a[pivot * n + k])) pivot = i;
        for (std::size_t j = 0; j < n; ++j) std::swap(a[k * n + j], a[pivot * n + j]);
        std::swap(b[k], b[pivot]);
        for (std::size_t i = k + 1; i < n; ++i) {
            const long double x = a[i * n + k] / a[k * n + k];
            for (std::size_t j = k; j < n; ++j) a[i * n + j] -= x * a[k * n + j];
            b[i] -= x * b[k];
        }
    }
    for (std::size_t k = n; k-- > 0;) {
        for (std::size_t j = k + 1; j < n; ++j) b[k] -= a[k * n + j] * b[j];
        b[k] /= a[k * n + k];
    }
    return b;
}

}  // namespace fastgd::testing

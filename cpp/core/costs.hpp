// Seconds that work takes one thread: orders of magnitude, what decides are their ratios.
#pragma once

#include <algorithm>

#include "../kernels/table.hpp"

namespace fastgd {

// Measured once on a machine of two cores.
inline constexpr double bytes_a_second = 14e9;  // of rows read for a gradient, or of a matrix
inline constexpr double products_a_second = 25e9;  // added up to second moments
inline constexpr double seconds_a_row = 3e-9;      // beside its columns

// Of the gradient of so many rows, of `item_bytes` a number.
inline double seconds_of_reading(Index rows, Index columns, Index outputs, Index item_bytes) {
    const auto bytes = static_cast<double>(std::max(item_bytes, outputs));
    const double row = static_cast<double>(columns) * bytes / bytes_a_second + seconds_a_row;
    return static_cast<double>(rows) * row;
}

inline double seconds_of_products(double products) { return products / products_a_second; }

}  // namespace fastgd

// Weighted mean, variance and range of each column, and the first non-finite number, in one pass.
#pragma once

#include <optional>

#include "data.hpp"
#include "function_ref.hpp"
#include "large_vector.hpp"

namespace fastgd {

struct CellPosition {
    Index row;
    Index column;
};

struct ColumnMoments {
    double weight = 0.0;
    double least_weight = 0.0;  // of the rows that weigh something
    Index weighing = 0;         // how many those are
    bool sparse = false;
    LargeVector<double> mean;
    LargeVector<double> variance;  // weighted, about the mean
    LargeVector<double> smallest;  // empty like the next where nobody asked
    LargeVector<double> largest;
    std::optional<CellPosition> non_finite;  // moments mean nothing when this is set

    // Whether subtracting its mean takes more than a quarter off a column's second moment: else
    // sparse rows that do not store it gain less than it costs them.
    bool worth_centring(std::size_t column) const {
        return !sparse || 3.0 * mean[column] * mean[column] > variance[column];
    }

    // The variance; 0 of a constant column, whose mean may be off by rounding.
    double spread_square(std::size_t column) const {
        const double square = variance[column];
        return square <= 1e-30 * mean[column] * mean[column] ? 0.0 : square;
    }
};

// Whether the smallest and largest number of each column are asked for: of many sparse columns they
// are a third of the memory that the pass writes to.
enum class Ranges { asked, left_out };

// `keep_going` is asked every few milliseconds; once it says no, moments mean nothing.
template <class T>
ColumnMoments column_moments(const KernelTable<T>& kernels, const Data& data,
                             const RowSelection& rows, int threads, FunctionRef<bool()> keep_going,
                             Ranges ranges = Ranges::asked);

// The first of the rows, then column, of X that holds NaN or infinity; nothing if all are finite.
template <class T>
std::optional<CellPosition> find_non_finite(const KernelTable<T>& kernels, const Data& data,
                                            const RowSelection& rows);

}  // namespace fastgd

// Rows that alone hold what is to be known of a column: rare categories, far outliers.
#pragma once

#include <span>
#include <vector>

#include "data.hpp"
#include "function_ref.hpp"

namespace fastgd {

// Rows that weigh something with an entry whose square, ((x - shift) * unit)^2, exceeds
// `least_square`, in order; where they are more than `most`, the bound is doubled until they are
// not. One pass over the rows. Once `keep_going` says no, the result means nothing.
template <class T>
std::vector<Index> outlying_rows(const KernelTable<T>& kernels, const Data& data,
                                 std::span<const T> shift, std::span<const T> unit,
                                 double least_square, Index most, int threads,
                                 FunctionRef<bool()> keep_going);

}  // namespace fastgd

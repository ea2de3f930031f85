// Column moments of sparse rows from the numbers they store alone.
#pragma once

#include "moments.hpp"

namespace fastgd {

// As column_moments, which hands sparse rows over.
template <class T>
ColumnMoments sparse_column_moments(const KernelTable<T>& kernels, const Data& data,
                                    const RowSelection& rows, int threads,
                                    FunctionRef<bool()> keep_going, Ranges ranges);

}  // namespace fastgd

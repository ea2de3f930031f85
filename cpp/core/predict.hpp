// Linear predictors of all rows, read once by all threads.
#pragma once

#include "function_ref.hpp"
#include "objective.hpp"

namespace fastgd {

// out[i, k] = x_i . coef[k] + intercept[k], rows x outputs; a row's number depends neither on the
// threads nor on the rows beside it. Returns false if one is not finite. `keep_going` is asked
// every few milliseconds.
template <class T>
bool predict(const KernelTable<T>& kernels, const MatrixView& X, const LinearModel<T>& model,
             Index outputs, T* out, int threads, FunctionRef<bool()> keep_going);

}  // namespace fastgd

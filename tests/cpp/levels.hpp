// The kernels of each ISA level this processor runs, in both precisions.
#pragma once

#include "dispatch/dispatch.hpp"

namespace fastgd::testing {

// Calls body(kernels) for every level and float and double.
template <class Body>
void each_kernel_table(const Body& body) {
    for (const std::string& level : available_isa_levels()) {
        body(kernels_of_level<float>(level));
        body(kernels_of_level<double>(level));
    }
}

// Calls body(kernels) for the selected level, float and double.
template <class Body>
void each_precision(const Body& body) {
    body(selected_kernels<float>());
    body(selected_kernels<double>());
}

// The T of a table, inside a generic lambda: using T = Number<decltype(kernels)>.
template <class T>
T number_of(const KernelTable<T>&);
template <class Table>
using Number = decltype(number_of(std::declval<const Table&>()));

}  // namespace fastgd::testing

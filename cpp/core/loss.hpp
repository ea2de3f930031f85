// A loss as the core carries it: an entry of the kernels' table and its parameters.
#pragma once

#include <string_view>

#include "../kernels/table.hpp"
#include "custom_loss.hpp"

namespace fastgd {

struct LossSpec {
    Index index = 0;
    LossParameters parameters{};
    double curvature = 0.0;  // typical on the data at hand, of a loss without a bound
};

// Index of the loss with this name, or -1.
template <class T>
Index find_loss(const KernelTable<T>& kernels, std::string_view name) {
    for (Index i = 0; i < kernels.loss_count; ++i)
        if (name == kernels.losses[i].name) return i;
    return -1;
}

// The loss itself: the table's, or the caller's own.
template <class T>
const LossKernels<T>& kernels_of(const KernelTable<T>& kernels, const LossSpec& loss) {
    const CustomLoss* custom = loss.parameters.custom;
    return custom != nullptr ? custom_kernels<T>(*custom) : kernels.losses[loss.index];
}

// Bound of the second derivative, or what the spec says is typical of a loss without.
template <class T>
double curvature_of(const KernelTable<T>& kernels, const LossSpec& loss) {
    const double bound = kernels_of(kernels, loss).curvature(loss.parameters);
    return bound < unbounded ? bound : loss.curvature;
}

}  // namespace fastgd

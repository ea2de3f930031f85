// A loss as the core carries it: an entry of the kernels' table and its parameter.
#pragma once

#include <string_view>

#include "../kernels/table.hpp"

namespace fastgd {

struct LossSpec {
    Index index = 0;
    double parameter = 0.0;
};

// Index of the loss with this name, or -1.
template <class T>
Index find_loss(const KernelTable<T>& kernels, std::string_view name) {
    for (Index i = 0; i < kernels.loss_count; ++i)
        if (name == kernels.losses[i].name) return i;
    return -1;
}

}  // namespace fastgd

// A loss of the caller's own: a kernels' entry for functions that are called, not inlined.
#pragma once

#include "../kernels/table.hpp"

namespace fastgd {

enum class Derivative { none, first, second };

// Called by all threads of an objective, with numbers in double whatever the kernels compute in.
class CustomLoss {
  public:
    explicit CustomLoss(Targets of) : targets(of) {}
    virtual ~CustomLoss() = default;

    // out[i] = the loss or its derivative in z at (y[i], z[i])
    virtual void evaluate(Derivative order, const double* y, const double* z, Index count,
                          double* out) const noexcept = 0;
    virtual bool tells(Derivative order) const noexcept = 0;
    // A call costs more than what it does for a tile in the first cache level.
    virtual bool slow_to_call() const noexcept = 0;

    // The second derivative; differences of the first where it is not told.
    void bends(const double* y, const double* z, Index count, double* out) const noexcept;

    const Targets targets;
};

// What takes the place of an entry of the kernels' table. `shape` of its parameters is the bound of
// the second derivative, or what is typical of it.
template <class T>
const LossKernels<T>& custom_kernels(const CustomLoss& loss);

}  // namespace fastgd

// A loss of the caller's own: a kernels' entry for functions that are called, not inlined.
#pragma once

#include "../kernels/table.hpp"

namespace fastgd {

// Where a loss and its derivatives in z are put; null where they are not asked for.
struct LossNumbers {
    double* value = nullptr;
    double* derivative = nullptr;
    double* second_derivative = nullptr;
};

// Called by all threads of an objective, with numbers in double whatever the kernels compute in.
class CustomLoss {
  public:
    explicit CustomLoss(Targets of) : targets(of) {}
    virtual ~CustomLoss() = default;

    // What is asked for at each (y[i], z[i]).
    virtual void evaluate(const double* y, const double* z, Index count,
                          LossNumbers out) const noexcept = 0;
    virtual bool tells_second_derivative() const noexcept = 0;
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

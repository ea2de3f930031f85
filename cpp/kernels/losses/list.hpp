// Every loss the kernels know; the order here is the order of the loss table.
#pragma once

#include "huber.hpp"
#include "log_loss.hpp"
#include "squared_error.hpp"

namespace fastgd::FASTGD_ISA {
namespace {

// A loss is built from its parameter and answers value, derivative and working weight in z.
template <class Loss, class T>
concept PointwiseLoss = requires(const Loss loss, T z, T y) {
    Loss(0.0);
    loss.value(z, y) + loss.derivative(z, y) + loss.working_weight(z, y);
    Loss::curvature + (Loss::binary_targets ? 1 : 0) + (Loss::quadratic ? 1 : 0);
    Loss::name[0];
};

template <template <class> class... Losses>
struct LossList {
    static constexpr int count = sizeof...(Losses);
    static_assert((PointwiseLoss<Losses<float>, float> && ...));
    static_assert((PointwiseLoss<Losses<double>, double> && ...));
};

using AllLosses = LossList<SquaredError, LogLoss, Huber>;

}  // namespace
}  // namespace fastgd::FASTGD_ISA

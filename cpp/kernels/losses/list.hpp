// Every loss the kernels know; the order here is the order of the loss table.
#pragma once

#include "deviance.hpp"
#include "epsilon_insensitive.hpp"
#include "hinge.hpp"
#include "huber.hpp"
#include "log_loss.hpp"
#include "quantile.hpp"
#include "squared_error.hpp"
#include "squared_ramp.hpp"

namespace fastgd::FASTGD_ISA {
namespace {

// A loss is built from its parameters and answers value, derivative and working weight in z.
template <class Loss, class T>
concept PointwiseLoss = requires(const Loss loss, T z, T y) {
    Loss(LossParameters{});
    loss.value(z, y) + loss.derivative(z, y) + loss.working_weight(z, y);
    Loss::curvature(LossParameters{}) + (Loss::quadratic ? 1 : 0);
    Loss::targets == Targets::real;
    Loss::name[0];
};

template <template <class> class... Losses>
struct LossList {
    static constexpr int count = sizeof...(Losses);
    static_assert((PointwiseLoss<Losses<float>, float> && ...));
    static_assert((PointwiseLoss<Losses<double>, double> && ...));
};

using AllLosses = LossList<SquaredError, LogLoss, Huber, EpsilonInsensitive,
                           SquaredEpsilonInsensitive, Quantile, Hinge, SquaredHinge, ModifiedHuber,
                           SmoothedHinge, Perceptron, Poisson, Gamma, Tweedie>;

}  // namespace
}  // namespace fastgd::FASTGD_ISA

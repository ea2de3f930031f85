// The step of a mini-batch with a rate per coefficient: adagrad, rmsprop, adam, adamw.
#pragma once

#include "step.hpp"

namespace fastgd::FASTGD_ISA {
namespace {

template <bool Factors, class T>
void adaptive_step_with(const BatchStep<T>& s) noexcept {
    const AdaptiveRule<T>& rule = s.adaptive;
    for (Index k = 0; k < s.outputs; ++k) {
        const Index row = k * s.columns;
        for_stepped(s, k, [&](auto width, Index j) {
            constexpr int L = decltype(width)::value;
            const Vector<T, L> c = load<L>(s.coef + row + j);
            Vector<T, L> gradient = batch_gradient<L>(s, k, j);
            const auto ridge = strength_in<L, Factors>(s.penalty.l2, s.penalty.l2_factor, j);
            if (!rule.decoupled) gradient += c * ridge;
            Vector<T, L> unit = Vector<T, L>{} + T(1);
            if (rule.unit != nullptr) unit = load<L>(rule.unit + j);
            gradient *= unit;
            const Vector<T, L> square = load<L>(rule.square + row + j) * rule.square_kept +
                                        gradient * gradient * rule.square_added;
            store<L, T>(rule.square + row + j, square);
            Vector<T, L> mean = gradient;
            if (s.velocity != nullptr) {
                mean = load<L>(s.velocity + row + j) * s.momentum + gradient * rule.mean_added;
                store<L, T>(s.velocity + row + j, mean);
                mean *= rule.mean_correction;
            }
            const Vector<T, L> root = square_root<T, L>(square * rule.square_correction);
            const Vector<T, L> t = unit * s.step / (root + rule.epsilon);
            Vector<T, L> moved = c - t * mean;
            if (rule.decoupled) moved -= c * (s.step * ridge);
            // the metric of this step is t * unit: its proximal operator has exact zeros
            if (s.penalty.l1 != 0)
                moved = soft_threshold(
                    moved,
                    t * unit * strength_in<L, Factors>(s.penalty.l1, s.penalty.l1_factor, j));
            if constexpr (Factors)
                if (s.penalty.low != nullptr) moved = projected<L>(moved, s.penalty, row + j);
            store<L, T>(s.coef + row + j, moved);
            sum_iterates<L>(s, row + j, moved);
        });
    }
}

template <class T>
void adaptive_step(const BatchStep<T>& s) noexcept {
    if (s.penalty.l1_factor != nullptr)
        adaptive_step_with<true>(s);
    else
        adaptive_step_with<false>(s);
}

}  // namespace
}  // namespace fastgd::FASTGD_ISA

// One coefficient's step with its penalty, for a row and for a mini-batch.
#pragma once

#include "vector.hpp"

namespace fastgd::FASTGD_ISA {
namespace {

// Proximal operator of threshold * |v|.
template <class V>
[[gnu::always_inline]] inline V soft_threshold(V v, V threshold) {
    const V zero = {};
    return v > threshold ? v - threshold : (v < -threshold ? v + threshold : zero);
}

// The same of one number, without a branch that its sign would decide.
template <class T>
[[gnu::always_inline]] inline T shrunk(T v, T threshold) {
    if constexpr (sizeof(T) == sizeof(float)) {
        const T size = __builtin_fabsf(v) - threshold;
        return __builtin_copysignf(size > 0 ? size : T(0), v);
    } else {
        const T size = __builtin_fabs(v) - threshold;
        return __builtin_copysign(size > 0 ? size : T(0), v);
    }
}

// A few coefficients, from number `at` on, within their bounds; NaN stays what it is.
template <int L, class T>
[[gnu::always_inline]] inline Vector<T, L> projected(Vector<T, L> v, const Penalty<T>& penalty,
                                                     Index at) {
    const Vector<T, L> low = load<L>(penalty.low + at);
    const Vector<T, L> high = load<L>(penalty.high + at);
    return v < low ? low : (v > high ? high : v);
}

// What the proximal operator leaves of a step from c: momentum carries that on, not the step.
template <class V>
[[gnu::always_inline]] inline V proximal_step(V c, V step, V threshold) {
    const V v = c + step;
    return v > threshold ? step - threshold : (v < -threshold ? step + threshold : -c);
}

// A strength of the penalty in L columns from j on; `factor` is read if there are factors.
template <int L, bool Factors, class T>
[[gnu::always_inline]] inline Vector<T, L> strength_in(T strength, const T* factor, Index j) {
    Vector<T, L> result = Vector<T, L>{} + strength;
    if constexpr (Factors) result *= load<L>(factor + j);
    return result;
}

// The last two have a factor per column, the very last bounds as well.
enum class PenaltyKind { none, ridge, lasso, ridge_in_columns, lasso_in_columns };

template <PenaltyKind Kind>
struct KindOf {
    static constexpr PenaltyKind value = Kind;
};

// Calls body(KindOf<Kind>{}) with the kind of a penalty.
template <class T, class Body>
[[gnu::always_inline]] inline void by_penalty(const Penalty<T>& penalty, const Body& body) {
    const bool factors = penalty.l1_factor != nullptr;
    if (penalty.low != nullptr || (penalty.l1 != 0 && factors))
        body(KindOf<PenaltyKind::lasso_in_columns>{});
    else if (penalty.l1 != 0)
        body(KindOf<PenaltyKind::lasso>{});
    else if (penalty.l2 != 0 && factors)
        body(KindOf<PenaltyKind::ridge_in_columns>{});
    else if (penalty.l2 != 0)
        body(KindOf<PenaltyKind::ridge>{});
    else
        body(KindOf<PenaltyKind::none>{});
}

// What a chunk keeps beside its coefficients.
enum class Mode { plain, averaged, anchored };

constexpr bool has_kinks(PenaltyKind kind) {
    return kind == PenaltyKind::lasso || kind == PenaltyKind::lasso_in_columns;
}

// What a step along a row, x being its entries there, leaves of coefficients c in L columns from j
// on, before kinks and bounds. `gradient` is the one at the anchor.
template <int L, bool Metric, PenaltyKind Kind, Mode Keeps, class T>
[[gnu::always_inline]] inline Vector<T, L> moved_along(Vector<T, L> c, Vector<T, L> x,
                                                       const SgdChunk<T>& s, T step, T multiplier,
                                                       const T* gradient, Index j) {
    constexpr bool factors = Kind > PenaltyKind::lasso;
    Vector<T, L> move = x * multiplier;
    if constexpr (Keeps == Mode::anchored) move += load<L>(gradient + j) * step;
    if constexpr (Kind != PenaltyKind::none)
        move += c * strength_in<L, factors>(step * s.penalty.l2, s.penalty.l2_factor, j);
    if constexpr (Metric) move *= load<L>(s.metric + j);
    return c - move;
}

// The proximal operator of the penalty's kinks and bounds, number `at` of all outputs.
template <int L, bool Metric, PenaltyKind Kind, class T>
[[gnu::always_inline]] inline Vector<T, L> kinked(Vector<T, L> c, const SgdChunk<T>& s, T step,
                                                  Index j, Index at) {
    if constexpr (has_kinks(Kind)) {
        constexpr bool factors = Kind == PenaltyKind::lasso_in_columns;
        auto t = strength_in<L, factors>(step * s.penalty.l1, s.penalty.l1_factor, j);
        if constexpr (Metric) t *= load<L>(s.metric + j);
        if constexpr (L == 1)
            c[0] = shrunk(T(c[0]), T(t[0]));
        else
            c = soft_threshold(c, t);
    }
    if constexpr (Kind == PenaltyKind::lasso_in_columns)
        if (s.penalty.low != nullptr) c = projected<L>(c, s.penalty, at);
    return c;
}

// The gradient of a batch's mean loss in L columns from j on, of output k.
template <int L, class T>
[[gnu::always_inline]] inline Vector<T, L> batch_gradient(const BatchStep<T>& s, Index k, Index j) {
    const T* partial = s.partial + k * s.columns + j;
    Vector<T, L> gradient = load<L>(partial);
    for (Index p = 1; p < s.partials; ++p) gradient += load<L>(partial + p * s.partial_stride);
    gradient *= s.scale;
    if (s.anchor_gradient != nullptr) gradient += load<L>(s.anchor_gradient + k * s.columns + j);
    return gradient;
}

// Calls body(Width<L>, j) over the columns that take a step, of output k.
template <class T, class Body>
[[gnu::always_inline]] inline void for_stepped(const BatchStep<T>& s, Index k, const Body& body) {
    if (s.touched == nullptr) return for_columns<T>(0, s.columns, body);
    // columns lie anywhere
    constexpr Index ahead = 16;
    for (Index n = 0; n < s.touched_count; ++n) {
        if (n + ahead < s.touched_count) {
            const Index j = s.touched[n + ahead];
            __builtin_prefetch(s.partial + k * s.columns + j);
            __builtin_prefetch(s.coef + k * s.columns + j, 1);
            if (s.metric != nullptr) __builtin_prefetch(s.metric + j);
        }
        body(Width<1>{}, Index{s.touched[n]});
    }
}

// Adds iterates, from number `at` on, to their sums.
template <int L, class T>
[[gnu::always_inline]] inline void sum_iterates(const BatchStep<T>& s, Index at, Vector<T, L> c) {
    if (s.coef_sum != nullptr) store<L, T>(s.coef_sum + at, load<L>(s.coef_sum + at) + c);
    if (s.total != nullptr)
        for (int l = 0; l < L; ++l) s.total[at + l] += static_cast<double>(c[l]);
}

// Carried: there are kinks or bounds and a velocity, which carries what they leave of a step (Ochs,
// Chen, Brox and Pock 2014): only then is the optimum alone at rest.
template <bool Factors, bool Carried, class T>
void batch_step_with(const BatchStep<T>& s) noexcept {
    for (Index k = 0; k < s.outputs; ++k) {
        T* coef = s.coef + k * s.columns;
        for_stepped(s, k, [&](auto width, Index j) {
            constexpr int L = decltype(width)::value;
            const Vector<T, L> gradient = batch_gradient<L>(s, k, j);
            Vector<T, L> t = Vector<T, L>{} + s.step;
            if (s.metric != nullptr) t *= load<L>(s.metric + j);
            const Vector<T, L> c = load<L>(coef + j);
            // the ridge belongs to the smooth part: momentum carries it too
            Vector<T, L> move = -(
                t * (gradient + c * strength_in<L, Factors>(s.penalty.l2, s.penalty.l2_factor, j)));
            const auto threshold = [&] {
                return t * strength_in<L, Factors>(s.penalty.l1, s.penalty.l1_factor, j);
            };
            if constexpr (Carried) {
                T* velocity = s.velocity + k * s.columns;
                const Vector<T, L> carried = load<L>(velocity + j) * s.momentum;
                move = proximal_step(c, s.nesterov ? move : carried + move, threshold());
                if constexpr (Factors)
                    if (s.penalty.low != nullptr)
                        move = projected<L>(c + move, s.penalty, k * s.columns + j) - c;
                const Vector<T, L> v = s.nesterov ? carried + move : move;
                store<L, T>(velocity + j, v);
                if (s.nesterov) move += v * s.momentum;
            } else if (s.velocity != nullptr) {
                T* velocity = s.velocity + k * s.columns;
                const Vector<T, L> v = load<L>(velocity + j) * s.momentum + move;
                store<L, T>(velocity + j, v);
                move = s.nesterov ? v * s.momentum + move : v;
            }
            Vector<T, L> moved = c + move;
            if constexpr (!Carried)
                if (s.penalty.l1 != 0) moved = soft_threshold(moved, threshold());
            if constexpr (Factors)
                if (s.penalty.low != nullptr)
                    moved = projected<L>(moved, s.penalty, k * s.columns + j);
            store<L, T>(coef + j, moved);
            sum_iterates<L>(s, k * s.columns + j, moved);
        });
    }
}

template <class T>
void batch_step(const BatchStep<T>& s) noexcept {
    const bool carried = (s.penalty.l1 != 0 || s.penalty.low != nullptr) && s.velocity != nullptr;
    if (s.penalty.l1_factor != nullptr)
        carried ? batch_step_with<true, true>(s) : batch_step_with<true, false>(s);
    else
        carried ? batch_step_with<false, true>(s) : batch_step_with<false, false>(s);
}

}  // namespace
}  // namespace fastgd::FASTGD_ISA

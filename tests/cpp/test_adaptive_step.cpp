// The kernel of adaptive updates against its formula in long double, and its rules by age.
#include <algorithm>

#include "check.hpp"
#include "core/adaptive.hpp"
#include "core/penalty.hpp"
#include "levels.hpp"
#include "numbers.hpp"

namespace fastgd::testing {
namespace {

struct AdaptiveKind {
    bool unit;
    bool mean;
    bool decoupled;
    double l1;
    double l2;
    bool averaged = false;
    bool anchored = false;
    bool factors = false;  // of the penalty, per column
    bool bounded = false;  // with factors, by -1/4 and 1/4
};

template <class T>
void check_step(const KernelTable<T>& kernels, Index columns, Index outputs, Index partials,
                const AdaptiveKind& kind, Numbers& numbers) {
    const Index size = outputs * columns;
    const Index stride = size + 3;
    const Exact<T> partial(numbers.uniforms<T>(partials * stride, -1, 1));
    const Exact<T> unit(numbers.uniforms<T>(columns, 0.5, 2));
    const Exact<T> start(numbers.uniforms<T>(size, -1, 1));
    const Exact<T> mean(numbers.uniforms<T>(size, -1, 1));
    const Exact<T> square(numbers.uniforms<T>(size, 0.1, 1));
    const Exact<T> anchor(numbers.uniforms<T>(size, -1, 1));
    const Exact<T> sum(numbers.uniforms<T>(size, -1, 1));
    Exact<T> coef = start, new_mean = mean, new_square = square, coef_sum = sum;
    BatchStep<T> step{};
    step.partial = partial.data();
    step.partials = partials;
    step.partial_stride = stride;
    step.outputs = outputs;
    step.columns = columns;
    step.scale = T(0.25);
    step.anchor_gradient = kind.anchored ? anchor.data() : nullptr;
    step.step = T(0.3);
    step.momentum = T(0.75);
    const Exact<T> l1_factor(numbers.uniforms<T>(columns, 0, 2));
    const Exact<T> l2_factor(numbers.uniforms<T>(columns, 0, 2));
    step.penalty = {static_cast<T>(kind.l1), static_cast<T>(kind.l2)};
    step.penalty.l1_factor = kind.factors ? l1_factor.data() : nullptr;
    step.penalty.l2_factor = kind.factors ? l2_factor.data() : nullptr;
    const Exact<T> low(LargeVector<T>(static_cast<std::size_t>(size), T(-0.25)));
    const Exact<T> high(LargeVector<T>(static_cast<std::size_t>(size), T(0.25)));
    step.penalty.low = kind.bounded ? low.data() : nullptr;
    step.penalty.high = kind.bounded ? high.data() : nullptr;
    step.coef = coef.data();
    step.velocity = kind.mean ? new_mean.data() : nullptr;
    step.coef_sum = kind.averaged ? coef_sum.data() : nullptr;
    step.adaptive = {.unit = kind.unit ? unit.data() : nullptr,
                     .square = new_square.data(),
                     .square_kept = T(0.875),
                     .square_added = T(0.5),
                     .square_correction = T(1.5),
                     .mean_added = T(0.25),
                     .mean_correction = T(2),
                     .epsilon = T(0.125),
                     .decoupled = kind.decoupled};
    kernels.adaptive_step(step);

    const AdaptiveRule<T>& rule = step.adaptive;
    for (Index k = 0; k < outputs; ++k)
        for (Index j = 0; j < columns; ++j) {
            const Index at = k * columns + j;
            const long double l1 = step.penalty.l1 * (kind.factors ? l1_factor[j] : 1.0L);
            const long double l2 = step.penalty.l2 * (kind.factors ? l2_factor[j] : 1.0L);
            long double gradient = 0;
            for (Index p = 0; p < partials; ++p) gradient += partial[p * stride + at];
            gradient = gradient * step.scale + (kind.anchored ? anchor[at] : 0);
            if (!kind.decoupled) gradient += l2 * start[at];
            const long double u = kind.unit ? unit[j] : T(1);
            gradient *= u;
            const long double expected_square =
                rule.square_kept * static_cast<long double>(square[at]) +
                rule.square_added * gradient * gradient;
            const long double expected_mean =
                step.momentum * static_cast<long double>(mean[at]) + rule.mean_added * gradient;
            const long double direction =
                kind.mean ? expected_mean * rule.mean_correction : gradient;
            const long double t =
                step.step * u /
                (std::sqrt(expected_square * rule.square_correction) + rule.epsilon);
            long double moved = start[at] - t * direction;
            if (kind.decoupled) moved -= static_cast<long double>(step.step) * l2 * start[at];
            const long double threshold = t * u * l1;
            long double expected = moved > threshold    ? moved - threshold
                                   : moved < -threshold ? moved + threshold
                                                        : 0;
            if (kind.bounded) expected = std::clamp(expected, -0.25L, 0.25L);
            constexpr double units = 64;
            check(close(coef[at], expected, 4, units), kernels.isa, " columns ", columns, " at ",
                  at, ": ", coef[at], ", expected ", expected);
            check(close(new_square[at], expected_square, 4, units), kernels.isa, " square at ", at);
            check(!kind.mean || close(new_mean[at], expected_mean, 4, units), kernels.isa,
                  " mean at ", at);
            check(!kind.averaged || close(coef_sum[at], sum[at] + expected, 4, units), kernels.isa,
                  " sum at ", at);
        }
}

void every_width() {
    const AdaptiveKind kinds[] = {
        {false, false, false, 0, 0},
        {true, false, false, 0.3, 0.5},
        {false, true, false, 0, 0.5, true},
        {true, true, true, 0.3, 0.5, true, true},
        {true, true, false, 0, 0, false, true},
        {true, true, false, 0.3, 0.5, false, false, true},
        {true, true, false, 0.1, 0.5, true, false, true, true},
        {false, true, true, 0.3, 0.5, true, true, true},
    };
    each_kernel_table([&](const auto& kernels) {
        Numbers numbers(8);
        for (Index columns = 0; columns <= 67; ++columns)
            for (const Index outputs : {1, 3})
                for (const Index partials : {1, 3})
                    for (const AdaptiveKind& kind : kinds)
                        check_step(kernels, columns, outputs, partials, kind, numbers);
    });
}

// A coefficient whose column is empty has no gradient and stays, whatever epsilon divides.
void no_gradient_moves_nothing() {
    each_kernel_table([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        const LargeVector<T> partial(5, T(0));
        LargeVector<T> coef{T(0), T(1), T(-1), T(2), T(0)}, square(5, T(0));
        const LargeVector<T> start = coef;
        BatchStep<T> step{};
        step.partial = partial.data();
        step.partials = 1;
        step.outputs = 1;
        step.columns = 5;
        step.scale = T(1);
        step.step = T(1);
        step.coef = coef.data();
        step.adaptive.square = square.data();
        step.adaptive.square_kept = step.adaptive.square_added = T(1);
        step.adaptive.epsilon = T(1e-10);
        kernels.adaptive_step(step);
        check(coef == start, kernels.isa);
    });
}

// At every age an average of equal gradients, corrected, is that gradient.
void young_averages_are_corrected() {
    DescentOptions options;
    options.momentum = 0.9;
    options.beta2 = 0.99;
    for (const Update update : {Update::adam, Update::adamw}) {
        options.update = update;
        double mean = 0.0, square = 0.0;
        for (std::int64_t age = 1; age <= 2000; ++age) {
            const auto rule = adaptive_rule<double>(options, age);
            mean = options.momentum * mean + rule.mean_added * 3.0;
            square = rule.square_kept * square + rule.square_added * 9.0;
            check(std::abs(mean * rule.mean_correction - 3.0) < 1e-12, age);
            check(std::abs(square * rule.square_correction - 9.0) < 1e-12, age);
            check(rule.decoupled == (update == Update::adamw));
        }
    }
}

void sums_and_plain_averages_are_not() {
    DescentOptions options;
    options.update = Update::adagrad;
    const auto sum = adaptive_rule<double>(options, 7);
    check(sum.square_kept == 1.0 && sum.square_added == 1.0 && sum.square_correction == 1.0);
    check(sum.epsilon == 1e-10);
    options.update = Update::rmsprop;
    options.gradient_unit = 100.0;
    const auto average = adaptive_rule<double>(options, 7);
    check(average.square_kept == 0.999 && average.square_correction == 1.0);
    check(average.epsilon == 1e-8 * 100.0, "epsilon is in the gradient's unit");
}

}  // namespace
}  // namespace fastgd::testing

int main(int argc, char** argv) {
    using namespace fastgd::testing;
    return run({{"every width", every_width},
                {"no gradient moves nothing", no_gradient_moves_nothing},
                {"young averages are corrected", young_averages_are_corrected},
                {"sums and plain averages are not", sums_and_plain_averages_are_not}},
               argc, argv);
}

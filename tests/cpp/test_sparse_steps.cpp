// Steps along sparse rows, which columns take when they are asked for, against those along the
// same rows with their zeros, which all columns take at once.
#include <algorithm>

#include "check.hpp"
#include "core/lazy_steps.hpp"
#include "core/loss.hpp"
#include "levels.hpp"
#include "loss_oracle.hpp"
#include "sparse_tile.hpp"

namespace fastgd::testing {
namespace {

struct Kind {
    const char* name;
    double l1 = 0.0;
    double l2 = 0.0;
    bool scaled = false;  // a metric, and a cap on steps
    bool shifted = false;  // with a metric
    bool averaged = false;
    bool anchored = false;
    bool factors = false;
    bool bounded = false;  // with factors
    bool weighted = false;
    bool held = true;
    double step = 0.05;
    bool passive_aggressive = false;
    bool damped = false;  // these
};

template <class T>
double largest_difference(const LargeVector<T>& a, const LargeVector<T>& b) {
    double largest = 0.0;
    for (std::size_t i = 0; i < a.size(); ++i)
        largest =
            std::fmax(largest, std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i])));
    return largest;
}

template <class T>
void check_kind(const KernelTable<T>& kernels, Index loss, const Kind& kind, Index outputs) {
    constexpr Index rows = 300, columns = 83;
    Numbers numbers(11);
    const SparseTile<T> tile(numbers, rows, columns);
    const auto size = static_cast<std::size_t>(outputs * columns);
    LargeVector<T> y = numbers.uniforms<T>(rows * outputs, -1, 1);
    for (T& v : y)
        v = static_cast<T>(target_like(kernels.losses[loss].name, kernels.losses[loss].targets,
                                       static_cast<double>(v)));
    LargeVector<T> weight = numbers.uniforms<T>(rows * outputs, 0, 2);
    weight[5] = 0;
    const LargeVector<T> metric = numbers.uniforms<T>(columns, 0.2, 2);
    const LargeVector<T> zeros(static_cast<std::size_t>(columns), T(0));
    const LargeVector<T> l1_factor = numbers.uniforms<T>(columns, 0, 2);
    const LargeVector<T> l2_factor = numbers.uniforms<T>(columns, 0, 2);
    const LargeVector<T> low = numbers.uniforms<T>(outputs * columns, -0.6, 0.1);
    LargeVector<T> high = numbers.uniforms<T>(outputs * columns, 0.1, 0.6);
    const LargeVector<T> anchor = numbers.uniforms<T>(outputs * columns, -1, 1);
    const LargeVector<T> anchor_intercept = numbers.uniforms<T>(outputs, -1, 1);
    const LargeVector<T> gradient = numbers.uniforms<T>(outputs * (columns + 1), -0.05, 0.05);
    LargeVector<T> step(static_cast<std::size_t>(rows), static_cast<T>(kind.step));
    if (!kind.held)
        for (std::size_t i = 0; i < step.size(); ++i)
            step[i] = static_cast<T>(kind.step / std::sqrt(1.0 + static_cast<double>(i)));
    LargeVector<T> start = numbers.uniforms<T>(outputs * columns, -1, 1);
    if (kind.bounded)
        for (std::size_t at = 0; at < size; ++at)
            start[at] = std::clamp(start[at], low[at], high[at]);

    SgdChunk<T> chunk{};
    chunk.outputs = outputs;
    chunk.slope = kernels.losses[loss].slope;
    chunk.moves = kernels.losses[loss].moves;
    chunk.metric = kind.scaled ? metric.data() : nullptr;
    chunk.intercept_metric = T(0.5);
    chunk.damped = kind.damped;
    chunk.curvature = kind.scaled ? T(1) : T(0);
    chunk.penalty = {static_cast<T>(kind.l1), static_cast<T>(kind.l2)};
    PenaltyStrength penalty{kind.l1, kind.l2};
    if (kind.factors) {
        chunk.penalty.l1_factor = l1_factor.data();
        chunk.penalty.l2_factor = l2_factor.data();
        penalty.l1_factor.assign(l1_factor.begin(), l1_factor.end());
        penalty.l2_factor.assign(l2_factor.begin(), l2_factor.end());
    }
    if (kind.bounded) {
        chunk.penalty.low = low.data();
        chunk.penalty.high = high.data();
        penalty.box.low.assign(low.begin(), low.end());
        penalty.box.high.assign(high.begin(), high.end());
    }
    if (kind.anchored) chunk.anchor = {anchor.data(), anchor_intercept.data(), gradient.data()};
    Preconditioner preconditioner;
    if (kind.scaled) preconditioner.metric.assign(metric.begin(), metric.end());
    if (kind.shifted) preconditioner.shift = tile.shifts();

    const auto run = [&](SgdChunk<T>& part, Index begin, LargeVector<T>& coef,
                         LargeVector<T>& intercept, LargeVector<T>& intercept_sum) {
        part.y = y.data() + begin * outputs;
        part.weight = kind.weighted ? weight.data() + begin * outputs : nullptr;
        part.step = step.data() + begin;
        part.coef = coef.data();
        part.intercept = intercept.data();
        part.intercept_sum = intercept_sum.data();
        kind.passive_aggressive ? kernels.passive_aggressive(part) : kernels.sgd(part);
    };
    LargeVector<T> dense = start, dense_intercept(static_cast<std::size_t>(outputs)),
                   dense_sum(size), dense_intercept_sum(dense_intercept);
    SgdChunk<T> whole = chunk;
    whole.tile = tile.dense(0, rows, kind.shifted ? tile.shift() : zeros.data());
    whole.coef_sum = kind.averaged ? dense_sum.data() : nullptr;
    run(whole, 0, dense, dense_intercept, dense_intercept_sum);
    if (kind.passive_aggressive && !kind.damped)
        for (std::size_t i = 0; i < step.size(); ++i)
            if (i % 20 == 7 || i % 20 == 9) step[i] = 0;  // rows of zeros

    LazySteps<T> lazy(columns, penalty, preconditioner);
    lazy.restart(kind.held ? static_cast<double>(static_cast<T>(kind.step)) : 0.0);
    LargeVector<T> coef = start, intercept(static_cast<std::size_t>(outputs)),
                   intercept_sum(intercept);
    LargeVector<double> total(size, 0.0);
    const auto bring_up = [&] {
        const LazyColumns<T> late = lazy.columns(0, kind.averaged ? total.data() : nullptr);
        kernels.bring_up(late, chunk.penalty, chunk.metric, chunk.anchor.gradient, columns, outputs,
                         coef.data());
        lazy.restart(lazy.held());
    };
    for (Index begin = 0; begin < rows;) {
        const Index most = std::min(1 + numbers.below(40), rows - begin);
        const Index count = lazy.take(step.data() + begin, most);
        SgdChunk<T> part = chunk;
        part.tile = tile.sparse(begin, count, kind.shifted);
        part.lazy = lazy.columns(count, kind.averaged ? total.data() : nullptr);
        run(part, begin, coef, intercept, intercept_sum);
        begin += count;
        if (lazy.full() || numbers.below(9) == 0) bring_up();
    }
    bring_up();
    constexpr double units = 400;
    const double rounding = units * static_cast<double>(std::numeric_limits<T>::epsilon());
    const auto say = [&](const char* what) {
        return std::string(kind.name) + " " + kernels.isa + " " + kernels.losses[loss].name + " " +
               what;
    };
    check(largest_difference(coef, dense) < rounding, say("coef "),
          largest_difference(coef, dense));
    check(largest_difference(intercept, dense_intercept) < rounding, say("intercept"));
    if (!kind.averaged) return;
    const LargeVector<T> sum(total.begin(), total.end());
    check(largest_difference(sum, dense_sum) < rounding * rows, say("sum "),
          largest_difference(sum, dense_sum));
    check(largest_difference(intercept_sum, dense_intercept_sum) < rounding * rows,
          say("intercept sum"));
}

void as_with_zeros() {
    const Kind kinds[] = {
        {.name = "plain"},
        {.name = "weighted", .weighted = true},
        {.name = "scaled", .scaled = true, .weighted = true},
        {.name = "centred", .scaled = true, .shifted = true, .step = 0.6},
        {.name = "ridge", .l2 = 0.1},
        {.name = "ridge in the metric", .l2 = 0.1, .scaled = true, .shifted = true},
        {.name = "ridge by column", .l2 = 0.1, .factors = true},
        {.name = "lasso", .l1 = 0.02},
        {.name = "lasso in the metric", .l1 = 0.02, .scaled = true, .shifted = true},
        {.name = "elastic net", .l1 = 0.02, .l2 = 0.1, .weighted = true},
        {.name = "elastic net by column", .l1 = 0.02, .l2 = 0.1, .scaled = true, .factors = true},
        {.name = "bounds", .l1 = 0.02, .l2 = 0.1, .factors = true, .bounded = true},
        {.name = "bounds alone", .scaled = true, .factors = true, .bounded = true},
        {.name = "averaged", .averaged = true},
        {.name = "averaged ridge", .l2 = 0.1, .averaged = true},
        {.name = "averaged elastic net", .l1 = 0.05, .l2 = 0.1, .averaged = true},
        {.name = "averaged in the metric",
         .l1 = 0.05,
         .l2 = 0.1,
         .scaled = true,
         .shifted = true,
         .averaged = true},
        {.name = "averaged in bounds",
         .l1 = 0.05,
         .l2 = 0.1,
         .averaged = true,
         .factors = true,
         .bounded = true},
        {.name = "anchored", .anchored = true},
        {.name = "anchored in the metric", .scaled = true, .shifted = true, .anchored = true},
        {.name = "anchored ridge", .l2 = 0.1, .scaled = true, .anchored = true},
        {.name = "anchored lasso", .l1 = 0.02, .anchored = true},
        {.name = "anchored elastic net",
         .l1 = 0.02,
         .l2 = 0.1,
         .scaled = true,
         .shifted = true,
         .anchored = true,
         .weighted = true},
        {.name = "anchored in bounds",
         .l1 = 0.02,
         .l2 = 0.1,
         .anchored = true,
         .factors = true,
         .bounded = true},
        {.name = "steps that turn round", .l1 = 0.02, .l2 = 25, .averaged = true},
        {.name = "ridge that turns round", .l2 = 25, .averaged = true},
        {.name = "ridge that ends at once", .l2 = 16, .averaged = true, .step = 0.0625},
        {.name = "anchored light ridge", .l2 = 2e-4, .anchored = true, .factors = true},
    };
    each_kernel_table([&](const auto& kernels) {
        for (Kind kind : kinds)
            for (const bool held : {true, false})
                for (const Index outputs : {1, 3}) {
                    kind.held = held;
                    check_kind(kernels, 0, kind, outputs);
                }
        for (Index loss = 1; loss < pointwise_losses(kernels); ++loss)
            check_kind(kernels, loss, kinds[9], 1);
    });
}

// Bounded by `step`; and rows of zeros, whose steps along columns as given PA-I leaves out.
void passive_aggressive_as_with_zeros() {
    const Kind kinds[] = {
        {.name = "passive-aggressive"},
        {.name = "passive-aggressive, weighted", .weighted = true},
        {.name = "passive-aggressive, cut seldom", .step = 2},
        {.name = "passive-aggressive, ridge", .l2 = 0.1},
        {.name = "passive-aggressive, ridge by column", .l2 = 0.1, .factors = true},
        {.name = "passive-aggressive, lasso", .l1 = 0.02},
        {.name = "passive-aggressive, elastic net", .l1 = 0.02, .l2 = 0.1, .weighted = true},
        {.name = "passive-aggressive, averaged", .averaged = true},
        {.name = "passive-aggressive, averaged ridge", .l2 = 0.1, .averaged = true},
        {.name = "passive-aggressive, averaged lasso", .l1 = 0.05, .averaged = true},
        {.name = "passive-aggressive, averaged in bounds",
         .l1 = 0.05,
         .l2 = 0.1,
         .averaged = true,
         .factors = true,
         .bounded = true},
        {.name = "passive-aggressive, ridge that turns round", .l2 = 25, .averaged = true},
    };
    each_kernel_table([&](const auto& kernels) {
        for (const char* name : {"hinge", "epsilon_insensitive"})
            for (Kind kind : kinds)
                for (const bool damped : {false, true})
                    for (const Index outputs : {1, 3}) {
                        kind.passive_aggressive = true;
                        kind.damped = damped;
                        kind.held = false;
                        check_kind(kernels, find_loss(kernels, name), kind, outputs);
                    }
    });
}

}  // namespace
}  // namespace fastgd::testing

int main(int argc, char** argv) {
    using namespace fastgd::testing;
    return run({{"as with zeros", as_with_zeros},
                {"passive-aggressive as with zeros", passive_aggressive_as_with_zeros}},
               argc, argv);
}

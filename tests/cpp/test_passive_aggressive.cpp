// Passive-aggressive steps by their definition, and where the loss of their row ends.
#include <algorithm>
#include <cmath>

#include "check.hpp"
#include "core/loss.hpp"
#include "levels.hpp"
#include "loss_oracle.hpp"
#include "tile.hpp"

namespace fastgd::testing {
namespace {

struct Kind {
    bool damped;
    bool weighted;
    bool with_offset;
    double l1;
    double l2;
    bool averaged;
    bool factors = false;  // of the penalty, per column
    bool bounded = false;  // with factors
};

// Exact kinks.
template <class T>
LossParameters exact(const LossKernels<T>& loss) {
    return {.shape = loss.targets == Targets::binary ? 0.0 : 0.125};
}

template <class T>
struct Oracle {
    std::vector<Real> coef, intercept, coef_sum, intercept_sum;

    void step(const RandomTile<T>& tile, const SgdChunk<T>& s, const LossOracle& loss, Index i,
              Index k) {
        const Index at = i * s.outputs + k;
        Real& b = intercept[static_cast<std::size_t>(k)];
        Real z = b + (s.offset != nullptr ? s.offset[at] : T(0));
        Real norm = 0;
        for (Index j = 0; j < tile.columns(); ++j) {
            z += tile.raw(i, j) * coef[static_cast<std::size_t>(k * tile.columns() + j)];
            norm += tile.raw(i, j) * tile.raw(i, j);
        }
        Real most = s.step[i];
        if (!s.damped && norm == 0) most = 0;
        const Real value = loss.value(z, s.y[at], s.loss);
        Real length = value / (norm + 1 / (2 * most));
        if (!s.damped) length = norm > 0 ? std::min(most, value / norm) : 0;
        const Real move = length * (s.weight != nullptr ? s.weight[at] : T(1)) *
                          loss.derivative(z, s.y[at], s.loss);
        for (Index j = 0; j < tile.columns(); ++j) {
            const Index c = k * tile.columns() + j;
            const Penalty<T>& p = s.penalty;
            const Real l1 = most * p.l1 * (p.l1_factor != nullptr ? p.l1_factor[j] : T(1));
            const Real l2 = most * p.l2 * (p.l2_factor != nullptr ? p.l2_factor[j] : T(1));
            Real& w = coef[static_cast<std::size_t>(c)];
            w -= l2 * w + move * tile.raw(i, j);
            w = w > l1 ? w - l1 : w < -l1 ? w + l1 : 0;
            if (p.low != nullptr) w = std::clamp<Real>(w, p.low[c], p.high[c]);
            coef_sum[static_cast<std::size_t>(c)] += w;
        }
        b -= move * s.intercept_metric;
        intercept_sum[static_cast<std::size_t>(k)] += b;
    }
};

template <class T>
bool all_close(const LargeVector<T>& computed, const std::vector<Real>& expected, double units) {
    for (std::size_t i = 0; i < computed.size(); ++i)
        if (!close(computed[i], expected[i], 1 + std::abs(expected[i]), units)) return false;
    return true;
}

template <class T>
void check_chunk(const KernelTable<T>& kernels, const LossKernels<T>& loss, Index rows,
                 Index columns, Index outputs, const Kind& kind, Numbers& numbers) {
    const RandomTile<T> tile(numbers, rows, columns, false, kind.averaged);
    LargeVector<T> y = numbers.uniforms<T>(rows * outputs, -2, 2);
    for (T& target : y)
        target = static_cast<T>(target_like(loss.name, loss.targets, static_cast<double>(target)));
    LargeVector<T> weights = numbers.uniforms<T>(rows * outputs, 0, 1);
    if (!weights.empty()) weights[0] = 0;
    const Exact<T> weight(weights);
    const Exact<T> offset(numbers.uniforms<T>(rows * outputs, -1, 1));
    const Exact<T> most(numbers.uniforms<T>(rows, 0.01, 0.2));
    const Exact<T> l1_factor(numbers.uniforms<T>(columns, 0, 2));
    const Exact<T> l2_factor(numbers.uniforms<T>(columns, 0, 2));
    const Exact<T> low(numbers.uniforms<T>(outputs * columns, -0.5, 0));
    const Exact<T> high(numbers.uniforms<T>(outputs * columns, 0, 0.5));
    LargeVector<T> coef = numbers.uniforms<T>(outputs * columns, -1, 1);
    LargeVector<T> intercept = numbers.uniforms<T>(outputs, -1, 1);
    LargeVector<T> coef_sum(coef.size()), intercept_sum(intercept.size());
    Oracle<T> expected{{coef.begin(), coef.end()},
                       {intercept.begin(), intercept.end()},
                       std::vector<Real>(coef.size()),
                       std::vector<Real>(intercept.size())};
    SgdChunk<T> chunk{};
    chunk.tile = tile.view();
    chunk.outputs = outputs;
    chunk.y = y.data();
    chunk.weight = kind.weighted ? weight.data() : nullptr;
    chunk.offset = kind.with_offset ? offset.data() : nullptr;
    chunk.slope = loss.slope;
    chunk.loss = exact(loss);
    chunk.damped = kind.damped;
    chunk.step = most.data();
    chunk.intercept_metric = kind.weighted ? T(0) : T(1);
    chunk.penalty = {static_cast<T>(kind.l1), static_cast<T>(kind.l2)};
    chunk.penalty.l1_factor = kind.factors ? l1_factor.data() : nullptr;
    chunk.penalty.l2_factor = kind.factors ? l2_factor.data() : nullptr;
    chunk.penalty.low = kind.bounded ? low.data() : nullptr;
    chunk.penalty.high = kind.bounded ? high.data() : nullptr;
    chunk.coef = coef.data();
    chunk.intercept = intercept.data();
    // columns == 0 must not look like "no average"
    T unused_sum = 0;
    chunk.coef_sum = !kind.averaged ? nullptr : coef_sum.empty() ? &unused_sum : coef_sum.data();
    chunk.intercept_sum = kind.averaged ? intercept_sum.data() : nullptr;
    kernels.passive_aggressive(chunk);
    const LossOracle& oracle = loss_oracle(loss.name);
    for (Index i = 0; i < rows; ++i)
        for (Index k = 0; k < outputs; ++k) expected.step(tile, chunk, oracle, i, k);

    const double units = 8.0 * static_cast<double>((rows + 1) * (columns + 4));
    const auto shown = [&](const char* what) {
        return std::string(loss.name) + ' ' + kernels.isa + ' ' + what + ", rows " +
               std::to_string(rows) + ", columns " + std::to_string(columns) + ", damped " +
               std::to_string(kind.damped);
    };
    check(all_close(coef, expected.coef, units), shown("coef"));
    check(all_close(intercept, expected.intercept, units), shown("intercept"));
    if (!kind.averaged) return;
    check(all_close(coef_sum, expected.coef_sum, units), shown("coef_sum"));
    check(all_close(intercept_sum, expected.intercept_sum, units), shown("intercept_sum"));
}

void steps_at_every_width() {
    const Kind kinds[] = {{false, false, false, 0, 0, false},
                          {true, true, true, 0, 0, false},
                          {true, false, true, 0, 0.1, true},
                          {false, true, false, 0.2, 0.1, true},
                          {false, false, true, 0, 0.1, false, true},
                          {true, false, false, 0.2, 0, false, true},
                          {false, true, true, 0.1, 0.1, true, true, true}};
    each_kernel_table([&](const auto& kernels) {
        Numbers numbers(71);
        for (const char* name : {"hinge", "epsilon_insensitive"}) {
            const auto& loss = kernels.losses[find_loss(kernels, name)];
            for (Index columns = 0; columns <= 67; ++columns)
                for (const Index rows : {0, 1, 9})
                    for (const Index outputs : {1, 3})
                        for (const Kind& kind : kinds)
                            if (outputs == 1 || loss.targets == Targets::real)
                                check_chunk(kernels, loss, rows, columns, outputs, kind, numbers);
        }
    });
}

// However far off: without a bound worth the name the step ends where the loss is 0.
void loss_of_the_row_ends() {
    each_kernel_table([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(72);
        for (const char* name : {"hinge", "epsilon_insensitive"})
            for (const bool damped : {false, true})
                for (const Index columns : {1, 5, 19, 40}) {
                    const auto& loss = kernels.losses[find_loss(kernels, name)];
                    const RandomTile<T> tile(numbers, 1, columns, false, false);
                    LargeVector<T> coef = numbers.uniforms<T>(columns, -1, 1);
                    const T y = loss.targets == Targets::binary ? -1 : 5;
                    const T most = T(1e30), zero = 0;
                    T intercept = T(0.5), z = 0;
                    SgdChunk<T> chunk{};
                    chunk.tile = tile.view();
                    chunk.outputs = 1;
                    chunk.y = &y;
                    chunk.slope = loss.slope;
                    chunk.loss = exact(loss);
                    chunk.damped = damped;
                    chunk.step = &most;
                    chunk.coef = coef.data();
                    chunk.intercept = &intercept;
                    const auto measured = [&] {
                        kernels.forward(chunk.tile, coef.data(), 1, &intercept, &z);
                        return loss.value({1, 1, &z, &y, nullptr, nullptr, chunk.loss});
                    };
                    const double before = measured();
                    kernels.passive_aggressive(chunk);
                    const double after = measured();
                    check(close(static_cast<T>(after), 0, 8 + before, 64), name, ' ', kernels.isa,
                          ": ", before, " became ", after);
                    check(z != zero && intercept == T(0.5), name, " moved the intercept");
                }
    });
}

// PA-I has nowhere to go along a row of zeros, and does not shrink coefficients there.
void rows_of_zeros() {
    each_kernel_table([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        const auto& loss = kernels.losses[find_loss(kernels, "hinge")];
        const LargeVector<T> zeros(5, T(0));
        for (const bool damped : {false, true}) {
            const T* rows[] = {zeros.data()};
            LargeVector<T> coef(5, T(2)), sum(5, T(0));
            const T y = 1, most = T(0.25);
            T intercept = 0, intercept_sum = 0;
            SgdChunk<T> chunk{};
            chunk.tile = {rows, nullptr, 1, 5, nullptr};
            chunk.outputs = 1;
            chunk.y = &y;
            chunk.slope = loss.slope;
            chunk.damped = damped;
            chunk.step = &most;
            chunk.intercept_metric = 1;
            chunk.penalty = {T(0), T(0.5)};
            chunk.coef = coef.data();
            chunk.intercept = &intercept;
            chunk.coef_sum = sum.data();
            chunk.intercept_sum = &intercept_sum;
            kernels.passive_aggressive(chunk);
            check(coef[0] == (damped ? T(1.75) : T(2)) && sum[0] == coef[0], kernels.isa);
            // 1 / (0 + 1 / (2 * 0.25))
            check(intercept == (damped ? T(0.5) : T(0)) && intercept_sum == intercept, kernels.isa);
        }
    });
}

}  // namespace
}  // namespace fastgd::testing

int main(int argc, char** argv) {
    using namespace fastgd::testing;
    return run({{"steps at every width", steps_at_every_width},
                {"the loss of the row ends", loss_of_the_row_ends},
                {"rows of zeros", rows_of_zeros}},
               argc, argv);
}

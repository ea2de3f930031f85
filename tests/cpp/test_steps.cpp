// The two kernels that move coefficients: a mini-batch's step and sequential per-sample steps.
#include <algorithm>

#include "check.hpp"
#include "levels.hpp"
#include "loss_oracle.hpp"
#include "tile.hpp"

namespace fastgd::testing {
namespace {

long double soft(long double v, long double threshold) {
    if (v > threshold) return v - threshold;
    return v < -threshold ? v + threshold : 0;
}

template <class T>
long double within(long double v, const Penalty<T>& penalty, Index at) {
    if (penalty.low == nullptr) return v;
    return std::clamp<long double>(v, penalty.low[at], penalty.high[at]);
}

// Numbers that lie apart by up to `most` from those given.
template <class T>
Exact<T> above(Numbers& numbers, const Exact<T>& low, double most) {
    LargeVector<T> high = numbers.uniforms<T>(low.size(), 0, most);
    for (Index i = 0; i < low.size(); ++i) high[static_cast<std::size_t>(i)] += low[i];
    return Exact<T>(high);
}

struct StepKind {
    bool metric;
    double momentum;  // 0: plain
    bool nesterov;
    double l1;
    double l2;
    bool averaged;
    bool anchored = false;
    bool factors = false;  // of the penalty, per column
    bool bounded = false;  // with factors
};

template <class T>
void check_batch_step(const KernelTable<T>& kernels, Index columns, Index outputs, Index partials,
                      const StepKind& kind, Numbers& numbers) {
    const Index size = outputs * columns;
    const Index stride = size + 5;
    const Exact<T> partial(numbers.uniforms<T>(partials * stride, -1, 1));
    const Exact<T> metric(numbers.uniforms<T>(columns, 0.1, 2));
    const Exact<T> start(numbers.uniforms<T>(size, -1, 1));
    const Exact<T> velocity(numbers.uniforms<T>(size, -1, 1));
    const Exact<T> anchor(numbers.uniforms<T>(size, -1, 1));
    const Exact<T> sum(numbers.uniforms<T>(size, -1, 1));
    Exact<T> coef = start, moving = velocity, coef_sum = sum;
    BatchStep<T> step{};
    step.partial = partial.data();
    step.partials = partials;
    step.partial_stride = stride;
    step.outputs = outputs;
    step.columns = columns;
    step.scale = T(0.125);
    step.anchor_gradient = kind.anchored ? anchor.data() : nullptr;
    step.step = T(0.3);
    step.momentum = static_cast<T>(kind.momentum);
    step.nesterov = kind.nesterov;
    step.metric = kind.metric ? metric.data() : nullptr;
    const Exact<T> l1_factor(numbers.uniforms<T>(columns, 0, 2));
    const Exact<T> l2_factor(numbers.uniforms<T>(columns, 0, 2));
    step.penalty = {static_cast<T>(kind.l1), static_cast<T>(kind.l2)};
    step.penalty.l1_factor = kind.factors ? l1_factor.data() : nullptr;
    step.penalty.l2_factor = kind.factors ? l2_factor.data() : nullptr;
    const Exact<T> low(numbers.uniforms<T>(size, -0.5, 0.5));
    const Exact<T> high = above(numbers, low, 0.5);
    step.penalty.low = kind.bounded ? low.data() : nullptr;
    step.penalty.high = kind.bounded ? high.data() : nullptr;
    step.coef = coef.data();
    step.velocity = kind.momentum > 0 ? moving.data() : nullptr;
    step.coef_sum = kind.averaged ? coef_sum.data() : nullptr;
    kernels.batch_step(step);

    for (Index k = 0; k < outputs; ++k)
        for (Index j = 0; j < columns; ++j) {
            const Index at = k * columns + j;
            long double gradient = 0;
            for (Index p = 0; p < partials; ++p) gradient += partial[p * stride + at];
            gradient = gradient * step.scale + (kind.anchored ? anchor[at] : 0);
            const long double t = step.step * (kind.metric ? metric[j] : 1.0L);
            const long double l1 = step.penalty.l1 * (kind.factors ? l1_factor[j] : 1.0L);
            const long double l2 = step.penalty.l2 * (kind.factors ? l2_factor[j] : 1.0L);
            const long double plain = -t * (gradient + l2 * start[at]);
            const long double carried = step.momentum * static_cast<long double>(velocity[at]);
            const bool heavy_ball = kind.momentum > 0 && !kind.nesterov;
            const long double iterate = within(
                soft(start[at] + plain + (heavy_ball ? carried : 0), t * l1), step.penalty, at);
            const long double expected_velocity =
                iterate - start[at] + (kind.nesterov ? carried : 0);
            const long double expected =
                within(iterate + (kind.nesterov ? step.momentum * expected_velocity : 0),
                       step.penalty, at);
            const long double expected_sum = sum[at] + (kind.averaged ? expected : 0);
            constexpr double units = 16;
            check(close(coef[at], expected, 2, units), kernels.isa, " columns ", columns, " at ",
                  at, ": ", coef[at], ", expected ", expected);
            check(close(coef_sum[at], expected_sum, 2, units), kernels.isa, " sum at ", at);
            check(kind.momentum == 0 || close(moving[at], expected_velocity, 2, units), kernels.isa,
                  " velocity at ", at);
        }
}

void batch_step_at_every_width() {
    const StepKind kinds[] = {{false, 0, false, 0, 0, false},
                              {true, 0, false, 0, 0.5, true},
                              {true, 0, false, 0.4, 0.5, false},
                              {false, 0, false, 0.4, 0, true},
                              {false, 0.9, false, 0, 0.1, true},
                              {true, 0.9, true, 0.2, 0.1, false},
                              {true, 0.9, false, 0.4, 0.1, false},
                              {false, 0.5, true, 0.8, 0, true, true},
                              {false, 0.5, true, 0, 0, true},
                              {true, 0, false, 0.1, 0.1, false, true},
                              {true, 0, false, 0.4, 0.5, true, false, true},
                              {false, 0.9, true, 0, 0.1, false, true, true},
                              {true, 0.9, true, 0.4, 0.1, true, false, true},
                              {false, 0.9, false, 0.4, 0, false, true, true},
                              {false, 0, false, 0, 0, true, false, true, true},
                              {true, 0, false, 0.4, 0.5, false, true, true, true},
                              {true, 0.9, false, 0, 0.1, true, false, true, true},
                              {false, 0.9, true, 0.4, 0.1, true, false, true, true}};
    each_kernel_table([&](const auto& kernels) {
        Numbers numbers(6);
        for (Index columns = 0; columns <= 67; ++columns)
            for (const Index outputs : {1, 3})
                for (const Index partials : {1, 2, 5})
                    for (const StepKind& kind : kinds)
                        check_batch_step(kernels, columns, outputs, partials, kind, numbers);
    });
}

struct SgdKind {
    bool scaled;  // metric, shift and the cap on steps
    bool weighted;
    bool with_offset;
    double l1;
    double l2;
    bool averaged;
    double intercept_metric;
    bool anchored = false;
    bool factors = false;  // of the penalty, per column
    bool bounded = false;  // with factors
};

// Coefficients after each row, in long double.
template <class T>
struct SgdOracle {
    std::vector<long double> coef, intercept, coef_sum, intercept_sum;

    void run(const RandomTile<T>& tile, const SgdChunk<T>& chunk, const LossOracle& loss) {
        for (Index i = 0; i < tile.rows(); ++i)
            for (Index k = 0; k < chunk.outputs; ++k) step(tile, chunk, loss, i, k);
    }

  private:
    void step(const RandomTile<T>& tile, const SgdChunk<T>& s, const LossOracle& loss, Index i,
              Index k) {
        const Index columns = tile.columns();
        const Index at = i * s.outputs + k;
        auto& b = intercept[static_cast<std::size_t>(k)];
        long double predictor = b + (s.offset != nullptr ? s.offset[at] : 0);
        long double norm = 0;
        for (Index j = 0; j < columns; ++j) {
            const long double x = tile.centred(i, j);
            predictor += x * coef[static_cast<std::size_t>(k * columns + j)];
            norm += x * x * (s.metric != nullptr ? s.metric[j] : 1);
        }
        const long double weight = s.weight != nullptr ? s.weight[at] : 1;
        long double slope = weight * loss.derivative(predictor, s.y[at], s.loss);
        if (s.anchor.coef != nullptr)
            slope -= weight * loss.derivative(anchor_predictor(tile, s, i, k), s.y[at], s.loss);
        const auto full = [&](Index j) {  // the gradient at the anchor
            return s.anchor.gradient != nullptr ? static_cast<long double>(s.anchor.gradient[j])
                                                : 0;
        };
        long double rate = s.step[i];
        const long double bend = s.curvature * weight * (norm + s.intercept_metric);
        if (s.curvature > 0 && rate * bend > 1) rate = 1 / bend;
        for (Index j = 0; j < columns; ++j) {
            const auto c = static_cast<std::size_t>(k * columns + j);
            const long double metric = s.metric != nullptr ? s.metric[j] : 1;
            const long double t = s.step[i] * metric;
            const bool factors = s.penalty.l1_factor != nullptr;
            const long double l1 = s.penalty.l1 * (factors ? s.penalty.l1_factor[j] : 1.0L);
            const long double l2 = s.penalty.l2 * (factors ? s.penalty.l2_factor[j] : 1.0L);
            coef[c] -= rate * slope * metric * tile.centred(i, j) +
                       t * (l2 * coef[c] + full(k * columns + j));
            coef[c] = within(soft(coef[c], t * l1), s.penalty, k * columns + j);
            coef_sum[c] += coef[c];
        }
        b -= (rate * slope + s.step[i] * full(s.outputs * columns + k)) * s.intercept_metric;
        intercept_sum[static_cast<std::size_t>(k)] += b;
    }

    static long double anchor_predictor(const RandomTile<T>& tile, const SgdChunk<T>& s, Index i,
                                        Index k) {
        long double z = s.anchor.intercept[k];
        if (s.offset != nullptr) z += s.offset[i * s.outputs + k];
        for (Index j = 0; j < tile.columns(); ++j)
            z += tile.centred(i, j) * s.anchor.coef[k * tile.columns() + j];
        return z;
    }
};

template <class T>
bool all_close(const LargeVector<T>& computed, const std::vector<long double>& expected,
               double units) {
    for (std::size_t i = 0; i < computed.size(); ++i)
        if (!close(computed[i], expected[i], 1 + std::abs(expected[i]), units)) return false;
    return true;
}

template <class T>
void check_sgd(const KernelTable<T>& kernels, const LossKernels<T>& loss, Index rows, Index columns,
               Index outputs, const SgdKind& kind, Numbers& numbers) {
    const RandomTile<T> tile(numbers, rows, columns, kind.scaled, kind.averaged);
    const LossOracle& oracle = loss_oracle(loss.name);
    LargeVector<T> y = numbers.uniforms<T>(rows * outputs, -1, 1);
    for (T& target : y)
        target = static_cast<T>(target_like(loss.name, loss.targets, static_cast<double>(target)));
    const Exact<T> weight(numbers.uniforms<T>(rows * outputs, 0, 2));
    const Exact<T> offset(numbers.uniforms<T>(rows * outputs, -1, 1));
    // a mean's steps are not to lead where it has no digits
    const double largest = loss.targets == Targets::mean ? 0.1 : 1.0;
    const Exact<T> step(numbers.uniforms<T>(rows, 0.01 * largest, 0.1 * largest));
    const Exact<T> metric(numbers.uniforms<T>(columns, 0.1, 1));
    const Exact<T> l1_factor(numbers.uniforms<T>(columns, 0, 2));
    const Exact<T> l2_factor(numbers.uniforms<T>(columns, 0, 2));
    const Exact<T> anchor_coef(numbers.uniforms<T>(outputs * columns, -largest, largest));
    const Exact<T> anchor_intercept(numbers.uniforms<T>(outputs, -1, 1));
    const Exact<T> anchor_gradient(numbers.uniforms<T>(outputs * (columns + 1), -1, 1));
    LargeVector<T> coef = numbers.uniforms<T>(outputs * columns, -largest, largest);
    LargeVector<T> intercept = numbers.uniforms<T>(outputs, -1, 1);
    LargeVector<T> coef_sum(coef.size()), intercept_sum(intercept.size());
    SgdOracle<T> expected{{coef.begin(), coef.end()},
                          {intercept.begin(), intercept.end()},
                          std::vector<long double>(coef.size()),
                          std::vector<long double>(intercept.size())};
    SgdChunk<T> chunk{};
    chunk.tile = tile.view();
    chunk.outputs = outputs;
    chunk.y = y.data();
    chunk.weight = kind.weighted ? weight.data() : nullptr;
    chunk.offset = kind.with_offset ? offset.data() : nullptr;
    chunk.slope = loss.slope;
    chunk.moves = loss.moves;
    chunk.loss = oracle.parameters;
    chunk.step = step.data();
    chunk.metric = kind.scaled ? metric.data() : nullptr;
    chunk.intercept_metric = static_cast<T>(kind.intercept_metric);
    chunk.curvature =
        kind.scaled ? static_cast<T>(std::min(loss.curvature(oracle.parameters), 4.0)) : T(0);
    chunk.penalty = {static_cast<T>(kind.l1), static_cast<T>(kind.l2)};
    chunk.penalty.l1_factor = kind.factors ? l1_factor.data() : nullptr;
    chunk.penalty.l2_factor = kind.factors ? l2_factor.data() : nullptr;
    const Exact<T> low(numbers.uniforms<T>(outputs * columns, -0.5, 0.5));
    const Exact<T> high = above(numbers, low, 0.5);
    chunk.penalty.low = kind.bounded ? low.data() : nullptr;
    chunk.penalty.high = kind.bounded ? high.data() : nullptr;
    if (kind.anchored)
        chunk.anchor = {anchor_coef.data(), anchor_intercept.data(), anchor_gradient.data()};
    chunk.coef = coef.data();
    chunk.intercept = intercept.data();
    // columns == 0 must not look like "no average"
    T unused_sum = 0;
    chunk.coef_sum = !kind.averaged ? nullptr : coef_sum.empty() ? &unused_sum : coef_sum.data();
    chunk.intercept_sum = kind.averaged ? intercept_sum.data() : nullptr;
    kernels.sgd(chunk);
    expected.run(tile, chunk, oracle);

    const double units = 8.0 * static_cast<double>((rows + 1) * (columns + 4));
    check(all_close(coef, expected.coef, units), loss.name, ' ', kernels.isa, " coef, rows ", rows,
          " columns ", columns, " outputs ", outputs, " scaled ", kind.scaled);
    check(all_close(intercept, expected.intercept, units), loss.name, ' ', kernels.isa,
          " intercept, rows ", rows, " columns ", columns);
    if (!kind.averaged) return;
    check(all_close(coef_sum, expected.coef_sum, units), loss.name, ' ', kernels.isa, " coef_sum");
    check(all_close(intercept_sum, expected.intercept_sum, units), loss.name, ' ', kernels.isa,
          " intercept_sum");
}

void sgd_at_every_width() {
    const SgdKind kinds[] = {{false, false, false, 0, 0, false, 1},
                             {false, true, true, 0, 0.1, true, 0},
                             {false, true, false, 0.2, 0.1, true, 1},
                             {true, false, false, 0, 0, true, 4},
                             {true, true, true, 0, 0.1, false, 1},
                             {true, false, true, 0.2, 0, true, 0.5},
                             {true, true, true, 0.1, 0.1, false, 4, true},
                             {false, true, false, 0, 0.1, false, 1, true},
                             {true, false, true, 0, 0, false, 1, true},
                             {false, true, true, 0, 0.1, true, 1, false, true},
                             {true, true, false, 0.2, 0.1, false, 4, false, true},
                             {true, true, true, 0, 0.1, false, 1, true, true},
                             {false, false, false, 0.2, 0, true, 0.5, false, true},
                             {true, false, false, 0, 0.1, true, 1, false, true},
                             {false, true, true, 0, 0, true, 1, false, true, true},
                             {true, true, false, 0.2, 0.1, false, 4, false, true, true},
                             {true, false, true, 0, 0.1, false, 1, true, true, true}};
    each_kernel_table([&](const auto& kernels) {
        Numbers numbers(7);
        for (Index l = 0; l < pointwise_losses(kernels); ++l)
            for (Index columns = 0; columns <= 67; ++columns)
                for (const Index rows : {0, 1, 2, 5, 9})
                    for (const Index outputs : {1, 3}) {
                        const bool binary = kernels.losses[l].targets == Targets::binary;
                        // how a loss comes in does not depend on the columns
                        if ((binary && outputs > 1) || (l > 2 && columns % 16 != 5)) continue;
                        for (const SgdKind& kind : kinds)
                            check_sgd(kernels, kernels.losses[l], rows, columns, outputs, kind,
                                      numbers);
                    }
    });
}

// A step so long that it would overshoot a row's own minimum is cut to land on it.
void capped_step_fits_its_row() {
    each_kernel_table([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        LargeVector<T> row(19, T(3)), zero(19, T(0)), one(19, T(1)), coef(19, T(0));
        const T* rows[] = {row.data()};
        const T y = 5, step = 1000;
        T intercept = 0;
        SgdChunk<T> chunk{};
        chunk.tile = {rows, nullptr, 1, 19, zero.data()};
        chunk.outputs = 1;
        chunk.y = &y;
        chunk.slope = kernels.losses[0].slope;
        chunk.moves = kernels.losses[0].moves;
        chunk.step = &step;
        chunk.metric = one.data();
        chunk.intercept_metric = 1;
        chunk.curvature = 1;
        chunk.coef = coef.data();
        chunk.intercept = &intercept;
        kernels.sgd(chunk);
        T z = 0;
        kernels.forward(chunk.tile, coef.data(), 1, &intercept, &z);
        check(close(z, y, y, 32), kernels.isa, ": ", z);
    });
}

}  // namespace
}  // namespace fastgd::testing

int main(int argc, char** argv) {
    using namespace fastgd::testing;
    return run({{"batch step at every width", batch_step_at_every_width},
                {"sgd at every width", sgd_at_every_width},
                {"a capped step fits its row", capped_step_fits_its_row}},
               argc, argv);
}

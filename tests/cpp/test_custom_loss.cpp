// A loss that is called: the same sums, weights and steps as the kernels' own.
#include <algorithm>
#include <cmath>
#include <string_view>
#include <vector>

#include "check.hpp"
#include "core/custom_loss.hpp"
#include "core/loss.hpp"
#include "levels.hpp"
#include "numbers.hpp"

namespace fastgd::testing {
namespace {

// The logistic loss, its second derivative told or not.
class Logistic final : public CustomLoss {
  public:
    explicit Logistic(bool told) : CustomLoss(Targets::binary), told_(told) {}

    void evaluate(const double* y, const double* z, Index count,
                  LossNumbers out) const noexcept override {
        for (Index i = 0; i < count; ++i) {
            const double wrong = 1.0 / (1.0 + std::exp(y[i] * z[i]));
            if (out.value != nullptr) out.value[i] = std::log1p(std::exp(-y[i] * z[i]));
            if (out.derivative != nullptr) out.derivative[i] = -y[i] * wrong;
            if (out.second_derivative != nullptr) out.second_derivative[i] = wrong * (1.0 - wrong);
        }
    }
    bool tells_second_derivative() const noexcept override { return told_; }
    bool slow_to_call() const noexcept override { return told_; }

  private:
    bool told_;
};

constexpr Index rows = 1500;  // more than one call takes
constexpr Index outputs = 2;

template <class T>
struct Numbers {
    LargeVector<T> z, y, weight, offset;

    Numbers() {
        for (Index i = 0; i < rows * outputs; ++i) {
            const auto at = static_cast<double>(i);
            z.push_back(static_cast<T>(3.0 * std::sin(at)));
            y.push_back(i % 3 == 0 ? T(1) : T(-1));
            weight.push_back(i % 5 == 0 ? T(0) : static_cast<T>(1.0 + std::cos(at)));
            offset.push_back(static_cast<T>(0.1 * std::cos(3.0 * at)));
        }
        // a row that weighs nothing may be anywhere
        z[5] = std::numeric_limits<T>::quiet_NaN();
    }
    PointwiseTile<T> tile(LossParameters parameters) const {
        return {rows, outputs, z.data(), y.data(), weight.data(), offset.data(), parameters};
    }
};

template <class T>
bool close(double a, double b, double share = 100.0 * std::numeric_limits<T>::epsilon()) {
    return std::abs(a - b) <= share * std::max(1.0, std::abs(b));
}

void sums_and_weights_are_those_of_the_kernels() {
    each_precision([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        const LossKernels<T>& own = kernels.losses[find_loss(kernels, "log_loss")];
        const Numbers<T> numbers;
        const PointwiseTile<T> expected = numbers.tile({});
        for (const bool told : {true, false}) {
            const Logistic logistic(told);
            const LossSpec spec{0, {0.25, 0.0, &logistic}};
            const LossKernels<T>& custom = kernels_of(kernels, spec);
            check(curvature_of(kernels, spec) == 0.25);
            check(custom.targets == Targets::binary && custom.fenchel_gaps == nullptr);
            const PointwiseTile<T> tile = numbers.tile(spec.parameters);
            LargeVector<T> d(rows * outputs), own_d(d.size()), w(d.size()), own_w(d.size());
            check(close<T>(custom.derivative(tile, d.data()),
                           own.derivative(expected, own_d.data())));
            check(close<T>(custom.value(tile), own.value(expected)));
            custom.working_weight(tile, w.data());
            own.working_weight(expected, own_w.data());
            for (std::size_t i = 0; i < d.size(); ++i) {
                check(close<T>(d[i], own_d[i]), kernels.isa, ' ', i);
                if (std::isnan(numbers.z[i])) continue;
                // straight parts are held to bend a little
                const bool same = close<T>(w[i], own_w[i], 1e-6);
                check(same || (w[i] > own_w[i] && w[i] < 0.06), i, ' ', w[i], ' ', own_w[i]);
            }
        }
    });
}

template <class T>
BlockMoves<T> some_moves(const LargeVector<T>& numbers, bool anchored, LossParameters parameters) {
    BlockMoves<T> m{};
    m.loss = parameters;
    m.predictor = numbers.data();
    m.at_anchor = anchored ? numbers.data() + 4 : nullptr;
    m.with_gradient = numbers.data() + 8;
    m.product = numbers.data() + 12;
    m.intercept = T(0.3);
    m.intercept_metric = T(1);
    m.anchor_intercept = T(0.2);
    m.intercept_gradient = T(-0.1);
    for (int r = 0; r < 4; ++r) {
        m.y[r] = r % 2 == 0 ? T(1) : T(-1);
        m.offset[r] = T(0.1) * static_cast<T>(r);
        m.step[r] = T(0.1);
        m.keep[r] = T(0.99);
        m.rate[r] = r == 2 ? T(0) : T(0.2);
    }
    return m;
}

void steps_are_those_of_the_kernels() {
    each_precision([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        const LossKernels<T>& own = kernels.losses[find_loss(kernels, "log_loss")];
        const Logistic logistic(true);
        const LossParameters parameters{0.25, 0.0, &logistic};
        const LossKernels<T>& custom = custom_kernels<T>(logistic);
        check(close<T>(custom.slope(T(0.7), T(-1), parameters), own.slope(T(0.7), T(-1), {})));
        LargeVector<T> numbers;
        for (int i = 0; i < 20; ++i) numbers.push_back(static_cast<T>(std::sin(7.0 * i)));
        for (const bool anchored : {false, true}) {
            BlockMoves<T> m = some_moves(numbers, anchored, parameters);
            BlockMoves<T> expected = some_moves(numbers, anchored, {});
            custom.moves(m);
            own.moves(expected);
            for (int r = 0; r < 4; ++r)
                check(close<T>(m.move[r], expected.move[r]), kernels.isa, ' ', anchored, ' ', r);
        }
    });
}

}  // namespace
}  // namespace fastgd::testing

int main(int argc, char** argv) {
    using namespace fastgd::testing;
    return run(
        {{"sums and weights are those of the kernels", sums_and_weights_are_those_of_the_kernels},
         {"steps are those of the kernels", steps_are_those_of_the_kernels}},
        argc, argv);
}

// What holds for every loss in the list: it is convex and its derivative is its derivative.
#include <algorithm>

#include "check.hpp"
#include "core/loss.hpp"
#include "levels.hpp"
#include "loss_oracle.hpp"
#include "numbers.hpp"

namespace fastgd::testing {
namespace {

struct Point {
    double value;
    double derivative;
};

template <class T>
Point at(const LossKernels<T>& loss, T z, T y) {
    T derivative = 0;
    const double value = loss.derivative(
        {1, 1, &z, &y, nullptr, nullptr, loss_oracle(loss.name).parameter}, &derivative);
    return {value, static_cast<double>(derivative)};
}

// Calls body(loss, y) for every loss of every double table and some targets.
template <class Body>
void each_loss_and_target(const Body& body) {
    for (const std::string& level : available_isa_levels()) {
        const KernelTable<double>& kernels = kernels_of_level<double>(level);
        for (Index l = 0; l < kernels.loss_count; ++l)
            for (const double y : {-1.0, 1.0, -2.5, 0.0, 1.75}) {
                const bool label = y == 1.0 || y == -1.0;
                if (label || !kernels.losses[l].binary_targets) body(kernels.losses[l], y);
            }
    }
}

void derivative_is_the_limit_of_differences() {
    each_loss_and_target([](const LossKernels<double>& loss, double y) {
        constexpr double h = 0x1p-17;
        for (int i = -300; i <= 300; ++i) {
            const double z = 0.0317 * i;  // no multiple of it meets a kink of second order
            const double difference =
                (at(loss, z + h, y).value - at(loss, z - h, y).value) / (2 * h);
            const double allowed = loss.curvature * h + 4e-16 * (1.0 + at(loss, z, y).value) / h;
            check(std::abs(at(loss, z, y).derivative - difference) <= allowed, loss.name, " z ", z,
                  " y ", y, ": ", at(loss, z, y).derivative, " against ", difference);
        }
    });
}

void losses_are_convex_and_bend_no_more_than_stated() {
    each_loss_and_target([](const LossKernels<double>& loss, double y) {
        double steepest = 0.0;
        constexpr double step = 0x1p-6;
        for (double z = -20.0; z < 20.0; z += step) {
            const Point here = at(loss, z, y);
            const double bend = (at(loss, z + step, y).derivative - here.derivative) / step;
            steepest = std::max(steepest, bend);
            check(here.value >= 0.0, loss.name, " is negative at ", z);
            check(bend >= -1e-13, loss.name, " is not convex at ", z, ": ", bend);
        }
        check(steepest <= loss.curvature * (1 + 1e-12), loss.name, " bends by ", steepest);
        check(steepest >= 0.99 * loss.curvature, loss.name, " bends by no more than ", steepest);
    });
}

void losses_are_least_at_their_target() {
    each_loss_and_target([](const LossKernels<double>& loss, double y) {
        if (loss.binary_targets) {
            double last = std::numeric_limits<double>::infinity();
            for (double margin = -50.0; margin <= 50.0; margin += 0.25) {
                const double value = at(loss, y * margin, y).value;
                check(value <= last, loss.name, " grows with the margin at ", margin);
                last = value;
            }
            return;
        }
        check(at(loss, y, y).value == 0.0 && at(loss, y, y).derivative == 0.0, loss.name);
        for (double r = 0.25; r < 20.0; r += 0.25) {
            check(at(loss, y + r, y).value > at(loss, y + r - 0.25, y).value, loss.name);
            check(at(loss, y + r, y).value == at(loss, y - r, y).value, loss.name);
        }
    });
}

double working_weight_at(const LossKernels<double>& loss, double z, double y) {
    double weight = -1.0;
    loss.working_weight({1, 1, &z, &y, nullptr, nullptr, loss_oracle(loss.name).parameter},
                        &weight);
    return weight;
}

// The second derivative; on the outer parts of huber, which have none, a hundredth of the bend of
// the parabola about the target that touches it.
void working_weights_are_how_the_loss_bends() {
    each_loss_and_target([](const LossKernels<double>& loss, double y) {
        constexpr double h = 0x1p-17;
        const bool huber = std::string_view(loss.name) == "huber";
        check(loss.quadratic == (std::string_view(loss.name) == "squared_error"), loss.name);
        for (int i = -300; i <= 300; ++i) {
            const double z = 0.0317 * i;
            const double weight = working_weight_at(loss, z, y);
            check(weight > 0.0 && weight <= loss.curvature, loss.name, " z ", z, ": ", weight);
            const double slope = at(loss, z, y).derivative;
            const bool touching = huber && slope != z - y;
            const double expected =
                touching
                    ? 0.01 * slope / (z - y)
                    : (at(loss, z + h, y).derivative - at(loss, z - h, y).derivative) / (2 * h);
            const double allowed = touching ? 4e-16 : h * h + 4e-16 * (1.0 + std::abs(slope)) / h;
            check(std::abs(weight - expected) <= allowed, loss.name, " z ", z, " y ", y, ": ",
                  weight, " against ", expected);
        }
    });
}

// In tiles of any size, with offsets; sample weights play no part.
void working_weights_of_tiles() {
    each_kernel_table([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(3);
        for (Index l = 0; l < kernels.loss_count; ++l)
            for (const Index rows : {0, 1, 3, 7, 16, 65})
                for (const bool with_offset : {false, true}) {
                    const LossOracle& oracle = loss_oracle(kernels.losses[l].name);
                    const Index count = 2 * rows;
                    const Exact<T> z(numbers.uniforms<T>(count, -5, 5));
                    std::vector<T> targets = numbers.uniforms<T>(count, -3, 3);
                    if (kernels.losses[l].binary_targets)
                        for (T& y : targets) y = y > 0 ? T(1) : T(-1);
                    const Exact<T> y(targets);
                    const Exact<T> weight(numbers.uniforms<T>(count, 0, 2));
                    const Exact<T> offset(numbers.uniforms<T>(count, -2, 2));
                    Exact<T> out(std::vector<T>(static_cast<std::size_t>(count), T(99)));
                    kernels.losses[l].working_weight(
                        {rows, 2, z.data(), y.data(), weight.data(),
                         with_offset ? offset.data() : nullptr, oracle.parameter},
                        out.data());
                    for (Index i = 0; i < count; ++i) {
                        const long double predictor =
                            z[i] + (with_offset ? static_cast<long double>(offset[i]) : 0.0L);
                        const long double expected =
                            oracle.working_weight(predictor, y[i], oracle.parameter);
                        check(close(out[i], expected, expected, 32), oracle.name, ' ', kernels.isa,
                              " at ", i, " of ", count, ": ", out[i], ", expected ", expected);
                    }
                }
    });
}

// Above what Fenchel's inequality leaves, the largest over all predictors; where the derivative's
// conjugate is that of a parabola, no more than that.
void fenchel_gaps_bound_the_inequality() {
    each_loss_and_target([](const LossKernels<double>& loss, double y) {
        if (loss.fenchel_gaps == nullptr) return;
        const double parameter = loss_oracle(loss.name).parameter;
        const bool exact = std::string_view(loss.name) != "log_loss";
        constexpr double step = 0x1p-5;
        for (double z = -6.0; z <= 6.0; z += 0.379)
            for (const double cut : {0.0, 1e-3, 0.1, 0.5, 1.0}) {
                const Point here = at(loss, z, y);
                const double slope = (1.0 - cut) * here.derivative;
                double least = 0.0;
                for (double other = -30.0; other <= 30.0; other += step)
                    least = std::max(least,
                                     here.value + slope * (other - z) - at(loss, other, y).value);
                const double cuts[] = {here.derivative > 0.0 ? cut : 99.0,
                                       here.derivative > 0.0 ? 99.0 : cut};
                const double gap =
                    loss.fenchel_gaps({1, 1, &z, &y, nullptr, nullptr, parameter}, cuts);
                check(gap >= least - 1e-12, loss.name, " z ", z, " y ", y, " cut ", cut, ": ", gap,
                      " below ", least);
                check(gap <= (exact ? 1.0 : 8.0) * least + 0.5 * step * step, loss.name, " z ", z,
                      " y ", y, " cut ", cut, ": ", gap, " far above ", least);
            }
    });
}

// Each output has shares of its own, each row its weight and offset.
void fenchel_gaps_of_tiles() {
    each_kernel_table([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(5);
        constexpr Index rows = 21;
        for (Index l = 0; l < kernels.loss_count; ++l) {
            const auto& loss = kernels.losses[l];
            if (loss.fenchel_gaps == nullptr) continue;
            const double parameter = loss_oracle(loss.name).parameter;
            const Exact<T> z(numbers.uniforms<T>(2 * rows, -5, 5));
            std::vector<T> targets = numbers.uniforms<T>(2 * rows, -3, 3);
            if (loss.binary_targets)
                for (T& y : targets) y = y > 0 ? T(1) : T(-1);
            const Exact<T> y(targets);
            std::vector<T> weights = numbers.uniforms<T>(2 * rows, 0, 2);
            weights[3] = T(0);
            const Exact<T> weight(weights);
            const Exact<T> offset(numbers.uniforms<T>(2 * rows, -2, 2));
            const Exact<T> cut(std::vector<T>{T(0.1), T(0.2), T(0.3), T(0.4)});
            const double sum = loss.fenchel_gaps(
                {rows, 2, z.data(), y.data(), weight.data(), offset.data(), parameter}, cut.data());
            double expected = 0.0;
            for (Index i = 0; i < 2 * rows; ++i) {
                const T predictor = z[i] + offset[i];
                const T pair[] = {cut[i % 2], cut[2 + i % 2]};
                expected +=
                    static_cast<double>(weight[i]) *
                    loss.fenchel_gaps({1, 1, &predictor, y.data() + i, nullptr, nullptr, parameter},
                                      pair);
            }
            check(close(static_cast<T>(sum), expected, expected, 64), loss.name, ' ', kernels.isa,
                  ": ", sum, ", expected ", expected);
        }
    });
}

void tables_of_all_levels_list_the_same_losses() {
    const KernelTable<double>& reference = kernels_of_level<double>("baseline");
    check(reference.loss_count > 0);
    each_kernel_table([&](const auto& kernels) {
        check(kernels.loss_count == reference.loss_count, kernels.isa);
        for (Index l = 0; l < reference.loss_count; ++l) {
            const auto& loss = kernels.losses[l];
            check(std::string_view(loss.name) == reference.losses[l].name, kernels.isa, ' ', l);
            check(loss.curvature == reference.losses[l].curvature, kernels.isa, ' ', loss.name);
            check(loss.binary_targets == reference.losses[l].binary_targets, kernels.isa);
            check(loss.quadratic == reference.losses[l].quadratic, kernels.isa, ' ', loss.name);
            check(find_loss(kernels, loss.name) == l, kernels.isa, ' ', loss.name);
        }
        check(find_loss(kernels, "no such loss") == -1);
    });
}

}  // namespace
}  // namespace fastgd::testing

int main(int argc, char** argv) {
    using namespace fastgd::testing;
    return run(
        {{"derivative is the limit of differences", derivative_is_the_limit_of_differences},
         {"losses are convex, bent as stated", losses_are_convex_and_bend_no_more_than_stated},
         {"losses are least at their target", losses_are_least_at_their_target},
         {"working weights are how losses bend", working_weights_are_how_the_loss_bends},
         {"working weights of tiles", working_weights_of_tiles},
         {"fenchel gaps bound the inequality", fenchel_gaps_bound_the_inequality},
         {"fenchel gaps of tiles", fenchel_gaps_of_tiles},
         {"all levels list the same losses", tables_of_all_levels_list_the_same_losses}},
        argc, argv);
}

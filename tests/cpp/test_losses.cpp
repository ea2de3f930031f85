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
        {1, 1, &z, &y, nullptr, nullptr, loss_oracle(loss.name).parameters}, &derivative);
    return {value, static_cast<double>(derivative)};
}

// Calls body(loss, y) for every loss of every double table and some targets.
template <class Body>
void each_loss_and_target(const Body& body) {
    for (const std::string& level : available_isa_levels()) {
        const KernelTable<double>& kernels = kernels_of_level<double>(level);
        for (Index l = 0; l < pointwise_losses(kernels); ++l)
            for (const double number : {-1.0, 1.0, -2.5, 0.0, 1.75})
                body(kernels.losses[l],
                     target_like(kernels.losses[l].name, kernels.losses[l].targets, number));
    }
}

double working_weight_at(const LossKernels<double>& loss, double z, double y) {
    double weight = -1.0;
    loss.working_weight({1, 1, &z, &y, nullptr, nullptr, loss_oracle(loss.name).parameters},
                        &weight);
    return weight;
}

double bound_of(const LossKernels<double>& loss) {
    return loss.curvature(loss_oracle(loss.name).parameters);
}

void derivative_is_the_limit_of_differences() {
    each_loss_and_target([](const LossKernels<double>& loss, double y) {
        constexpr double h = 0x1p-17;
        for (int i = -300; i <= 300; ++i) {
            const double z = 0.0317 * i;  // no multiple of it meets a kink of second order
            const double difference =
                (at(loss, z + h, y).value - at(loss, z - h, y).value) / (2 * h);
            const double bend = std::min(bound_of(loss), 2.0 * working_weight_at(loss, z, y));
            const double allowed = bend * h + 1e-15 * (1.0 + at(loss, z, y).value) / h;
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
        const double bound = bound_of(loss);
        if (bound == unbounded) return;
        check(steepest <= bound * (1 + 1e-12), loss.name, " bends by ", steepest);
        check(steepest >= 0.99 * bound, loss.name, " bends by no more than ", steepest);
    });
}

void losses_are_least_at_their_target() {
    each_loss_and_target([](const LossKernels<double>& loss, double y) {
        if (loss.targets == Targets::binary) {
            double last = std::numeric_limits<double>::infinity();
            for (double margin = -50.0; margin <= 50.0; margin += 0.25) {
                const double value = at(loss, y * margin, y).value;
                check(value <= last, loss.name, " grows with the margin at ", margin);
                last = value;
            }
            return;
        }
        const bool quantile = std::string_view(loss.name) == "quantile";
        const double target = loss.targets == Targets::real ? y : std::log(std::max(y, 1e-300));
        if (!quantile)
            check(at(loss, target, y).value < 1e-14 &&
                      std::abs(at(loss, target, y).derivative) < 1e-14,
                  loss.name, " at its target ", y);
        for (double r = 0.5; r < 20.0; r += 0.25) {
            check(at(loss, target + r, y).value >= at(loss, target + r - 0.25, y).value, loss.name);
            // a mean of 0 is as far down as there are numbers
            check((loss.targets == Targets::mean && y == 0.0) ||
                      at(loss, target - r, y).value >= at(loss, target - r + 0.25, y).value,
                  loss.name);
            if (loss.targets == Targets::real && !quantile)
                check(at(loss, y + r, y).value == at(loss, y - r, y).value, loss.name);
        }
    });
}

// The second derivative where there is one to speak of, and never less than it.
void working_weights_are_how_the_loss_bends() {
    each_loss_and_target([](const LossKernels<double>& loss, double y) {
        constexpr double h = 0x1p-17;
        check(loss.quadratic == (std::string_view(loss.name) == "squared_error"), loss.name);
        for (int i = -300; i <= 300; ++i) {
            const double z = 0.0113 + 0.0317 * i;  // not where a round part ends
            const double weight = working_weight_at(loss, z, y);
            check(weight > 0.0 && weight <= bound_of(loss), loss.name, " z ", z, ": ", weight);
            const double slope = at(loss, z, y).derivative;
            const double bend =
                (at(loss, z + h, y).derivative - at(loss, z - h, y).derivative) / (2 * h);
            const double allowed =
                h * h * (1.0 + weight) + 1e-15 * (1.0 + std::abs(slope) + weight) / h;
            check(weight >= bend - allowed, loss.name, " z ", z, " y ", y, ": ", weight);
            check(bend < 1e-3 || std::abs(weight - bend) <= allowed, loss.name, " z ", z, " y ", y,
                  ": ", weight, " against ", bend);
        }
    });
}

// Kinks rounded off: nothing changes further away than half the width, little nearer.
void smoothing_changes_losses_near_their_kinks_alone() {
    const KernelTable<double>& kernels = kernels_of_level<double>("baseline");
    for (const std::string_view name : {"hinge", "perceptron", "epsilon_insensitive", "quantile"})
        for (const double width : {1e-3, 0.1, 0.5}) {
            const LossKernels<double>& loss = kernels.losses[find_loss(kernels, name)];
            const double shape = loss_oracle(name).parameters.shape;
            const double y = 1.0;
            for (double z = -3.0; z <= 3.0; z += 0x1p-9) {
                const double kinked = loss.value({1, 1, &z, &y, nullptr, nullptr, {shape, 0.0}});
                const double rounded = loss.value({1, 1, &z, &y, nullptr, nullptr, {shape, width}});
                const double kink = name == "perceptron"            ? 0.0
                                    : name == "epsilon_insensitive" ? y + (z > y ? shape : -shape)
                                                                    : y;
                const bool far = std::abs(z - kink) > 0.5 * width;
                check(rounded >= kinked - 1e-15, name, " z ", z, " width ", width);
                check(rounded - kinked <= (far ? 1e-15 : 0.125 * width * (1 + 1e-12)), name, " z ",
                      z, " width ", width, ": ", rounded - kinked);
            }
        }
}

// Without a width the derivative at a kink is a subgradient.
void kinks_have_subgradients() {
    const KernelTable<double>& kernels = kernels_of_level<double>("baseline");
    for (const std::string_view name : {"hinge", "perceptron", "epsilon_insensitive", "quantile"}) {
        const LossKernels<double>& loss = kernels.losses[find_loss(kernels, name)];
        const LossParameters kinked{loss_oracle(name).parameters.shape, 0.0};
        const double y = 1.0;
        for (const double z : {-0.75, 0.0, 0.25, 1.0, 1.75, 2.0}) {
            double slope = 0.0;
            const double here = loss.derivative({1, 1, &z, &y, nullptr, nullptr, kinked}, &slope);
            for (double other = -3.0; other <= 3.0; other += 0.125)
                check(loss.value({1, 1, &other, &y, nullptr, nullptr, kinked}) >=
                          here + slope * (other - z) - 1e-15,
                      name, " at ", z, " has no subgradient ", slope);
        }
    }
}

void working_weights_of_tiles() {
    each_kernel_table([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(3);
        for (Index l = 0; l < pointwise_losses(kernels); ++l)
            for (const Index rows : {0, 1, 3, 7, 16, 65})
                for (const bool with_offset : {false, true}) {
                    const LossOracle& oracle = loss_oracle(kernels.losses[l].name);
                    const Index count = 2 * rows;
                    const Exact<T> z(numbers.uniforms<T>(count, -5, 5));
                    LargeVector<T> targets = numbers.uniforms<T>(count, -3, 3);
                    for (T& y : targets)
                        y = static_cast<T>(target_like(oracle.name, kernels.losses[l].targets,
                                                       static_cast<double>(y)));
                    const Exact<T> y(targets);
                    const Exact<T> weight(numbers.uniforms<T>(count, 0, 2));
                    const Exact<T> offset(numbers.uniforms<T>(count, -2, 2));
                    Exact<T> out(LargeVector<T>(static_cast<std::size_t>(count), T(99)));
                    kernels.losses[l].working_weight(
                        {rows, 2, z.data(), y.data(), weight.data(),
                         with_offset ? offset.data() : nullptr, oracle.parameters},
                        out.data());
                    for (Index i = 0; i < count; ++i) {
                        const long double predictor =
                            z[i] + (with_offset ? static_cast<long double>(offset[i]) : 0.0L);
                        const long double expected =
                            oracle.working_weight(predictor, y[i], oracle.parameters);
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
        const LossParameters parameters = loss_oracle(loss.name).parameters;
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
                    loss.fenchel_gaps({1, 1, &z, &y, nullptr, nullptr, parameters}, cuts);
                check(gap >= least - 1e-12 * (1.0 + here.value), loss.name, " z ", z, " y ", y,
                      " cut ", cut, ": ", gap, " below ", least);
                const double bend = std::min(bound_of(loss), 1000.0);
                check(gap <= (exact ? 1.0 : 8.0) * least + 0.5 * bend * step * step, loss.name,
                      " z ", z, " y ", y, " cut ", cut, ": ", gap, " far above ", least);
            }
    });
}

// Each output has shares of its own, each row its weight and offset.
void fenchel_gaps_of_tiles() {
    each_kernel_table([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(5);
        constexpr Index rows = 21;
        for (Index l = 0; l < pointwise_losses(kernels); ++l) {
            const auto& loss = kernels.losses[l];
            if (loss.fenchel_gaps == nullptr) continue;
            const LossParameters parameters = loss_oracle(loss.name).parameters;
            const Exact<T> z(numbers.uniforms<T>(2 * rows, -5, 5));
            LargeVector<T> targets = numbers.uniforms<T>(2 * rows, -3, 3);
            for (T& y : targets)
                y = static_cast<T>(target_like(loss.name, loss.targets, static_cast<double>(y)));
            const Exact<T> y(targets);
            LargeVector<T> weights = numbers.uniforms<T>(2 * rows, 0, 2);
            weights[3] = T(0);
            const Exact<T> weight(weights);
            const Exact<T> offset(numbers.uniforms<T>(2 * rows, -2, 2));
            const Exact<T> cut(LargeVector<T>{T(0.1), T(0.2), T(0.3), T(0.4)});
            const double sum = loss.fenchel_gaps(
                {rows, 2, z.data(), y.data(), weight.data(), offset.data(), parameters},
                cut.data());
            double expected = 0.0;
            for (Index i = 0; i < 2 * rows; ++i) {
                const T predictor = z[i] + offset[i];
                const T pair[] = {cut[i % 2], cut[2 + i % 2]};
                expected +=
                    static_cast<double>(weight[i]) *
                    loss.fenchel_gaps(
                        {1, 1, &predictor, y.data() + i, nullptr, nullptr, parameters}, pair);
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
            const LossParameters parameters{0.5, 0.5};
            check(loss.curvature(parameters) == reference.losses[l].curvature(parameters),
                  kernels.isa, ' ', loss.name);
            check(loss.targets == reference.losses[l].targets, kernels.isa);
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
         {"smoothing is near kinks alone", smoothing_changes_losses_near_their_kinks_alone},
         {"kinks have subgradients", kinks_have_subgradients},
         {"working weights of tiles", working_weights_of_tiles},
         {"fenchel gaps bound the inequality", fenchel_gaps_bound_the_inequality},
         {"fenchel gaps of tiles", fenchel_gaps_of_tiles},
         {"all levels list the same losses", tables_of_all_levels_list_the_same_losses}},
        argc, argv);
}

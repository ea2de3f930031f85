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
         {"all levels list the same losses", tables_of_all_levels_list_the_same_losses}},
        argc, argv);
}

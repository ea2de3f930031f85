// Step sizes by their formulas, and the proximal operator against a grid.
#include "check.hpp"
#include "core/penalty.hpp"
#include "core/schedule.hpp"

namespace fastgd::testing {
namespace {

void held_rate_stays() {
    const Schedule schedule{.rate = 0.3};
    for (const double t : {1.0, 2.0, 1e9}) check(schedule.at(t) == 0.3);
}

void inverse_scaling() {
    const Schedule schedule{.kind = Schedule::Kind::invscaling, .rate = 0.5, .power = 0.25};
    check(schedule.at(1) == 0.5);
    check(schedule.at(16) == 0.25);
    check(std::abs(schedule.at(81) - 0.5 / 3) < 1e-15);
}

void bottou() {
    const Schedule schedule{
        .kind = Schedule::Kind::optimal, .rate = 99.0, .alpha = 0.01, .t0 = 50.0};
    check(schedule.at(1) == 1.0 / (0.01 * 50.0));
    check(schedule.at(51) == 1.0 / (0.01 * 100.0));
}

void passive_aggressive_bounds_stay() {
    using Kind = Schedule::Kind;
    for (const Kind kind : {Kind::passive_aggressive_1, Kind::passive_aggressive_2}) {
        const Schedule schedule{.kind = kind, .rate = 0.3, .power = 0.5, .alpha = 0.1, .t0 = 7.0};
        check(schedule.passive_aggressive());
        for (const double t : {1.0, 1e9}) check(schedule.at(t) == 0.3);
    }
    for (const Kind kind : {Kind::held, Kind::invscaling, Kind::optimal})
        check(!Schedule{.kind = kind}.passive_aggressive());
}

void soft_threshold_minimises() {
    for (const double threshold : {0.0, 0.25, 1.0})
        for (double v = -3.0; v <= 3.0; v += 0.125) {
            const auto objective = [&](double u) {
                return 0.5 * (u - v) * (u - v) + threshold * std::abs(u);
            };
            double best = 0.0;
            for (double u = -4.0; u <= 4.0; u += 0.125)
                if (objective(u) < objective(best)) best = u;
            check(soft_threshold(v, threshold) == best, v, " at ", threshold);
        }
}

void penalty_value() {
    const PenaltyStrength penalty = PenaltyStrength::of(0.5, 0.25);
    check(penalty.l1 == 0.125 && penalty.l2 == 0.375);
    const double coef[] = {1.0, -2.0, 0.0};
    check(penalty.value(coef) == 0.125 * 3.0 + 0.5 * 0.375 * 5.0);
    PenaltyStrength per_column = penalty;
    per_column.l1_factor = {2.0, 0.5, 1.0};
    per_column.l2_factor = {4.0, 0.25, 1.0};
    check(per_column.value(coef) == 0.125 * 3.0 + 0.5 * 0.375 * 5.0);
    const double two_outputs[] = {1.0, -2.0, 0.0, 0.0, 0.0, 3.0};
    check(per_column.value(two_outputs) == 0.125 * 6.0 + 0.5 * 0.375 * 14.0);
    check(per_column.l1_of(4) == 0.0625 && per_column.l2_of(0) == 1.5);
    check(per_column.largest_l2() == 1.5 && penalty.largest_l2() == 0.375);
    // no penalty of overflowed coefficients is none, not 0 * inf
    const double huge[] = {1e200, -1e200};
    check(PenaltyStrength{}.value(huge) == 0.0);
}

}  // namespace
}  // namespace fastgd::testing

int main(int argc, char** argv) {
    using namespace fastgd::testing;
    return run({{"a held rate stays", held_rate_stays},
                {"inverse scaling", inverse_scaling},
                {"Bottou's schedule", bottou},
                {"bounds of passive-aggressive steps stay", passive_aggressive_bounds_stay},
                {"soft threshold minimises", soft_threshold_minimises},
                {"penalty value", penalty_value}},
               argc, argv);
}

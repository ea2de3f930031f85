// Safe steps and what limits them, from curvatures set by hand.
#include "check.hpp"
#include "core/step_size.hpp"

namespace fastgd::testing {
namespace {

// Two columns and an intercept, 100 rows of mean squared norm 4.
RawCurvature ordinary() { return {{2.0, {0.6, 0.8, 0.0}}, {7, 9.0}, 4.0, 100.0}; }

StepProblem of_size(Index rows_a_step) { return {.rows_a_step = rows_a_step, .curvature = 0.5}; }

void column_limits() {
    for (const Index size : {0, 1, 10}) {
        const SafeStep step = safe_step(ordinary(), of_size(size));
        check(step.limit == Limit::column && step.index == 1, size);
        check(std::abs(step.share - 0.64) < 1e-15, step.share);
        const double bend = size == 0 ? 2.0 : size == 1 ? 4.5 : 2.45;
        check(std::abs(step.rate * bend - 1.0) < 1e-15, step.rate);
    }
}

void intercept_limits() {
    RawCurvature raw = ordinary();
    raw.steepest.direction = {0.1, 0.1, -0.99};
    check(safe_step(raw, of_size(0)).limit == Limit::intercept);
}

// A far row limits steps on it, and one on all rows only if it makes up half of their curvature.
void row_limits() {
    RawCurvature raw = ordinary();
    raw.longest.square = 4.0 * 101.0;
    const SafeStep alone = safe_step(raw, of_size(1));
    check(alone.limit == Limit::row && alone.index == 7 && alone.rate == 1.0 / 202.0);
    check(std::abs(alone.share * alone.share - 101.0) < 1e-12, alone.share);
    check(safe_step(raw, of_size(0)).limit == Limit::row);
    raw.steepest.curvature = 4.1;
    check(safe_step(raw, of_size(0)).limit == Limit::column);
    raw.longest.square = 4.0 * 99.0;
    check(safe_step(raw, of_size(1)).limit == Limit::column, "nearer than ten times the norm");
}

void penalty_limits() {
    StepProblem problem = of_size(0);
    problem.penalty.l2 = 1.0;
    check(safe_step(ordinary(), problem).limit == Limit::penalty);
    problem.penalty.l2 = 0.9;
    check(safe_step(ordinary(), problem).limit == Limit::column);
}

}  // namespace
}  // namespace fastgd::testing

int main(int argc, char** argv) {
    using namespace fastgd::testing;
    return run({{"a column limits", column_limits},
                {"the intercept limits", intercept_limits},
                {"a row limits", row_limits},
                {"the penalty limits", penalty_limits}},
               argc, argv);
}

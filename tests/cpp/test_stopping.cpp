// Verdicts on sequences of objectives.
#include <cmath>
#include <initializer_list>
#include <string>
#include <vector>

#include "check.hpp"
#include "core/stopping.hpp"

namespace fastgd::testing {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr Verdict go_on = Verdict::go_on;
constexpr Verdict retreat = Verdict::retreat;
constexpr Verdict converged = Verdict::converged;
constexpr Verdict diverged = Verdict::diverged;

struct Step {
    double objective;
    Verdict expected;
};

// Judges the objectives one after the other, at a rate that stays.
void check_sequence(const char* name, const StoppingOptions& options,
                    std::initializer_list<Step> steps, double rate = 0.1) {
    Stopping stopping(options);
    int at = 0;
    for (const Step& step : steps) {
        const Verdict verdict = stopping.judge(step.objective, rate);
        check(verdict == step.expected, name, ", step ", at, ": verdict ",
              static_cast<int>(verdict), ", expected ", static_cast<int>(step.expected));
        ++at;
    }
}

StoppingOptions with_tol() { return {.tol = 1e-3, .reference = 10.0, .rounding = 1e-15}; }

void five_idle_epochs_converge() {
    check_sequence("idle", with_tol(),
                   {{9, go_on},
                    {8, go_on},
                    {8, go_on},
                    {7.999, go_on},
                    {7.998, go_on},
                    {7.997, go_on},
                    {7.996, converged}});
    check_sequence("progress between", with_tol(),
                   {{9, go_on},
                    {9, go_on},
                    {9, go_on},
                    {9, go_on},
                    {9, go_on},
                    {8, go_on},
                    {8, go_on},
                    {8, go_on},
                    {8, go_on},
                    {8, go_on},
                    {8, converged}});
    StoppingOptions without = with_tol();
    without.tol.reset();
    check_sequence("no tol", without,
                   {{9, go_on},
                    {9, go_on},
                    {9, go_on},
                    {9, go_on},
                    {9, go_on},
                    {9, go_on},
                    {9, go_on},
                    {9, go_on}});
}

void exact_fits_converge_at_once() {
    check_sequence("zero", with_tol(), {{5, go_on}, {0, converged}});
    check_sequence("rounding", with_tol(), {{5, go_on}, {1e-30, converged}});
    check_sequence("small but not nothing", with_tol(), {{5, go_on}, {1e-20, go_on}});
}

void own_step_of_the_user_diverges() {
    check_sequence("growth alone", with_tol(), {{9, go_on}, {900, go_on}, {8, go_on}});
    check_sequence("hopeless", with_tol(), {{9, go_on}, {1.1e7, diverged}});
    check_sequence("infinite", with_tol(), {{infinity, diverged}});
    check_sequence("NaN", with_tol(), {{9, go_on}, {std::nan(""), diverged}});
    check_sequence("from nothing", {.tol = 1e-3}, {{7, go_on}, {1e9, go_on}, {5, go_on}});
}

void guarded_steps_retreat_from_growth() {
    StoppingOptions guarded = with_tol();
    guarded.guarded = true;
    guarded.growth = 0.5;
    check_sequence("growth allowed", guarded,
                   {{9, go_on},
                    {13.4, go_on},
                    {13.6, retreat},
                    {std::nan(""), retreat},
                    {infinity, retreat},
                    {8, go_on}});
    guarded.growth = 0.0;
    check_sequence("no growth allowed", guarded, {{9, go_on}, {9.001, retreat}, {8, go_on}});
    // zero coefficients are known before anything was judged
    check_sequence("first", guarded, {{10.1, retreat}, {9.9, go_on}});
}

void growth_is_measured_from_the_start() {
    StoppingOptions guarded = with_tol();
    guarded.guarded = true;
    Stopping better(guarded);
    better.start_at(5.0);
    check(better.judge(9.0, 0.1) == retreat && better.judge(4.9, 0.1) == go_on);
    // a start worse than zero coefficients may come down from there
    Stopping worse(guarded);
    worse.start_at(50.0);
    check(worse.reference() == 50.0 && worse.judge(49.0, 0.1) == go_on);
}

void guarded_steps_retreat_when_out_of_slack() {
    StoppingOptions guarded = with_tol();
    guarded.guarded = true;
    guarded.slack = 3;
    check_sequence("slack", guarded,
                   {{9, go_on}, {9, go_on}, {9, go_on}, {9, retreat}, {9, go_on}, {9, converged}});
}

// In batch descent an objective above the best is on its way, not noise.
void swinging_is_not_idle() {
    StoppingOptions options = with_tol();
    options.deterministic = true;
    std::vector<Verdict> verdicts;
    Stopping stopping(options);
    for (const double objective : {8.0, 9.0, 9.0, 9.0, 9.0, 9.0, 9.0, 8.0, 8.0, 8.0, 8.0, 8.0})
        verdicts.push_back(stopping.judge(objective, 0.1));
    for (std::size_t i = 0; i + 1 < verdicts.size(); ++i) check(verdicts[i] == go_on, i);
    check(verdicts.back() == converged);
}

// Gains too small to count one by one count once they add up.
void slow_progress_is_progress() {
    Stopping stopping(with_tol());
    double objective = 9.0;
    for (int epoch = 0; epoch < 100; ++epoch)
        check(stopping.judge(objective *= 1 - 3e-4, 0.1) == go_on, "epoch ", epoch);
    // patience is a quarter of the epochs run: these 100 and the idle ones
    int idle = 0;
    while (stopping.judge(objective, 0.1) == go_on && idle < 100) ++idle;
    check(idle >= 25 && idle <= 35, idle);
}

void adaptive_steps_are_cut_after_patience() {
    StoppingOptions options = with_tol();
    options.adaptive = true;
    check_sequence(
        "cut", options,
        {{9, go_on}, {9, go_on}, {9, go_on}, {9, go_on}, {9, go_on}, {9, retreat}, {9, go_on}});
    check_sequence("at the end of cutting", options,
                   {{9, go_on}, {9, go_on}, {9, go_on}, {9, go_on}, {9, go_on}, {9, converged}},
                   1e-6);
    check(Stopping(options).cut() == 0.2);
    options.adaptive = false;
    check(Stopping(options).cut() == 0.5);
}

// How much lower the optimum lies is better known than guessed from idle epochs.
void little_left_converges_at_once() {
    Stopping near(with_tol());
    check(near.judge(9.0, 0.1, 9.01e-3) == go_on && near.judge(8.0, 0.1, 7.99e-3) == converged);
    // objectives may be below zero
    check(Stopping(with_tol()).judge(-8.0, 0.1, 7.99e-3) == converged);
    StoppingOptions without = with_tol();
    without.tol.reset();
    check(Stopping(without).judge(9.0, 0.1, 0.0) == go_on);
    StoppingOptions guarded = with_tol();
    guarded.guarded = true;
    check(Stopping(guarded).judge(10.1, 0.1, 0.0) == retreat, "growth comes first");
    Stopping unknown(with_tol());
    Stopping silent(with_tol());
    for (const double objective : {9.0, 8.0, 8.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0})
        check(unknown.judge(objective, 0.1, std::nan("")) == silent.judge(objective, 0.1));
}

// A gradient that is rounding promises for ever.
void promises_are_not_believed_for_ever() {
    Stopping promising(with_tol());
    check(promising.judge(9.0, 0.1, 5.0) == go_on);
    int idle = 0;
    while (promising.judge(9.0, 0.1, 5.0) == go_on && idle < 1000) ++idle;
    check(idle >= 15 && idle <= 25, idle);
    Stopping gaining(with_tol());
    double objective = 9.0;
    for (int epoch = 0; epoch < 100; ++epoch)
        check(gaining.judge(objective *= 0.99, 0.1, 5.0) == go_on, "epoch ", epoch);
}

// An objective that rounding moves more than tol swings for ever; a height that is known ends that.
void swinging_ends_where_the_height_is_known() {
    StoppingOptions options = with_tol();
    options.deterministic = true;
    Stopping known(options);
    Stopping unknown(options);
    check(known.judge(8.0, 0.1, 1.0) == go_on && unknown.judge(8.0, 0.1) == go_on);
    int epochs = 0;
    while (epochs < 100 && known.judge(8.1, 0.1, 1.0) == go_on) ++epochs;
    check(epochs >= 15 && epochs <= 25, epochs);
    for (int epoch = 0; epoch < 100; ++epoch) check(unknown.judge(8.1, 0.1) == go_on);
}

// Near an exact fit a loss that is linear far off is as small as the square of rounding.
void rounding_of_targets_is_an_exact_fit() {
    Stopping stopping(with_tol());
    check(stopping.judge(2e-12, 0.1, 1.0, 1e-12) == go_on);
    check(stopping.judge(0.9e-12, 0.1, 1.0, 1e-12) == go_on, "half of it is gone");
    check(stopping.judge(0.6e-12, 0.1, 1.0, 1e-12) == converged);
}

void best_is_the_lowest_judged() {
    Stopping stopping(with_tol());
    for (const double objective : {9.0, 7.0, 8.0}) stopping.judge(objective, 0.1);
    check(stopping.best() == 7.0 && !stopping.improved());
    stopping.judge(6.9999, 0.1);
    check(stopping.best() == 6.9999 && stopping.improved());
    stopping.judge(infinity, 0.1);
    check(stopping.best() == 6.9999 && !stopping.improved());
    check(stopping.reference() == 10.0);
}

}  // namespace
}  // namespace fastgd::testing

int main(int argc, char** argv) {
    using namespace fastgd::testing;
    return run(
        {{"five idle epochs converge", five_idle_epochs_converge},
         {"exact fits converge at once", exact_fits_converge_at_once},
         {"a step of the user's diverges", own_step_of_the_user_diverges},
         {"guarded steps retreat from growth", guarded_steps_retreat_from_growth},
         {"growth is measured from the start", growth_is_measured_from_the_start},
         {"guarded steps retreat out of slack", guarded_steps_retreat_when_out_of_slack},
         {"swinging is not idle", swinging_is_not_idle},
         {"slow progress is progress", slow_progress_is_progress},
         {"adaptive steps are cut after patience", adaptive_steps_are_cut_after_patience},
         {"little left converges at once", little_left_converges_at_once},
         {"promises are not believed for ever", promises_are_not_believed_for_ever},
         {"swinging ends where the height is known", swinging_ends_where_the_height_is_known},
         {"rounding of targets is an exact fit", rounding_of_targets_is_an_exact_fit},
         {"best is the lowest judged", best_is_the_lowest_judged}},
        argc, argv);
}

// When teams are given up, for how long, and that they come back.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include "check.hpp"
#include "core/parallel.hpp"
#include "core/team_worth.hpp"

namespace fastgd::testing {
namespace {

constexpr double millisecond = 1e-3;

void teams_that_help_are_kept() {
    TeamWorth worth;
    for (int i = 0; i < 1000; ++i) {
        check(worth.pays(i * millisecond), "team ", i);
        worth.record(2, millisecond, 0.99 * millisecond, i * millisecond);
    }
    // what alone would have been four times as long is worth three times the wait
    for (int i = 0; i < 1000; ++i) {
        worth.record(4, millisecond, 2.9 * millisecond, i * millisecond);
        check(worth.pays(i * millisecond), "team of four ", i);
    }
}

void small_losses_are_not_worth_a_thought() {
    TeamWorth worth;
    for (int i = 0; i < 1000; ++i) {
        worth.record(2, 1e-6, 1e-4, i * 1e-4);
        check(worth.pays(i * 1e-4), "team ", i);
    }
}

// The pause after each further loss is twice as long, up to a third of a second.
void pauses_grow_until_a_team_helps() {
    TeamWorth worth;
    double now = 0.0;
    double pause = 10 * millisecond;
    for (int i = 0; i < 10; ++i) {
        worth.record(2, 0.1 * millisecond, 3 * millisecond, now);
        check(!worth.pays(now) && !worth.pays(now + 0.99 * pause), "pause ", i);
        check(worth.pays(now + 1.01 * pause), "after pause ", i);
        now += 1.01 * pause;
        pause = std::min(2 * pause, 320 * millisecond);
    }
    worth.record(2, 50 * millisecond, 0.0, now);
    worth.record(2, millisecond, 100 * millisecond, now);
    check(!worth.pays(now + 9 * millisecond) && worth.pays(now + 11 * millisecond),
          "the pause is short again");
}

void one_loss_among_gains_is_forgiven() {
    TeamWorth worth;
    for (int i = 0; i < 100; ++i) {
        const bool late = i % 20 == 19;
        worth.record(2, millisecond, (late ? 3.0 : 0.1) * millisecond, i * millisecond);
        check(worth.pays(i * millisecond), "team ", i);
    }
}

void waiting_inside_counts_once() {
    TeamWorth worth;
    worth.wait_inside(0.25);
    worth.wait_inside(0.5);
    check(worth.take_inside() == 0.75 && worth.take_inside() == 0.0, "waited inside");
}

// A member that always comes late ends the teams of its caller, not of others.
void late_members_are_not_waited_for_long() {
    const auto size_of_team = [](bool late) {
        std::atomic<int> size{0};
        run_team(2, [&](int member, int members) {
            if (member > 0 && late) std::this_thread::sleep_for(std::chrono::milliseconds(4));
            size.store(members);
        });
        return size.load();
    };
    if (size_of_team(false) == 1) return;  // no threads here
    int alone = 0;
    for (int i = 0; i < 20; ++i) alone += size_of_team(true) == 1;
    check(alone >= 15, alone, " of 20 alone");
    int others = 0;
    std::thread other([&] { others = size_of_team(false); });
    other.join();
    check(others == 2, "another caller's team of ", others);
    std::this_thread::sleep_for(std::chrono::milliseconds(330));
    check(size_of_team(false) == 2, "the team is back");
}

}  // namespace
}  // namespace fastgd::testing

int main(int argc, char** argv) {
    using namespace fastgd::testing;
    return run({{"teams that help are kept", teams_that_help_are_kept},
                {"small losses are not worth a thought", small_losses_are_not_worth_a_thought},
                {"pauses grow until a team helps", pauses_grow_until_a_team_helps},
                {"one loss among gains is forgiven", one_loss_among_gains_is_forgiven},
                {"waiting inside counts once", waiting_inside_counts_once},
                {"late members are not waited for long", late_members_are_not_waited_for_long}},
               argc, argv);
}

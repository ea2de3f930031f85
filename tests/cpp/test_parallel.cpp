// Teams, barriers and blocks committed in order, for teams larger than the machine too.
#include <atomic>
#include <string>
#include <vector>

#include "check.hpp"
#include "core/cpu_quota.hpp"
#include "core/parallel.hpp"

namespace fastgd::testing {
namespace {

constexpr int team_sizes[] = {1, 2, 3, 8};

// Work of uneven length, so that members overtake each other.
void dawdle(Index units) {
    std::atomic<Index> count{0};
    for (Index i = 0; i < units; ++i) count.fetch_add(1, std::memory_order_relaxed);
}

void each_member_works_once() {
    for (const int threads : team_sizes) {
        std::vector<std::atomic<int>> calls(static_cast<std::size_t>(threads));
        std::atomic<int> size{0};
        run_team(threads, [&](int member, int members) {
            calls[static_cast<std::size_t>(member)].fetch_add(1);
            size.store(members);
        });
        check(size >= 1 && size <= threads, "members ", size.load(), " of ", threads);
        for (int member = 0; member < threads; ++member)
            check(calls[static_cast<std::size_t>(member)] == (member < size ? 1 : 0), "member ",
                  member, " of ", size.load());
    }
}

void nested_teams_end() {
    for (const int threads : {2, 3}) {
        std::atomic<int> inner{0};
        std::atomic<int> expected{0};
        run_team(threads, [&](int, int) {
            run_team(threads, [&](int member, int members) {
                inner.fetch_add(1);
                if (member == 0) expected.fetch_add(members);
            });
        });
        check(inner == expected && inner > 0, inner.load(), " of ", expected.load());
    }
}

void nobody_passes_a_barrier_early() {
    for (const int threads : team_sizes) {
        constexpr int rounds = 200;
        std::vector<std::atomic<int>> reached(static_cast<std::size_t>(threads));
        std::atomic<int> early{0};
        Barrier meeting;
        run_team(threads, [&](int member, int members) {
            for (int round = 1; round <= rounds; ++round) {
                dawdle((member * 7 + round) % 5 * 20);
                reached[static_cast<std::size_t>(member)].store(round);
                meeting.wait(members);
                for (int other = 0; other < members; ++other)
                    if (reached[static_cast<std::size_t>(other)] < round) early.fetch_add(1);
                meeting.wait(members);
            }
        });
        check(early == 0, early.load(), " early of ", threads);
    }
}

// Each item once, between the steps of the round before and of its own; also with one member only.
void rounds_are_whole_and_in_order() {
    for (const int threads : team_sizes)
        for (const Index items : {1, 2, 3, 8}) {
            constexpr Index rounds = 100;
            std::vector<std::atomic<int>> done(static_cast<std::size_t>(rounds * items));
            std::atomic<Index> steps{0};
            std::atomic<int> wrong{0};
            Rounds turns(rounds, items);
            run_team(threads, [&](int member, int members) {
                turns.work(
                    member, members,
                    [&](Index round, Index item) {
                        dawdle(member == 1 ? 5000 : (round * 31 % 7) * 20);
                        if (steps != round) wrong.fetch_add(1);
                        done[static_cast<std::size_t>(round * items + item)].fetch_add(1);
                    },
                    [&](Index round) {
                        if (steps != round) wrong.fetch_add(1);
                        for (Index i = 0; i < items; ++i)
                            if (done[static_cast<std::size_t>(round * items + i)] != 1)
                                wrong.fetch_add(1);
                        steps.store(round + 1);
                    });
            });
            check(wrong == 0 && steps == rounds, threads, " members, ", items,
                  " items: ", wrong.load(), " wrong, ", steps.load(), " steps");
        }
}

void blocks_are_committed_once_and_in_order() {
    for (const int threads : team_sizes)
        for (const Index blocks : {0, 1, 2, 3, 16, 17, 500})
            for (const int slots : {1, 2, OrderedBlocks::slots_for(threads)}) {
                std::vector<Index> in_slot(static_cast<std::size_t>(slots), -1);
                std::vector<Index> committed;
                OrderedBlocks order(blocks, slots);
                run_team(threads, [&](int, int) {
                    order.work(
                        [&](Index block, int slot) {
                            dawdle((block * 31 % 7) * 50);
                            in_slot[static_cast<std::size_t>(slot)] = block;
                        },
                        [&](int slot) {
                            committed.push_back(in_slot[static_cast<std::size_t>(slot)]);
                        });
                });
                bool right = static_cast<Index>(committed.size()) == blocks;
                for (std::size_t i = 0; right && i < committed.size(); ++i)
                    right = committed[i] == static_cast<Index>(i);
                check(right, "threads ", threads, " blocks ", blocks, " slots ", slots);
            }
}

void small_work_gets_few_threads() {
    check(threads_for_work(8, 0.0) == 1);
    check(threads_for_work(8, 1024.0) == 1);
    check(threads_for_work(8, 1e12) == 8);
    check(threads_for_work(1, 1e12) == 1);
    check(threads_for_work(0, 1e12) == available_threads());
    int last = 1;
    for (double bytes = 1.0; bytes < 1e9; bytes *= 1.5) {
        const int threads = threads_for_work(8, bytes);
        check(threads >= last && threads <= 8);
        last = threads;
    }
}

// Each column once, and sums of the same bits for any team.
void sums_over_columns_do_not_depend_on_the_team() {
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{2048},
                                   std::size_t{2049}, std::size_t{100'001}}) {
        const auto sum_by = [&](int threads) {
            std::vector<int> seen(size);
            const double sum =
                sum_over_columns(threads, size, 1e6, [&](std::size_t begin, std::size_t end) {
                    double part = 0.0;
                    for (std::size_t j = begin; j < end; ++j) {
                        ++seen[j];
                        part += 1.0 / static_cast<double>(j + 1);
                    }
                    return part;
                });
            for (const int times : seen) check(times == 1, size, " columns");
            return sum;
        };
        const double alone = sum_by(1);
        for (const int threads : {2, 3, 5}) check(sum_by(threads) == alone, size, " columns");
    }
}

void counts_are_sane() {
    check(usable_processors() >= 1);
    check(available_threads() >= 1 && available_threads() <= usable_processors());
    check(cpu_quota() >= 0.0);
    const std::string runtime = thread_runtime();
    check(runtime == "OpenMP" || runtime == "std::thread", runtime);
    if (runtime == "OpenMP") {
        std::atomic<int> inside{1};
        run_team(2, [&](int, int members) {
            if (members > 1 && available_threads() != 1) inside.store(0);
        });
        check(inside == 1, "a region inside a region would take more threads");
    }
}

}  // namespace
}  // namespace fastgd::testing

int main(int argc, char** argv) {
    using namespace fastgd::testing;
    return run({{"each member works once", each_member_works_once},
                {"nested teams end", nested_teams_end},
                {"nobody passes a barrier early", nobody_passes_a_barrier_early},
                {"rounds are whole and in order", rounds_are_whole_and_in_order},
                {"blocks are committed once and in order", blocks_are_committed_once_and_in_order},
                {"small work gets few threads", small_work_gets_few_threads},
                {"sums over columns do not depend on the team",
                 sums_over_columns_do_not_depend_on_the_team},
                {"counts are sane", counts_are_sane}},
               argc, argv);
}

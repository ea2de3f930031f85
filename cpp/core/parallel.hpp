// Teams of threads, and sums over blocks whose order does not depend on the team.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>

#include "../kernels/table.hpp"
#include "function_ref.hpp"

namespace fastgd {

// Threads that may run: affinity, cgroup quota and OpenMP's limits as this thread sees them.
int available_threads();

// `requested` (0: available_threads()), cut so that each thread has enough bytes to read.
int threads_for_work(int requested, double bytes);

// Calls body(member, members) once on each member of a team; member 0 is the calling thread.
// The team may come out smaller than asked for. `body` must not throw.
void run_team(int threads, FunctionRef<void(int member, int members)> body);

// Name of the runtime behind run_team: "OpenMP" or "std::thread".
const char* thread_runtime();

// Meeting point of a team; spins first, since steps are microseconds apart.
class Barrier {
  public:
    // All `members` of the team must come before any goes on.
    void wait(int members);

  private:
    std::atomic<int> arrived_{0};
    std::atomic<unsigned> phase_{0};
};

// Rounds of two phases, each cut into items; a phase begins when the one before is finished. Items
// go to whoever asks: a member that gets no processor holds up nobody, unless in the midst of one.
class Rounds {
  public:
    Rounds(Index rounds, Index first_items, Index second_items)
        : first_(first_items), items_(first_items + second_items), total_(rounds * items_) {}

    // The part of one member.
    void work(FunctionRef<void(Index round, Index item)> first,
              FunctionRef<void(Index round, Index item)> second);

  private:
    const Index first_;
    const Index items_;
    const Index total_;
    std::atomic<Index> next_{0};
    std::atomic<Index> done_{0};
};

// Blocks 0..blocks-1 are computed by any member in any order, each into one of `slots`, and
// committed strictly in block order, so that sums have the same bits for any team.
class OrderedBlocks {
  public:
    static int slots_for(int threads) { return 2 * threads; }

    OrderedBlocks(Index blocks, int slots);

    // The part of one member. compute(block, slot) may run beside others; commit(slot) never.
    void work(FunctionRef<void(Index block, int slot)> compute, FunctionRef<void(int slot)> commit);

  private:
    bool claim(Index* block);

    const Index blocks_;
    const int slots_;
    std::atomic<Index> next_{0};
    std::atomic<Index> committed_{0};
    std::unique_ptr<std::atomic<bool>[]> ready_;
    std::mutex committing_;
};

}  // namespace fastgd

// Teams of threads, and sums over blocks whose order does not depend on the team.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "../kernels/table.hpp"
#include "function_ref.hpp"

namespace fastgd {

// Threads that may run: affinity, cgroup quota and OpenMP's limits as this thread sees them.
int available_threads();

// `requested` (0: available_threads()), cut so that each thread has enough bytes to read.
int threads_for_work(int requested, double bytes);

// Calls body(member, members) once on each member of a team; member 0 is the calling thread.
// The team may come out smaller than asked for, and is the calling thread alone for a while where
// the last ones were waited for longer than they helped. `body` must not throw.
void run_team(int threads, FunctionRef<void(int member, int members)> body);

// The sum of part(begin, end) over stretches of the first `size` columns, added in their order, by
// as many threads as `bytes` of reading a column are worth: the same bits for any team.
double sum_over_columns(int requested, std::size_t size, double bytes,
                        FunctionRef<double(std::size_t begin, std::size_t end)> part);

// Stretches are no longer: a few vectors of one fit into the first cache level.
inline constexpr std::size_t columns_at_once = 2048;

// `count` such sums, of the numbers that part(begin, end, numbers) writes.
std::vector<double> sums_over_columns(
    int requested, std::size_t size, double bytes, std::size_t count,
    FunctionRef<void(std::size_t begin, std::size_t end, double* numbers)> part);

// The same where there is nothing to add up.
void over_columns(int requested, std::size_t size, double bytes,
                  FunctionRef<void(std::size_t begin, std::size_t end)> part);

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

// Rounds of items and a step: the step is taken by who finishes the last item, and then the next
// round begins. A member works on its own items, whose data its cache holds, and on those of others
// only when they are late: a member that gets no processor holds up nobody, unless in the midst of
// an item.
class Rounds {
  public:
    Rounds(Index rounds, Index items)
        : rounds_(rounds), claimed_(static_cast<std::size_t>(items)) {}

    // The part of one member; item i belongs to member i % members.
    void work(int member, int members, FunctionRef<void(Index round, Index item)> work_on,
              FunctionRef<void(Index round)> step);

  private:
    struct alignas(64) Claim {
        std::atomic<Index> rounds{0};  // in which the item was claimed
    };

    Index items() const { return static_cast<Index>(claimed_.size()); }
    // The first item free in this round of first, first + stride, ...; items() if there is none.
    Index claim(Index round, Index first, Index stride);

    const Index rounds_;
    std::vector<Claim> claimed_;
    alignas(64) std::atomic<Index> finished_{0};
    alignas(64) std::atomic<Index> open_{0};  // the round that is worked on
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

// Works on rows block by block, `segment_rows` at a time, between which `keep_going` is asked:
// compute(block, member, slot) on any member of a team, commit(slot) in the order of rows.
void work_on_blocks(const RowSelection& rows, Index block_rows, Index segment_rows, int team,
                    int slots, FunctionRef<bool()> keep_going,
                    FunctionRef<void(const RowSelection& block, int member, int slot)> compute,
                    FunctionRef<void(int slot)> commit);

}  // namespace fastgd

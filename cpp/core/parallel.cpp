#include "parallel.hpp"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <numeric>
#include <thread>
#include <vector>

#include "cpu_quota.hpp"
#include "team_worth.hpp"

#if defined(_OPENMP)
#include <omp.h>
#endif

namespace fastgd {

namespace {

// A fork copies the calling thread alone: the child's OpenMP pool would wait for threads that do
// not exist, so a child of a process that had a pool uses threads of its own.
std::atomic<bool> pool_exists{false};
std::atomic<bool> pool_lost{false};

void after_fork_in_child() {
    if (pool_exists.load(std::memory_order_relaxed))
        pool_lost.store(true, std::memory_order_relaxed);
}

[[maybe_unused]] const int fork_handler = pthread_atfork(nullptr, nullptr, after_fork_in_child);

void run_std_team(int threads, FunctionRef<void(int, int)> body) {
    std::vector<std::thread> others;
    others.reserve(static_cast<std::size_t>(threads - 1));
    std::atomic<int> members{0};
    // members start only once the size of the team is known: a thread may fail to start
    const auto member = [&](int index) {
        while (members.load(std::memory_order_acquire) == 0) std::this_thread::yield();
        if (index < members.load(std::memory_order_relaxed)) body(index, members.load());
    };
    int started = 1;
    try {
        for (; started < threads; ++started) others.emplace_back(member, started);
    } catch (const std::exception&) {
        // fewer threads than asked for: the team is what could be started
    }
    members.store(started, std::memory_order_release);
    body(0, started);
    for (std::thread& other : others) other.join();
}

void run_any_team(int threads, FunctionRef<void(int, int)> body) {
#if defined(_OPENMP)
    if (!pool_lost.load(std::memory_order_relaxed)) {
        pool_exists.store(true, std::memory_order_relaxed);
#pragma omp parallel num_threads(threads)
        body(omp_get_thread_num(), omp_get_num_threads());
        return;
    }
#endif
    run_std_team(threads, body);
}

// Waits a moment for another thread. Spinning is for the microsecond in which all members run;
// beyond it the processor may be needed by the very thread that is waited for.
constexpr int spins = 128;

void wait_a_little(int times) {
    if (times >= spins) {
        std::this_thread::yield();
        return;
    }
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

double now() {
    using Clock = std::chrono::steady_clock;
    return std::chrono::duration<double>(Clock::now().time_since_epoch()).count();
}

// Each caller's own: what one waits says nothing of another's processors.
thread_local TeamWorth team_worth;

// Times what it lives as waiting in the midst of a team's work.
class WaitInside {
  public:
    WaitInside() = default;
    ~WaitInside() { team_worth.wait_inside(now() - began_); }
    WaitInside(const WaitInside&) = delete;
    WaitInside& operator=(const WaitInside&) = delete;

  private:
    double began_ = now();
};

// Bytes a thread should have to read before it is worth waking.
constexpr double bytes_per_thread = 256.0 * 1024.0;

}  // namespace

int available_threads() {
    int threads = usable_processors();
#if defined(_OPENMP)
    if (omp_in_parallel()) return 1;
    threads = std::min({threads, omp_get_max_threads(), omp_get_thread_limit()});
#endif
    return std::max(threads, 1);
}

int threads_for_work(int requested, double bytes) {
    const double useful = bytes / bytes_per_thread;
    // asking the system for its processors takes as long as a small gradient
    if (useful < 2.0) return 1;
    const int wanted = requested > 0 ? requested : available_threads();
    return useful < wanted ? static_cast<int>(useful) : wanted;
}

const char* thread_runtime() {
#if defined(_OPENMP)
    return "OpenMP";
#else
    return "std::thread";
#endif
}

void run_team(int threads, FunctionRef<void(int, int)> body) {
    const double began = threads > 1 ? now() : 0.0;
    TeamWorth& worth = team_worth;
    if (threads <= 1 || !worth.pays(began)) {
        body(0, 1);
        return;
    }
    double started = began;  // the calling thread's own part
    double ended = began;
    int size = 1;
    const auto timed = [&](int member, int members) {
        if (member == 0) started = now();
        body(member, members);
        if (member > 0) return;
        ended = now();
        size = members;
    };
    worth.take_inside();
    run_any_team(threads, timed);
    const double over = now();
    const double worked = ended - started - worth.take_inside();
    worth.record(size, worked, over - began - worked, over);
}

std::vector<double> sums_over_columns(int requested, std::size_t size, double bytes,
                                      std::size_t count,
                                      FunctionRef<void(std::size_t, std::size_t, double*)> part) {
    const std::size_t stretches =
        std::max<std::size_t>((size + columns_at_once - 1) / columns_at_once, 1);
    std::vector<double> numbers(stretches * count);
    std::atomic<std::size_t> next{0};
    const int threads =
        stretches == 1 ? 1 : threads_for_work(requested, bytes * static_cast<double>(size));
    run_team(threads, [&](int, int) {
        for (std::size_t i; (i = next.fetch_add(1, std::memory_order_relaxed)) < stretches;)
            part(i * columns_at_once, std::min(size, (i + 1) * columns_at_once),
                 numbers.data() + i * count);
    });
    for (std::size_t at = count; at < numbers.size(); ++at) numbers[at % count] += numbers[at];
    numbers.resize(count);
    return numbers;
}

double sum_over_columns(int requested, std::size_t size, double bytes,
                        FunctionRef<double(std::size_t, std::size_t)> part) {
    if (size <= columns_at_once) return part(0, size);
    return sums_over_columns(requested, size, bytes, 1,
                             [&](std::size_t begin, std::size_t end, double* number) {
                                 *number = part(begin, end);
                             })
        .front();
}

void over_columns(int requested, std::size_t size, double bytes,
                  FunctionRef<void(std::size_t, std::size_t)> part) {
    sum_over_columns(requested, size, bytes, [&](std::size_t begin, std::size_t end) {
        part(begin, end);
        return 0.0;
    });
}

void Barrier::wait(int members) {
    const unsigned phase = phase_.load(std::memory_order_acquire);
    if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == members) {
        arrived_.store(0, std::memory_order_relaxed);
        phase_.store(phase + 1, std::memory_order_release);
        return;
    }
    for (int times = 0; phase_.load(std::memory_order_acquire) == phase; ++times)
        wait_a_little(times);
}

Index Rounds::claim(Index round, Index first, Index stride) {
    for (Index i = first; i < items(); i += stride) {
        Index expected = round;
        std::atomic<Index>& claimed = claimed_[static_cast<std::size_t>(i)].rounds;
        if (claimed.load(std::memory_order_relaxed) == round &&
            claimed.compare_exchange_strong(expected, round + 1, std::memory_order_relaxed))
            return i;
    }
    return items();
}

void Rounds::work(int member, int members, FunctionRef<void(Index, Index)> work_on,
                  FunctionRef<void(Index)> step) {
    bool alone = false;  // as far as the last rounds tell
    for (int times = 0;;) {
        const Index round = open_.load(std::memory_order_acquire);
        if (round >= rounds_) return;
        Index item = claim(round, member, members);
        if (item == items() && (alone || times >= spins)) {
            item = claim(round, 0, 1);
            alone = item < items();
        }
        if (item == items()) {
            wait_a_little(times++);
            continue;
        }
        times = 0;
        work_on(round, item);
        if (finished_.fetch_add(1, std::memory_order_acq_rel) + 1 < (round + 1) * items()) continue;
        step(round);
        open_.store(round + 1, std::memory_order_release);
    }
}

OrderedBlocks::OrderedBlocks(Index blocks, int slots)
    : blocks_(blocks),
      slots_(slots),
      ready_(std::make_unique<std::atomic<bool>[]>(static_cast<std::size_t>(slots))) {}

bool OrderedBlocks::claim(Index* block) {
    *block = next_.fetch_add(1, std::memory_order_relaxed);
    if (*block >= blocks_) return false;
    // a slot is free once the block that used it before is committed
    const auto taken = [&] {
        return *block >= committed_.load(std::memory_order_acquire) + slots_;
    };
    if (!taken()) return true;
    const WaitInside waiting;
    for (int times = 0; taken(); ++times) wait_a_little(times);
    return true;
}

void OrderedBlocks::work(FunctionRef<void(Index, int)> compute, FunctionRef<void(int)> commit) {
    Index block = 0;
    while (claim(&block)) {
        const int slot = static_cast<int>(block % slots_);
        compute(block, slot);
        std::unique_lock lock(committing_, std::try_to_lock);
        if (!lock.owns_lock()) {
            const WaitInside waiting;
            lock.lock();
        }
        ready_[static_cast<std::size_t>(slot)].store(true, std::memory_order_relaxed);
        Index first = committed_.load(std::memory_order_relaxed);
        while (first < blocks_ &&
               ready_[static_cast<std::size_t>(first % slots_)].load(std::memory_order_relaxed)) {
            const int ready_slot = static_cast<int>(first % slots_);
            commit(ready_slot);
            ready_[static_cast<std::size_t>(ready_slot)].store(false, std::memory_order_relaxed);
            committed_.store(++first, std::memory_order_release);
        }
    }
}

void work_on_blocks(const RowSelection& rows, Index block_rows, Index segment_rows, int team,
                    int slots, FunctionRef<bool()> keep_going,
                    FunctionRef<void(const RowSelection& block, int member, int slot)> compute,
                    FunctionRef<void(int slot)> commit) {
    for (Index first = 0; first < rows.count && keep_going(); first += segment_rows) {
        const RowSelection segment = rows.part(first, std::min(segment_rows, rows.count - first));
        OrderedBlocks order((segment.count + block_rows - 1) / block_rows, slots);
        run_team(team, [&](int member, int) {
            order.work(
                [&](Index block, int slot) {
                    const Index begin = block * block_rows;
                    compute(segment.part(begin, std::min(block_rows, segment.count - begin)),
                            member, slot);
                },
                commit);
        });
    }
}

}  // namespace fastgd

// What mapped memory does between two owners.
#include <algorithm>
#include <atomic>
#include <random>
#include <thread>
#include <vector>

#include "check.hpp"
#include "core/kept_memory.hpp"

namespace fastgd::testing {
namespace {

constexpr std::size_t most = 1 << 20;

// Addresses alone: nothing kept is read or written.
alignas(64) char memory[8 * most];
std::vector<std::pair<char*, std::size_t>> given_back;

void give_back(char* begin, std::size_t bytes) { given_back.emplace_back(begin, bytes); }

std::size_t bytes_given_back() {
    std::size_t sum = 0;
    for (const auto& [begin, bytes] : given_back) sum += bytes;
    return sum;
}

void neighbours_become_one() {
    for (const bool middle_last : {false, true}) {
        given_back.clear();
        KeptMemory kept(most, give_back);
        std::vector<std::size_t> order{0, 1, 2};
        if (middle_last) std::swap(order[1], order[2]);
        for (const std::size_t i : order) check(kept.keep(memory + 4096 * i, 4096), i);
        check(kept.take(3 * 4096) == memory, "three that touch serve one of their size");
        check(kept.bytes() == 0 && given_back.empty());
    }
}

void the_smallest_that_fits_is_taken() {
    KeptMemory kept(most, give_back);
    kept.keep(memory, 64 * 1024);
    kept.keep(memory + most, 8 * 1024);
    kept.keep(memory + 2 * most, 16 * 1024);
    check(kept.take(8 * 1024) == memory + most);
    check(kept.take(9 * 1024) == memory + 2 * most, "and what is left of it stays");
    check(kept.take(7 * 1024) == memory + 2 * most + 9 * 1024);
    check(kept.bytes() == 64 * 1024);
}

void what_does_not_fit_goes_back() {
    given_back.clear();
    KeptMemory kept(most, give_back);
    for (std::size_t i = 0; i < 4; ++i) kept.keep(memory + i * most, 64 * 1024);
    check(kept.take(128 * 1024) == nullptr);
    check(bytes_given_back() == 128 * 1024, "as much as the caller maps now");
    check(kept.bytes() == 128 * 1024);
    check(kept.take(most) == nullptr && kept.bytes() == 0, "and all if that is more");
    check(bytes_given_back() == 256 * 1024);
}

void no_more_is_kept_than_allowed() {
    KeptMemory kept(most, give_back);
    check(!kept.keep(memory, most + 1));
    check(kept.keep(memory, most));
    check(!kept.keep(memory + most, 1) && kept.bytes() == most);
    KeptMemory scattered(most, give_back);
    std::size_t stretches = 0;
    while (stretches < 1024 && scattered.keep(memory + 4096 * stretches, 64)) ++stretches;
    check(stretches > 1 && stretches < 1024 && scattered.bytes() == 64 * stretches,
          "of many small ones as many as there is room for, then none");
}

// Whatever comes in which order: no byte has two owners, and none is lost.
void every_byte_has_one_owner() {
    given_back.clear();
    constexpr std::size_t unit = 4096;
    constexpr std::size_t units = sizeof(memory) / unit;
    enum Owner : unsigned char { system, caller, keeper };
    std::vector<unsigned char> owner(units, system);
    KeptMemory kept(most, give_back);
    const auto hand = [&](char* begin, std::size_t bytes, Owner from, Owner to) {
        for (std::size_t i = 0; i < bytes / unit; ++i) {
            unsigned char& one = owner[static_cast<std::size_t>(begin - memory) / unit + i];
            check(one == from, "unit ", i, " of ", bytes, " was of ", int{one});
            one = to;
        }
    };
    std::mt19937 random(7);
    std::vector<std::pair<char*, std::size_t>> live;
    std::size_t next = 0;
    for (int turn = 0; turn < 20'000; ++turn) {
        if (live.size() < 12 && random() % 2 == 0) {
            const std::size_t bytes = (1 + random() % 40) * unit;
            char* begin = kept.take(bytes);
            for (const auto& [at, size] : given_back) hand(at, size, keeper, system);
            given_back.clear();
            if (begin != nullptr) {
                hand(begin, bytes, keeper, caller);
            } else {
                // the next free place, as a system would find one
                while (true) {
                    if (next + bytes / unit > units) next = 0;
                    const auto first = owner.begin() + static_cast<std::ptrdiff_t>(next);
                    const auto last = first + static_cast<std::ptrdiff_t>(bytes / unit);
                    if (std::all_of(first, last, [](unsigned char o) { return o == system; }))
                        break;
                    ++next;
                }
                begin = memory + next * unit;
                hand(begin, bytes, system, caller);
            }
            live.emplace_back(begin, bytes);
        } else if (!live.empty()) {
            const std::size_t i = random() % live.size();
            const auto [begin, bytes] = live[i];
            live.erase(live.begin() + static_cast<std::ptrdiff_t>(i));
            hand(begin, bytes, caller, kept.keep(begin, bytes) ? keeper : system);
        }
        const auto of_keeper =
            static_cast<std::size_t>(std::count(owner.begin(), owner.end(), keeper));
        check(kept.bytes() == of_keeper * unit && kept.bytes() <= most, kept.bytes());
    }
}

void threads_never_share() {
    constexpr std::size_t threads = 4;
    constexpr std::size_t unit = 4096;
    constexpr std::size_t own_units = 256;
    static char pages[threads * own_units * unit];
    KeptMemory kept(most, [](char*, std::size_t) {});
    std::atomic<long> shared{0};
    std::vector<std::thread> team;
    for (std::size_t t = 0; t < threads; ++t)
        team.emplace_back([&, t] {
            std::size_t fresh = 0;
            for (int turn = 0; turn < 20'000; ++turn) {
                char* page = kept.take(unit);
                if (page == nullptr) {
                    // nothing kept, or it was another's turn
                    if (fresh == own_units) return;
                    page = pages + (t * own_units + fresh++) * unit;
                }
                *page = static_cast<char>(t);
                if (turn % 16 == 0) std::this_thread::yield();
                shared += *page != static_cast<char>(t);
                kept.keep(page, unit);
            }
        });
    for (std::thread& thread : team) thread.join();
    check(shared == 0, shared.load());
}

}  // namespace
}  // namespace fastgd::testing

int main(int argc, char** argv) {
    using namespace fastgd::testing;
    return run({{"neighbours become one", neighbours_become_one},
                {"the smallest that fits is taken", the_smallest_that_fits_is_taken},
                {"what does not fit goes back", what_does_not_fit_goes_back},
                {"no more is kept than allowed", no_more_is_kept_than_allowed},
                {"every byte has one owner", every_byte_has_one_owner},
                {"threads never share", threads_never_share}},
               argc, argv);
}

// The plainest read of memory: every line of an array once, summed, on some threads.
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

namespace {

constexpr std::size_t line = 8;  // words of 8 bytes in a cache line

// Prefetching past the end is harmless: it never faults.
std::uint64_t sum_lines(const std::uint64_t* words, std::size_t lines, std::size_t ahead) {
    std::uint64_t sums[line] = {};
    for (std::size_t i = 0; i < lines; ++i) {
        const std::uint64_t* at = words + i * line;
        if (ahead > 0) __builtin_prefetch(at + ahead * line);
        for (std::size_t k = 0; k < line; ++k) sums[k] += at[k];
    }
    std::uint64_t sum = 0;
    for (const std::uint64_t s : sums) sum += s;
    return sum;
}

}  // namespace

// Sum of the first `lines` cache lines, read by `threads` threads, each a stretch of its own;
// `ahead` is how many lines early to prefetch, 0 to leave it to the processor.
extern "C" std::uint64_t read_once(const void* data, std::size_t lines, std::size_t ahead,
                                   std::size_t threads) {
    const auto* words = static_cast<const std::uint64_t*>(data);
    std::vector<std::uint64_t> sums(threads * line);  // a cache line for each thread
    const auto work = [&](std::size_t t) {
        const std::size_t begin = lines * t / threads;
        const std::size_t end = lines * (t + 1) / threads;
        sums[t * line] = sum_lines(words + begin * line, end - begin, ahead);
    };
    std::vector<std::thread> others;
    for (std::size_t t = 1; t < threads; ++t) others.emplace_back(work, t);
    work(0);
    for (std::thread& other : others) other.join();
    std::uint64_t sum = 0;
    for (const std::uint64_t s : sums) sum += s;
    return sum;
}

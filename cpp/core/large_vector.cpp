#include "large_vector.hpp"

#include <new>

#if defined(__linux__)
#include <sys/mman.h>

#include <cstdint>

#include "kept_memory.hpp"
#endif

namespace fastgd {

#if defined(__linux__)

namespace {

constexpr std::size_t page = 65536;  // no system's small ones are larger
constexpr std::size_t huge_page = std::size_t{1} << 21;

constexpr std::size_t rounded_up(std::size_t bytes, std::size_t unit) {
    return (bytes + unit - 1) / unit * unit;
}

// A rest of half a huge page or more is worth a whole one.
constexpr std::size_t mapped_bytes(std::size_t bytes) {
    return rounded_up(bytes, bytes % huge_page >= huge_page / 2 ? huge_page : page);
}

// As much as the C library keeps of what was freed: vectors of one fit serve the next stage of it,
// and the next fit.
constexpr std::size_t most_kept_bytes = std::size_t{64} << 20;

constinit KeptMemory kept(most_kept_bytes,
                          [](char* begin, std::size_t bytes) { munmap(begin, bytes); });

}  // namespace

// New memory is cut out of a mapping that is one huge page longer.
void* map_huge_pages(std::size_t asked) {
    if (asked > std::numeric_limits<std::ptrdiff_t>::max() - 2 * huge_page) throw std::bad_alloc();
    const std::size_t bytes = mapped_bytes(asked);
    if (char* const begin = kept.take(bytes)) return begin;
    void* const mapped = mmap(nullptr, bytes + huge_page, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) throw std::bad_alloc();
    const auto address = reinterpret_cast<std::uintptr_t>(mapped);
    const std::size_t before = rounded_up(address, huge_page) - address;
    char* const begin = static_cast<char*>(mapped) + before;
    if (before > 0) munmap(mapped, before);
    munmap(begin + bytes, huge_page - before);
    // only a wish: where it is not granted the memory is there all the same
    madvise(begin, bytes, MADV_HUGEPAGE);
    return begin;
}

void unmap_huge_pages(void* memory, std::size_t asked) noexcept {
    const std::size_t bytes = mapped_bytes(asked);
    if (!kept.keep(static_cast<char*>(memory), bytes)) munmap(memory, bytes);
}

#else

void* map_huge_pages(std::size_t) { throw std::bad_alloc(); }

void unmap_huge_pages(void*, std::size_t) noexcept {}

#endif

}  // namespace fastgd

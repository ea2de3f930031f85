#include "large_vector.hpp"

#include <new>

#if defined(__linux__)
#include <sys/mman.h>

#include <cstdint>
#endif

namespace fastgd {

namespace {

constexpr std::align_val_t line{64};

#if defined(__linux__)

constexpr std::size_t page = 65536;  // no system's small ones are larger
constexpr std::size_t huge_page = std::size_t{1} << 21;

constexpr std::size_t rounded_up(std::size_t bytes, std::size_t unit) {
    return (bytes + unit - 1) / unit * unit;
}

constexpr bool is_large(std::size_t bytes) { return bytes >= huge_page / 2; }

// A rest of half a huge page or more is worth a whole one.
constexpr std::size_t mapped_bytes(std::size_t bytes) {
    return is_large(bytes % huge_page) ? rounded_up(bytes, huge_page) : rounded_up(bytes, page);
}

// What begins on a huge page is cut out of a mapping that is one longer.
void* map(std::size_t bytes) {
    void* mapped = mmap(nullptr, bytes + huge_page, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) throw std::bad_alloc();
    char* const begin = static_cast<char*>(mapped);
    const std::size_t before = rounded_up(reinterpret_cast<std::uintptr_t>(begin), huge_page) -
                               reinterpret_cast<std::uintptr_t>(begin);
    if (before > 0) munmap(begin, before);
    munmap(begin + before + bytes, huge_page - before);
    // only a wish: where it is not granted the memory is there all the same
    madvise(begin + before, bytes, MADV_HUGEPAGE);
    return begin + before;
}

#endif

}  // namespace

void* allocate_large(std::size_t bytes) {
#if defined(__linux__)
    if (is_large(bytes)) return map(mapped_bytes(bytes));
#endif
    return ::operator new(bytes, line);
}

void release_large(void* memory, [[maybe_unused]] std::size_t bytes) noexcept {
#if defined(__linux__)
    if (is_large(bytes)) {
        munmap(memory, mapped_bytes(bytes));
        return;
    }
#endif
    ::operator delete(memory, line);
}

}  // namespace fastgd

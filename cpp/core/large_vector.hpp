// Memory of large vectors lies on huge pages: touched for the first time it costs a fault every
// 2 MB, not every 4 KB, and columns that lie anywhere miss the processor's table of pages less.
#pragma once

#include <cstddef>
#include <limits>
#include <memory>
#include <vector>

namespace fastgd {

// Bytes from which on memory is mapped for itself: half a huge page. Elsewhere it never is.
#if defined(__linux__)
inline constexpr std::size_t least_mapped_bytes = std::size_t{1} << 20;
#else
inline constexpr std::size_t least_mapped_bytes = std::numeric_limits<std::size_t>::max();
#endif

// Uninitialised; throws std::bad_alloc.
void* map_huge_pages(std::size_t bytes);
// `bytes` as they were asked for.
void unmap_huge_pages(void* memory, std::size_t bytes) noexcept;

template <class T>
struct LargeAllocator {
    using value_type = T;

    LargeAllocator() = default;
    template <class Other>
    LargeAllocator(const LargeAllocator<Other>&) {}  // NOLINT(google-explicit-constructor)

    T* allocate(std::size_t size) {
        const std::size_t bytes = size * sizeof(T);
        if (bytes < least_mapped_bytes) return std::allocator<T>().allocate(size);
        return static_cast<T*>(map_huge_pages(bytes));
    }
    void deallocate(T* memory, std::size_t size) noexcept {
        const std::size_t bytes = size * sizeof(T);
        if (bytes < least_mapped_bytes) return std::allocator<T>().deallocate(memory, size);
        unmap_huge_pages(memory, bytes);
    }
    bool operator==(const LargeAllocator&) const = default;
};

template <class T>
using LargeVector = std::vector<T, LargeAllocator<T>>;

}  // namespace fastgd

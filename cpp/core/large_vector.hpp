// Memory of large vectors lies on huge pages: touched for the first time it costs a fault every
// 2 MB, not every 4 KB, and columns that lie anywhere miss the processor's table of pages less.
#pragma once

#include <cstddef>
#include <vector>

namespace fastgd {

// On a cache-line boundary; throws std::bad_alloc. Below half a huge page memory as any other.
void* allocate_large(std::size_t bytes);
// `bytes` as they were asked for.
void release_large(void* memory, std::size_t bytes) noexcept;

template <class T>
struct LargeAllocator {
    using value_type = T;

    LargeAllocator() = default;
    template <class Other>
    LargeAllocator(const LargeAllocator<Other>&) {}  // NOLINT(google-explicit-constructor)

    T* allocate(std::size_t size) { return static_cast<T*>(allocate_large(size * sizeof(T))); }
    void deallocate(T* memory, std::size_t size) noexcept {
        release_large(memory, size * sizeof(T));
    }
    bool operator==(const LargeAllocator&) const = default;
};

template <class T>
using LargeVector = std::vector<T, LargeAllocator<T>>;

}  // namespace fastgd

// Uninitialised scratch memory on a cache-line boundary.
#pragma once

#include <cstddef>
#include <memory>
#include <new>

#include "large_vector.hpp"

namespace fastgd {

template <class T>
class Buffer {
  public:
    Buffer() = default;
    explicit Buffer(std::ptrdiff_t size) : size_(size) {
        if (size == 0) return;
        const std::size_t bytes = sizeof(T) * static_cast<std::size_t>(size);
        void* const memory =
            bytes < least_mapped_bytes ? ::operator new(bytes, line) : map_huge_pages(bytes);
        memory_ = Memory(static_cast<T*>(memory), Free{bytes});
    }

    T* data() { return memory_.get(); }
    const T* data() const { return memory_.get(); }
    std::ptrdiff_t size() const { return size_; }
    T& operator[](std::ptrdiff_t i) { return memory_.get()[i]; }
    const T& operator[](std::ptrdiff_t i) const { return memory_.get()[i]; }

  private:
    static constexpr std::align_val_t line{64};
    struct Free {
        std::size_t bytes = 0;
        void operator()(T* p) const {
            if (bytes < least_mapped_bytes)
                ::operator delete(p, line);
            else
                unmap_huge_pages(p, bytes);
        }
    };
    using Memory = std::unique_ptr<T[], Free>;

    Memory memory_;
    std::ptrdiff_t size_ = 0;
};

}  // namespace fastgd

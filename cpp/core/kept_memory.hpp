// Mapped memory that its owners gave back, for those who ask next: pages that were touched once
// are not asked of the system, and cleared by it, again.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>

namespace fastgd {

// Stretches of addresses, which belong to nobody else. A caller that comes while another is at work
// is turned away, not kept waiting; so is, for good, the child of a fork at such a moment.
class KeptMemory {
  public:
    // `unmap` gives a stretch back to the system.
    constexpr KeptMemory(std::size_t most_bytes, void (*unmap)(char* begin, std::size_t bytes))
        : most_bytes_(most_bytes), unmap_(unmap) {}

    // So many bytes of what is kept, with what was left in them; or null, and as many go back to
    // the system, so that what is kept and what is mapped in its place never add up.
    char* take(std::size_t bytes);
    // False if it has to go back to the system.
    bool keep(char* begin, std::size_t bytes);

    std::size_t bytes() const { return bytes_; }

  private:
    struct Stretch {
        char* begin;
        std::size_t bytes;
        char* end() const { return begin + bytes; }
    };

    // Held in the same scope; false where somebody else holds it.
    class Turn {
      public:
        explicit Turn(std::atomic_flag& taken)
            : taken_(taken), mine_(!taken.test_and_set(std::memory_order_acquire)) {}
        ~Turn() {
            if (mine_) taken_.clear(std::memory_order_release);
        }
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;
        explicit operator bool() const { return mine_; }

      private:
        std::atomic_flag& taken_;
        bool mine_;
    };

    void erase(std::size_t at);
    void give_back(std::size_t bytes);

    const std::size_t most_bytes_;
    void (*const unmap_)(char*, std::size_t);
    std::atomic_flag taken_;
    std::array<Stretch, 64> stretches_{};  // by address; none touches the next
    std::size_t count_ = 0;
    std::size_t bytes_ = 0;
};

}  // namespace fastgd

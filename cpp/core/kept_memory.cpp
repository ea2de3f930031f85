#include "kept_memory.hpp"

#include <algorithm>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

namespace fastgd {

namespace {

// What is kept is nobody's: sanitizers should say so.
void forbid([[maybe_unused]] const char* begin, [[maybe_unused]] std::size_t bytes) {
#if defined(__SANITIZE_ADDRESS__)
    __asan_poison_memory_region(begin, bytes);
#endif
}

void allow([[maybe_unused]] const char* begin, [[maybe_unused]] std::size_t bytes) {
#if defined(__SANITIZE_ADDRESS__)
    __asan_unpoison_memory_region(begin, bytes);
#endif
}

}  // namespace

void KeptMemory::erase(std::size_t at) {
    std::copy(stretches_.begin() + at + 1, stretches_.begin() + count_, stretches_.begin() + at);
    --count_;
}

void KeptMemory::give_back(std::size_t bytes) {
    for (std::size_t given = 0; given < bytes && count_ > 0;) {
        const Stretch& last = stretches_[--count_];
        allow(last.begin, last.bytes);
        unmap_(last.begin, last.bytes);
        given += last.bytes;
        bytes_ -= last.bytes;
    }
}

char* KeptMemory::take(std::size_t bytes) {
    const Turn turn(taken_);
    if (!turn) return nullptr;
    // the smallest that is long enough: long ones stay whole
    std::size_t best = count_;
    for (std::size_t i = 0; i < count_; ++i)
        if (stretches_[i].bytes >= bytes &&
            (best == count_ || stretches_[i].bytes < stretches_[best].bytes))
            best = i;
    if (best == count_) {
        give_back(bytes);
        return nullptr;
    }
    Stretch& stretch = stretches_[best];
    char* const begin = stretch.begin;
    stretch.begin += bytes;
    stretch.bytes -= bytes;
    if (stretch.bytes == 0) erase(best);
    bytes_ -= bytes;
    allow(begin, bytes);
    return begin;
}

bool KeptMemory::keep(char* begin, std::size_t bytes) {
    const Turn turn(taken_);
    if (!turn || bytes > most_bytes_ - bytes_) return false;
    std::size_t at = 0;
    while (at < count_ && stretches_[at].begin < begin) ++at;
    const bool follows = at > 0 && stretches_[at - 1].end() == begin;
    const bool leads = at < count_ && begin + bytes == stretches_[at].begin;
    if (follows) {
        stretches_[at - 1].bytes += bytes;
        if (leads) {
            stretches_[at - 1].bytes += stretches_[at].bytes;
            erase(at);
        }
    } else if (leads) {
        stretches_[at] = {begin, bytes + stretches_[at].bytes};
    } else {
        if (count_ == stretches_.size()) return false;
        std::copy_backward(stretches_.begin() + at, stretches_.begin() + count_,
                           stretches_.begin() + count_ + 1);
        stretches_[at] = {begin, bytes};
        ++count_;
    }
    bytes_ += bytes;
    forbid(begin, bytes);
    return true;
}

}  // namespace fastgd

#include "permutation.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace fastgd {

void shuffle_in_place(Index* first, Index count, std::uint64_t key) {
    // multiply-shift: the bias is below 2^-32 for the buffers shuffled here
    const auto swap_into = [&](Index i, std::uint64_t draw) {
        std::swap(first[i], first[(draw * static_cast<std::uint64_t>(i + 1)) >> 32]);
    };
    Index i = count - 1;
    for (; i > 1; i -= 2) {
        const std::uint64_t bits = random_bits(key, static_cast<std::uint64_t>(i));
        swap_into(i, bits >> 32);
        swap_into(i - 1, bits & 0xffffffffu);
    }
    if (i == 1) swap_into(i, random_bits(key, 1) >> 32);
}

Permutation::Permutation(Index size, std::uint64_t key)
    : size_(static_cast<std::uint64_t>(size)), key_(key) {
    const int bits = size > 1 ? static_cast<int>(std::bit_width(size_ - 1)) : 1;
    low_bits_ = (bits + 1) / 2;
    high_bits_ = bits - low_bits_;
}

std::uint64_t Permutation::mix(std::uint64_t x) const {
    const std::uint64_t low_mask = (std::uint64_t{1} << low_bits_) - 1;
    const std::uint64_t high_mask = (std::uint64_t{1} << high_bits_) - 1;
    std::uint64_t low = x & low_mask;
    std::uint64_t high = x >> low_bits_;
    for (std::uint64_t round = 0; round < rounds; round += 2) {
        high ^= random_bits(key_ + round, low) & high_mask;
        low ^= random_bits(key_ + round + 1, high) & low_mask;
    }
    return (high << low_bits_) | low;
}

Index Permutation::operator()(Index i) const {
    auto x = static_cast<std::uint64_t>(i);
    do {
        x = mix(x);
    } while (x >= size_);
    return static_cast<Index>(x);
}

void Permutation::list(Index first, Index count, Index* out) const {
    // each round waits for the one before: those of several numbers go side by side
    constexpr Index few = 8;
    std::uint64_t x[few];
    for (Index begin = 0; begin < count; begin += few) {
        const Index size = std::min(few, count - begin);
        for (Index i = 0; i < size; ++i) x[i] = mix(static_cast<std::uint64_t>(first + begin + i));
        for (Index i = 0; i < size; ++i) {
            while (x[i] >= size_) x[i] = mix(x[i]);
            out[begin + i] = static_cast<Index>(x[i]);
        }
    }
}

}  // namespace fastgd

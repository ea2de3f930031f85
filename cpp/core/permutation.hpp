// Random orders as functions of a key: nothing stored, nothing drawn in sequence.
#pragma once

#include <cstdint>

#include "../kernels/table.hpp"

namespace fastgd {

// SplitMix64 (Steele, Lea, Flood 2014) as a counter-based generator: any draw from (key, counter).
constexpr std::uint64_t random_bits(std::uint64_t key, std::uint64_t counter) {
    std::uint64_t x = key + (counter + 1) * 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

// One key out of two: a seed and an epoch, an epoch's key and a block.
constexpr std::uint64_t derive_key(std::uint64_t key, std::uint64_t part) {
    return random_bits(random_bits(key, 0) ^ part, 1);
}

// Shuffles in place (Fisher-Yates), as a function of the key.
void shuffle_in_place(Index* first, Index count, std::uint64_t key);

// A bijection of 0..size-1: a Feistel network over the next power of two, walked until it lands
// inside (cycle walking, Black and Rogaway 2002).
class Permutation {
  public:
    Permutation(Index size, std::uint64_t key);

    Index operator()(Index i) const;

    // Where `count` numbers from `first` on go: a few times as fast as one after the other.
    void list(Index first, Index count, Index* out) const;

  private:
    std::uint64_t mix(std::uint64_t x) const;

    static constexpr int rounds = 4;
    std::uint64_t size_;
    std::uint64_t key_;
    int low_bits_;
    int high_bits_;
};

}  // namespace fastgd

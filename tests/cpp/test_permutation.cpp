// Random orders as functions of a key.
#include <algorithm>
#include <numeric>
#include <set>
#include <vector>

#include "check.hpp"
#include "core/permutation.hpp"

namespace fastgd::testing {
namespace {

std::vector<Index> order_of(Index size, std::uint64_t key) {
    const Permutation permutation(size, key);
    std::vector<Index> order;
    for (Index i = 0; i < size; ++i) order.push_back(permutation(i));
    return order;
}

bool is_permutation_of_indices(std::vector<Index> order) {
    std::sort(order.begin(), order.end());
    for (std::size_t i = 0; i < order.size(); ++i)
        if (order[i] != static_cast<Index>(i)) return false;
    return true;
}

void every_size_is_a_bijection() {
    for (Index size = 1; size <= 300; ++size)
        for (const std::uint64_t key : {0ull, 1ull, 0x9e3779b97f4a7c15ull, ~0ull})
            check(is_permutation_of_indices(order_of(size, key)), "size ", size, " key ", key);
    for (const Index size : {4095, 4096, 4097, 100003})
        check(is_permutation_of_indices(order_of(size, 42)), "size ", size);
}

void lists_are_what_is_asked_one_by_one() {
    for (const Index size : {1, 2, 7, 9, 100, 4097}) {
        const std::vector<Index> order = order_of(size, 3);
        for (const Index first : {Index{0}, size / 2, size}) {
            std::vector<Index> listed(static_cast<std::size_t>(size - first));
            Permutation(size, 3).list(first, size - first, listed.data());
            check(std::equal(listed.begin(), listed.end(), order.begin() + first), "size ", size,
                  " from ", first);
        }
    }
}

void orders_change_with_the_key() {
    for (Index size = 20; size <= 300; ++size) {
        std::set<std::vector<Index>> seen;
        for (std::uint64_t key = 0; key < 16; ++key) seen.insert(order_of(size, key));
        check(seen.size() == 16, "size ", size, ": ", seen.size(), " orders of 16 keys");
    }
}

// Each row comes first about equally often: no place is favoured.
void first_place_is_fair() {
    constexpr Index size = 24;
    constexpr int draws = 24000;
    std::vector<int> count(size);
    for (int key = 0; key < draws; ++key)
        ++count[static_cast<std::size_t>(
            Permutation(size, derive_key(7, static_cast<std::uint64_t>(key)))(0))];
    // 1000 each, standard deviation 31
    for (const int times : count) check(times > 800 && times < 1200, times);
}

void shuffle_is_a_permutation_by_key() {
    for (const Index size : {1, 2, 3, 64, 1000}) {
        std::vector<Index> order(static_cast<std::size_t>(size));
        std::iota(order.begin(), order.end(), 0);
        std::vector<Index> again = order, other = order;
        shuffle_in_place(order.data(), size, 5);
        shuffle_in_place(again.data(), size, 5);
        shuffle_in_place(other.data(), size, 6);
        check(is_permutation_of_indices(order), "size ", size);
        check(order == again, "size ", size);
        check(size < 64 || order != other, "size ", size);
    }
}

void keys_do_not_collide() {
    std::set<std::uint64_t> keys;
    for (std::uint64_t seed = 0; seed < 100; ++seed)
        for (std::uint64_t epoch = 0; epoch < 100; ++epoch) keys.insert(derive_key(seed, epoch));
    check(keys.size() == 10000, keys.size());
}

}  // namespace
}  // namespace fastgd::testing

int main(int argc, char** argv) {
    using namespace fastgd::testing;
    return run({{"every size is a bijection", every_size_is_a_bijection},
                {"lists are what is asked one by one", lists_are_what_is_asked_one_by_one},
                {"orders change with the key", orders_change_with_the_key},
                {"first place is fair", first_place_is_fair},
                {"shuffle is a permutation by key", shuffle_is_a_permutation_by_key},
                {"keys do not collide", keys_do_not_collide}},
               argc, argv);
}

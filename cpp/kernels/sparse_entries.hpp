// Loops over the numbers that one sparse row stores, and a row to come fetched between them.
#pragma once

#include "vector.hpp"

namespace fastgd::FASTGD_ISA {
namespace {

// Entries a loop takes in one turn.
constexpr int entries_a_turn = 8;

// A row to come, brought into the first cache level between the entries of the one at work: all of
// its lines at once would keep those of coefficients waiting.
template <class T>
struct RowToCome {
    const T* value;
    const std::int32_t* column;
    Index stored;

    [[gnu::always_inline]] void fetch_turn(Index e) const {
        if (e >= stored) return;
        __builtin_prefetch(value + e);
        if (e % (2 * entries_a_turn) == 0) __builtin_prefetch(column + e);
    }
    // What is left of it from entry e on; lines begin anywhere.
    [[gnu::always_inline]] void fetch_rest(Index e) const {
        for (; e < stored; e += entries_a_turn) fetch_turn(e);
        __builtin_prefetch(value + stored);
        __builtin_prefetch(column + stored);
    }
};

// Calls body(e) for the entries of a row, some a turn.
template <class Body>
[[gnu::always_inline]] inline void for_entries(Index stored, const Body& body) {
    Index e = 0;
    for (; e + entries_a_turn <= stored; e += entries_a_turn)
        each<entries_a_turn>([&](auto q) __attribute__((always_inline)) { body(e + q.value); });
    for (; e < stored; ++e) body(e);
}

// The sum of term(e) over the entries of a row, each turn's followed by meanwhile(e).
template <class T, class Term, class Meanwhile>
[[gnu::always_inline]] inline T sum_entries(Index stored, const Term& term,
                                            const Meanwhile& meanwhile) {
    // independent sums: one alone would wait for each addition
    constexpr Index sums = 4;
    T sum[sums] = {};
    Index e = 0;
    for (; e + entries_a_turn <= stored; e += entries_a_turn) {
        for (Index q = 0; q < entries_a_turn; ++q) sum[q % sums] += term(e + q);
        meanwhile(e);
    }
    for (; e + sums <= stored; e += sums)
        for (Index q = 0; q < sums; ++q) sum[q] += term(e + q);
    for (; e < stored; ++e) sum[0] += term(e);
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

template <class T, class Term>
[[gnu::always_inline]] inline T sum_entries(Index stored, const Term& term) {
    return sum_entries<T>(stored, term, [](Index) {});
}

}  // namespace
}  // namespace fastgd::FASTGD_ISA

// Fixed-width vectors: the compiler's vector extension, so that lanes and their order are ours.
#pragma once

#include "table.hpp"

namespace fastgd::FASTGD_ISA {
namespace {

#if defined(__AVX512F__)
constexpr int vector_bytes = 64;
#elif defined(__AVX__)
constexpr int vector_bytes = 32;
#else
constexpr int vector_bytes = 16;
#endif

template <class T>
constexpr int lanes = vector_bytes / static_cast<int>(sizeof(T));

// Rows that pass by once go through vectors of half a cache line at most, two in the place of one:
// loads of a whole line cross into the next wherever rows are not aligned, and AMD's Zen 4 takes
// them in two steps anyhow.
template <class T>
constexpr int streamed_lanes = lanes<T> * sizeof(T) > 32 ? 32 / static_cast<int>(sizeof(T))
                                                         : lanes<T>;

template <class T, int L>
struct VectorOf {
    // may_alias and element alignment: rows lie anywhere in the user's array
    typedef T type __attribute__((vector_size(sizeof(T) * L), aligned(sizeof(T)), may_alias));
};
template <class T, int L>
using Vector = typename VectorOf<T, L>::type;

template <int L, class T>
[[gnu::always_inline]] inline Vector<T, L> load(const T* p) {
    return *reinterpret_cast<const Vector<T, L>*>(p);
}

template <int L, class T>
[[gnu::always_inline]] inline void store(T* p, Vector<T, L> v) {
    *reinterpret_cast<Vector<T, L>*>(p) = v;
}

// A number known to the compiler.
template <int N>
struct Constant {
    static constexpr int value = N;
};
template <int L>
using Width = Constant<L>;

// Calls body(Constant<i>{}) for i from 0 to N - 1: arrays indexed by them live in registers.
template <int N, int From = 0, class Body>
[[gnu::always_inline]] inline void each(const Body& body) {
    if constexpr (From < N) {
        body(Constant<From>{});
        each<N, From + 1>(body);
    }
}

// What formulas written for numbers and vectors alike need: the type of a lane, vectors of other
// lanes in the shape of V, numbers converted, and a choice lane by lane.
template <class V>
struct ElementOf {
    using type = V;
};
template <class T>
struct ElementOf<T&> {
    using type = T;
};
template <class V>
    requires requires(V v) { v[0]; }
struct ElementOf<V> : ElementOf<decltype((*static_cast<V*>(nullptr))[0])> {};
template <class V>
using Element = typename ElementOf<V>::type;

template <class V, class E>
struct ShapedLikeOf {
    using type = E;
};
template <class V, class E>
    requires requires(V v) { v[0]; }
struct ShapedLikeOf<V, E> {
    using type = Vector<E, static_cast<int>(sizeof(V) / sizeof(Element<V>))>;
};
template <class V, class E>
using ShapedLike = typename ShapedLikeOf<V, E>::type;

template <class V, class From>
[[gnu::always_inline]] inline V converted(From from) {
    if constexpr (requires(V v) { v[0]; })
        return __builtin_convertvector(from, V);
    else
        return static_cast<V>(from);
}

template <class Mask, class V>
[[gnu::always_inline]] inline V select(Mask mask, V yes, V no) {
    return mask ? yes : no;
}

template <bool Upper, class T, int L>
[[gnu::always_inline]] inline Vector<T, L / 2> half_of(const Vector<T, L>& v) {
    Vector<T, L / 2> half;
    __builtin_memcpy(&half, reinterpret_cast<const char*>(&v) + (Upper ? sizeof half : 0),
                     sizeof half);
    return half;
}

// Adds the upper half to the lower: the one order in which lanes are summed.
template <class T, int L>
[[gnu::always_inline]] inline Vector<T, L / 2> fold(Vector<T, L> v) {
    return half_of<false, T, L>(v) + half_of<true, T, L>(v);
}

template <class T, int L>
[[gnu::always_inline]] inline T sum_of_lanes(Vector<T, L> v) {
    if constexpr (L == 1)
        return v[0];
    else
        return sum_of_lanes<T, L / 2>(fold<T, L>(v));
}

// The lanes [0, N) of some order, as template arguments.
template <int... I>
struct Lanes {};
template <int N, int... I>
struct FirstLanes : FirstLanes<N - 1, N - 1, I...> {};
template <int... I>
struct FirstLanes<0, I...> {
    using type = Lanes<I...>;
};

// Lane i of the halves of groups of G lanes, those of one vector after those of the other.
template <int L, int G>
constexpr int half_lane(int i, int upper) {
    const int within = i % (L / 2);
    return i / (L / 2) * L + within / (G / 2) * G + upper * (G / 2) + within % (G / 2);
}

// Adds the halves of each group of G lanes of two vectors: groups of G / 2 lanes remain.
template <class T, int L, int G, int... I>
[[gnu::always_inline]] inline Vector<T, L> add_halves(Vector<T, L> a, Vector<T, L> b, Lanes<I...>) {
    return __builtin_shufflevector(a, b, half_lane<L, G>(I, 0)...) +
           __builtin_shufflevector(a, b, half_lane<L, G>(I, 1)...);
}

// out[s] = the sum of all lanes of v[s], for all of S vectors with few more shuffles than for one;
// `out` has room for whole vectors of L.
template <int S, int G, class T, int L>
[[gnu::always_inline]] inline void sum_lanes(const Vector<T, L> (&v)[S], T* out) {
    if constexpr (G == 1) {
        for (int s = 0; s < S; ++s) store<L, T>(out + s * L, v[s]);
    } else {
        Vector<T, L> half[(S + 1) / 2];
        for (int s = 0; s < (S + 1) / 2; ++s)
            half[s] = add_halves<T, L, G>(v[2 * s], 2 * s + 1 < S ? v[2 * s + 1] : Vector<T, L>{},
                                          typename FirstLanes<L>::type{});
        sum_lanes<(S + 1) / 2, G / 2, T, L>(half, out);
    }
}

// {0, 1, 2, ...}
template <class T, int L>
[[gnu::always_inline]] inline Vector<T, L> lane_numbers() {
    Vector<T, L> v = {};
    for (int l = 0; l < L; ++l) v[l] = static_cast<T>(l);
    return v;
}

// The last columns, which fill no vector, are read as one that ends with the row; its first
// `summed` lanes, summed before, are set to 0.
template <int L, class V>
[[gnu::always_inline]] inline V unless_summed(V x, Index summed) {
    using T = Element<V>;
    return select(lane_numbers<T, L>() < static_cast<T>(summed), V{}, x);
}

constexpr int rounded_up(int value, int unit) { return (value + unit - 1) / unit * unit; }

template <class T, int L>
[[gnu::always_inline]] inline Vector<T, L> square_root(Vector<T, L> v) {
    for (int l = 0; l < L; ++l) {
        if constexpr (sizeof(T) == sizeof(float))
            v[l] = __builtin_sqrtf(v[l]);
        else
            v[l] = __builtin_sqrt(v[l]);
    }
    return v;
}

// The sum of all lanes and of the columns from j on, which fill no whole vector;
// term(Width<H>, j) gives H of them.
template <int L, class T, class Term>
[[gnu::always_inline]] inline T fold_sum(Vector<T, L> sum, Index j, Index columns,
                                         const Term& term) {
    if constexpr (L == 1) {
        return sum[0];
    } else {
        constexpr int H = L / 2;
        Vector<T, H> half = fold<T, L>(sum);
        if (columns - j >= H) {
            half += term(Width<H>{}, j);
            j += H;
        }
        return fold_sum<H, T>(half, j, columns, term);
    }
}

// Calls body(Width<L>, j) over [begin, end): full vectors, then at most one of each half width.
template <int L, class Body>
[[gnu::always_inline]] inline void for_tail(Index j, Index end, const Body& body) {
    if constexpr (L >= 1) {
        if (end - j >= L) {
            body(Width<L>{}, j);
            j += L;
        }
        for_tail<L / 2>(j, end, body);
    }
}

template <class T, class Body>
[[gnu::always_inline]] inline void for_columns(Index begin, Index end, const Body& body) {
    Index j = begin;
    for (; j + lanes<T> <= end; j += lanes<T>) body(Width<lanes<T>>{}, j);
    for_tail<lanes<T> / 2>(j, end, body);
}

// The same from the end on: what was read last is nearest.
template <class T, class Body>
[[gnu::always_inline]] inline void for_columns_back(Index begin, Index end, const Body& body) {
    Index j = begin + (end - begin) / lanes<T> * lanes<T>;
    for_tail<lanes<T> / 2>(j, end, body);
    while (j > begin) body(Width<lanes<T>>{}, j -= lanes<T>);
}

}  // namespace
}  // namespace fastgd::FASTGD_ISA

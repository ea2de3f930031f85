// Vectors of fewer numbers than lanes, the other lanes 0: neither what lies beyond is touched nor
// taken number by number, where the processor has masks.
#pragma once

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#include "vector.hpp"

namespace fastgd::FASTGD_ISA {
namespace {

// Masks are made for vectors of the full length alone.
template <int L, class T>
constexpr bool masked = sizeof(Vector<T, L>) == vector_bytes && vector_bytes > 16;

#if defined(__AVX512F__)
[[gnu::always_inline]] inline __mmask16 first_lanes(Index size) {
    return static_cast<__mmask16>((1U << size) - 1U);
}
[[gnu::always_inline]] inline __m512 load_masked(const float* p, Index size) {
    return _mm512_maskz_loadu_ps(first_lanes(size), p);
}
[[gnu::always_inline]] inline __m512d load_masked(const double* p, Index size) {
    return _mm512_maskz_loadu_pd(static_cast<__mmask8>(first_lanes(size)), p);
}
[[gnu::always_inline]] inline void store_masked(float* p, __m512 v, Index size) {
    _mm512_mask_storeu_ps(p, first_lanes(size), v);
}
[[gnu::always_inline]] inline void store_masked(double* p, __m512d v, Index size) {
    _mm512_mask_storeu_pd(p, static_cast<__mmask8>(first_lanes(size)), v);
}
#elif defined(__AVX2__)
template <class Lane, int L>
[[gnu::always_inline]] inline __m256i first_lanes(Index size) {
    return reinterpret_cast<__m256i>(lane_numbers<Lane, L>() < static_cast<Lane>(size));
}
[[gnu::always_inline]] inline __m256 load_masked(const float* p, Index size) {
    return _mm256_maskload_ps(p, first_lanes<std::int32_t, 8>(size));
}
[[gnu::always_inline]] inline __m256d load_masked(const double* p, Index size) {
    return _mm256_maskload_pd(p, first_lanes<std::int64_t, 4>(size));
}
[[gnu::always_inline]] inline void store_masked(float* p, __m256 v, Index size) {
    _mm256_maskstore_ps(p, first_lanes<std::int32_t, 8>(size), v);
}
[[gnu::always_inline]] inline void store_masked(double* p, __m256d v, Index size) {
    _mm256_maskstore_pd(p, first_lanes<std::int64_t, 4>(size), v);
}
#endif

// `size` numbers, fewer than L.
template <int L, class T>
[[gnu::always_inline]] inline Vector<T, L> load_fewer(const T* p, Index size) {
    if constexpr (masked<L, T>) {
        return reinterpret_cast<Vector<T, L>>(load_masked(p, size));
    } else {
        Vector<T, L> v = {};
        for (Index i = 0; i < size; ++i) v[i] = p[i];
        return v;
    }
}

template <int L, class T>
[[gnu::always_inline]] inline void store_fewer(T* p, Vector<T, L> v, Index size) {
    if constexpr (masked<L, T>)
        store_masked(p, v, size);
    else
        for (Index i = 0; i < size; ++i) p[i] = v[i];
}

// `size` numbers, L at most.
template <int L, class T>
[[gnu::always_inline]] inline Vector<T, L> load_some(const T* p, Index size) {
    return size == L ? load<L>(p) : load_fewer<L>(p, size);
}

template <int L, class T>
[[gnu::always_inline]] inline void store_some(T* p, Vector<T, L> v, Index size) {
    if (size == L)
        store<L, T>(p, v);
    else
        store_fewer<L, T>(p, v, size);
}

}  // namespace
}  // namespace fastgd::FASTGD_ISA

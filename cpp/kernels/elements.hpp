// Numbers of any stored type read as T, one by one or a vector at a time.
#pragma once

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#include "vector.hpp"

namespace fastgd::FASTGD_ISA {
namespace {

// IEEE half precision, and the upper half of a float32 (bfloat16).
struct Half {
    std::uint16_t bits;
};
struct BrainHalf {
    std::uint16_t bits;
};

// Moving the exponent up is one exact multiplication by 2^112. `Bits` is a number or a vector.
template <class Bits, class Float>
[[gnu::always_inline]] inline Float float_of_half(Bits half) {
    const Bits magnitude = (half & 0x7fffu) << 13;
    const Bits sign = (half & 0x8000u) << 16;
    const Bits finite = __builtin_bit_cast(Bits, __builtin_bit_cast(Float, magnitude) * 0x1p112f);
    const Bits value = magnitude >= 0x0f800000u ? magnitude | 0x7f800000u : finite;
    return __builtin_bit_cast(Float, value | sign);
}

template <class Source>
[[gnu::always_inline]] inline Source swapped_bytes(Source x) {
    if constexpr (sizeof(Source) == 2)
        return __builtin_bit_cast(Source, __builtin_bswap16(__builtin_bit_cast(std::uint16_t, x)));
    else if constexpr (sizeof(Source) == 4)
        return __builtin_bit_cast(Source, __builtin_bswap32(__builtin_bit_cast(std::uint32_t, x)));
    else if constexpr (sizeof(Source) == 8)
        return __builtin_bit_cast(Source, __builtin_bswap64(__builtin_bit_cast(std::uint64_t, x)));
    else
        return x;
}

template <class T, class Source>
[[gnu::always_inline]] inline T convert(Source x) {
    return static_cast<T>(x);
}
template <class T>
[[gnu::always_inline]] inline T convert(Half x) {
    return static_cast<T>(float_of_half<std::uint32_t, float>(x.bits));
}
template <class T>
[[gnu::always_inline]] inline T convert(BrainHalf x) {
    return static_cast<T>(__builtin_bit_cast(float, static_cast<std::uint32_t>(x.bits) << 16));
}

// The number at `p`, wherever it lies.
template <class T, class Source, bool swapped = false>
[[gnu::always_inline]] inline T read_as(const char* p) {
    Source value;
    __builtin_memcpy(&value, p, sizeof value);
    return convert<T>(swapped ? swapped_bytes(value) : value);
}

// L integers of at most 16 bits from `p` on, and halves as float32. By the instructions made for it
// where there are such: compilers take vectors apart whose lanes grow, a dozen instructions in the
// place of one.
template <int L, class E>
[[gnu::always_inline]] inline Vector<std::int32_t, L> read_widened(const char* p) {
    [[maybe_unused]] constexpr bool is_signed = E(-1) < E(0);
    [[maybe_unused]] constexpr bool bytes = sizeof(E) == 1;
    [[maybe_unused]] const auto as_vector = [](auto wide) __attribute__((always_inline)) {
        return __builtin_bit_cast(Vector<std::int32_t, L>, wide);
    };
#if defined(__AVX512F__)
    if constexpr (L == 16) {
        // as a choice of lanes: gcc 12 takes the plain form for one that reads what nobody wrote
        constexpr __mmask16 all = 0xffff;
        if constexpr (bytes) {
            const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
            return as_vector(is_signed ? _mm512_maskz_cvtepi8_epi32(all, v)
                                       : _mm512_maskz_cvtepu8_epi32(all, v));
        } else {
            const __m256i v = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
            return as_vector(is_signed ? _mm512_maskz_cvtepi16_epi32(all, v)
                                       : _mm512_maskz_cvtepu16_epi32(all, v));
        }
    }
#endif
#if defined(__AVX2__)
    if constexpr (L == 8) {
        if constexpr (bytes) {
            const __m128i v = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(p));
            return as_vector(is_signed ? _mm256_cvtepi8_epi32(v) : _mm256_cvtepu8_epi32(v));
        } else {
            const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
            return as_vector(is_signed ? _mm256_cvtepi16_epi32(v) : _mm256_cvtepu16_epi32(v));
        }
    }
#endif
    Vector<std::int32_t, L> wide;
    for (int l = 0; l < L; ++l) wide[l] = read_as<std::int32_t, E>(p + l * Index{sizeof(E)});
    return wide;
}

template <int L>
[[gnu::always_inline]] inline Vector<float, L> read_halves(const char* p) {
#if defined(__AVX512F__)
    if constexpr (L == 16)
        return __builtin_bit_cast(
            Vector<float, L>,
            _mm512_maskz_cvtph_ps(__mmask16{0xffff},
                                  _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))));
#endif
#if defined(__F16C__)
    if constexpr (L == 8)
        return __builtin_bit_cast(
            Vector<float, L>,
            _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))));
#endif
    return float_of_half<Vector<std::uint32_t, L>, Vector<float, L>>(
        __builtin_bit_cast(Vector<std::uint32_t, L>, read_widened<L, std::uint16_t>(p)));
}

template <class E, int L>
[[gnu::always_inline]] inline Vector<E, L> read_vector(const char* p) {
    Vector<E, L> raw;
    __builtin_memcpy(&raw, p, sizeof(E) * L);
    return raw;
}

template <class E, int L, int... I>
[[gnu::always_inline]] inline Vector<E, L> swapped_bytes(Vector<E, L> v, Lanes<I...>) {
    const auto bytes = __builtin_bit_cast(Vector<std::uint8_t, sizeof...(I)>, v);
    constexpr int last = static_cast<int>(sizeof(E)) - 1;
    return __builtin_bit_cast(Vector<E, L>, __builtin_shufflevector(bytes, bytes, (I ^ last)...));
}

// The L numbers from `p` on, side by side.
template <class T, class Source, int L, bool swapped = false>
[[gnu::always_inline]] inline Vector<T, L> read_vector_as(const char* p) {
    if constexpr (swapped) {
        const auto raw = read_vector<Source, L>(p);
        return __builtin_convertvector(
            (swapped_bytes<Source, L>(raw, typename FirstLanes<sizeof raw>::type{})), Vector<T, L>);
    } else if constexpr (__is_same(Source, Half)) {
        return __builtin_convertvector(read_halves<L>(p), Vector<T, L>);
    } else if constexpr (__is_same(Source, BrainHalf)) {
        const auto bits = read_widened<L, std::uint16_t>(p) << 16;
        return __builtin_convertvector(__builtin_bit_cast(Vector<float, L>, bits), Vector<T, L>);
    } else if constexpr (sizeof(Source) <= 2) {
        return __builtin_convertvector((read_widened<L, Source>(p)), Vector<T, L>);
    } else {
        return __builtin_convertvector((read_vector<Source, L>(p)), Vector<T, L>);
    }
}

}  // namespace
}  // namespace fastgd::FASTGD_ISA

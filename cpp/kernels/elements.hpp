// Numbers of any stored type read as T, one by one or a vector at a time.
#pragma once

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

template <class E, int L>
[[gnu::always_inline]] inline Vector<E, L> read_vector(const char* p) {
    Vector<E, L> raw;
    __builtin_memcpy(&raw, p, sizeof(E) * L);
    return raw;
}

// Widened step by step: compilers take a vector apart where lanes grow fourfold at once.
template <int L, class E>
[[gnu::always_inline]] inline Vector<std::int32_t, L> widened(Vector<E, L> v) {
    if constexpr (sizeof(E) == 1) {
        return widened<L, std::int16_t>(__builtin_convertvector(v, Vector<std::int16_t, L>));
    } else {
        return __builtin_convertvector(v, Vector<std::int32_t, L>);
    }
}

// The L numbers from `p` on, side by side.
template <class T, class Source, int L>
[[gnu::always_inline]] inline Vector<T, L> read_vector_as(const char* p) {
    if constexpr (__is_same(Source, Half) || __is_same(Source, BrainHalf)) {
        using Bits = Vector<std::uint32_t, L>;
        const Bits bits = __builtin_convertvector(read_vector<std::uint16_t, L>(p), Bits);
        Vector<float, L> value;
        if constexpr (__is_same(Source, Half))
            value = float_of_half<Bits, Vector<float, L>>(bits);
        else
            value = __builtin_bit_cast(Vector<float, L>, bits << 16);
        return __builtin_convertvector(value, Vector<T, L>);
    } else if constexpr (sizeof(Source) <= 2) {
        return __builtin_convertvector((widened<L, Source>(read_vector<Source, L>(p))),
                                       Vector<T, L>);
    } else {
        return __builtin_convertvector((read_vector<Source, L>(p)), Vector<T, L>);
    }
}

}  // namespace
}  // namespace fastgd::FASTGD_ISA

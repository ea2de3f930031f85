// exp, log and what losses need of them near 0, of a number or of a vector of them.
#pragma once

#include "vector.hpp"

namespace fastgd::FASTGD_ISA {
namespace {

// Minimax-like coefficients (Chebyshev nodes, 60 digits) of (exp(r) - 1 - r) / r^2 on
// |r| <= log(2)/2 and of (atanh(s)/s - 1) / s^2 in s^2 on [0, 1/9].
template <class T>
struct MathConstants;

template <>
struct MathConstants<double> {
    using Bits = std::int64_t;
    using UnsignedBits = std::uint64_t;
    static constexpr UnsignedBits sign = UnsignedBits{1} << 63;
    static constexpr int mantissa_bits = 52;
    static constexpr double round_magic = 6755399441055744.0;  // 1.5 * 2^52
    static constexpr Bits bias = 1023;
    static constexpr double lowest_exponent = -708.0;
    static constexpr double least_power = 3.3075530036384078e-308;  // exp of it
    static constexpr double root_half = 0.70710678118654752440;
    static constexpr double log2_e = 1.4426950408889634074;
    static constexpr double ln2_high = 6.93147180369123816490e-01;
    static constexpr double ln2_low = 1.90821492927058770002e-10;
    static constexpr double exp_series[] = {0.50000000000000010211,     0.16666666666666667452,
                                            0.041666666666624161903,    0.0083333333333300644495,
                                            0.0013888888917196719077,   0.00019841269863040545271,
                                            0.000024801521322368693266, 2.7557268480310025526e-6,
                                            2.7620075879983366586e-7,   2.5100375832561233664e-8};
    static constexpr double atanh_series[] = {0.33333333333333329281,  0.20000000000007291337,
                                              0.14285714283554378581,  0.11111111358713931495,
                                              0.090908947180664290846, 0.076927850324793115517,
                                              0.066570721048274680752, 0.060005364047953562676,
                                              0.044003692430723369411, 0.080820228059717661105};
};

template <>
struct MathConstants<float> {
    using Bits = std::int32_t;
    using UnsignedBits = std::uint32_t;
    static constexpr UnsignedBits sign = UnsignedBits{1} << 31;
    static constexpr int mantissa_bits = 23;
    static constexpr float round_magic = 12582912.0f;  // 1.5 * 2^23
    static constexpr Bits bias = 127;
    static constexpr float lowest_exponent = -87.0f;
    static constexpr float least_power = 1.6458114e-38f;
    static constexpr float root_half = 0.70710678118654752f;
    static constexpr float log2_e = 1.44269504088896341f;
    static constexpr float ln2_high = 0.693359375f;
    static constexpr float ln2_low = -2.12194440e-4f;
    static constexpr float exp_series[] = {0.5000000013457727153f,   0.16666666681614255706f,
                                           0.041666465006040048761f, 0.0083333109344488684687f,
                                           0.001393364103198670115f, 0.00019890980869750325563f};
    static constexpr float atanh_series[] = {0.33333333660263706234f, 0.19999853165964858701f,
                                             0.14296178997151418861f, 0.10853287900440186323f,
                                             0.11612164612011674416f};
};

// Estrin's scheme: pairs, then pairs of pairs; the chain of dependent products is log2(N) long.
// Recursive, for arrays that loops of unknown length walk are kept in memory.
template <int N, class V>
[[gnu::always_inline]] inline V sum_of_pairs(const V (&term)[N], V power) {
    if constexpr (N == 1) {
        return term[0];
    } else {
        V pair[(N + 1) / 2];
        each<N / 2>([&](auto i) __attribute__((always_inline)) {
            pair[i.value] = term[2 * i.value] + term[2 * i.value + 1] * power;
        });
        if constexpr (N % 2 != 0) pair[N / 2] = term[N - 1];
        return sum_of_pairs<(N + 1) / 2, V>(pair, power * power);
    }
}

template <class V, int N>
[[gnu::always_inline]] inline V polynomial(const Element<V> (&coefficient)[N], V x) {
    V term[N];
    each<N>([&](auto i)
                __attribute__((always_inline)) { term[i.value] = V{} + coefficient[i.value]; });
    return sum_of_pairs<N, V>(term, x);
}

// By the sign's bit: a comparison and a choice would be a dozen cycles that per-sample steps wait.
template <class V>
[[gnu::always_inline]] inline V absolute(V x) {
    using C = MathConstants<Element<V>>;
    using Bits = ShapedLike<V, typename C::UnsignedBits>;
    return __builtin_bit_cast(V, __builtin_bit_cast(Bits, x) & ~C::sign);
}

// -|x|
template <class V>
[[gnu::always_inline]] inline V below_zero(V x) {
    using C = MathConstants<Element<V>>;
    using Bits = ShapedLike<V, typename C::UnsignedBits>;
    return __builtin_bit_cast(V, __builtin_bit_cast(Bits, x) | C::sign);
}

// exp(x) for x <= 0; below the smallest normal number the result stays at that number's size.
template <class V>
[[gnu::always_inline]] inline V exp_negative(V x) {
    using T = Element<V>;
    using C = MathConstants<T>;
    using Bits = ShapedLike<V, typename C::UnsignedBits>;
    // adding the magic number leaves round(x / ln 2) in the low mantissa bits
    const V shifted = x * C::log2_e + C::round_magic;
    const V n = shifted - C::round_magic;
    const V r = (x - n * C::ln2_high) - n * C::ln2_low;
    const V beyond_one = r + r * r * polynomial(C::exp_series, r);
    const auto magic = __builtin_bit_cast(typename C::UnsignedBits, C::round_magic);
    const Bits exponent = (__builtin_bit_cast(Bits, shifted) - magic + C::bias) << C::mantissa_bits;
    const V power = __builtin_bit_cast(V, exponent);
    // beyond the range all of that is rubbish: it is told last, for steps wait for the result
    const V beyond = select(x == x, V{} + C::least_power, x);
    return select(x > V{} + C::lowest_exponent, power + power * beyond_one, beyond);
}

// log(1 + e) for 0 <= e <= 1, from atanh: log((1 + s) / (1 - s)) with s = e / (2 + e).
template <class V>
[[gnu::always_inline]] inline V log1p_unit(V e) {
    using T = Element<V>;
    using C = MathConstants<T>;
    const V s = e / (T(2) + e);
    const V q = s * s;
    return T(2) * (s + s * q * polynomial(C::atanh_series, q));
}

// exp(x); beyond the range of numbers the result stays at the size of the last.
template <class V>
[[gnu::always_inline]] inline V exp_any(V x) {
    using T = Element<V>;
    const V e = exp_negative(below_zero(x));
    return select(x > T(0), T(1) / e, e);
}

// exp(x) - 1 - x, to full precision near 0 too.
template <class V>
[[gnu::always_inline]] inline V exp_beyond_line(V x) {
    using T = Element<V>;
    using C = MathConstants<T>;
    constexpr T near = T(0.5) * C::ln2_high;
    const V size = absolute(x);
    const V close = select(size < near, x, V{});
    return select(size < near, close * close * polynomial(C::exp_series, close),
                  exp_any(x) - T(1) - x);
}

// log(x) for normal x > 0, from atanh again: x = 2^k m with m around 1, s = (m - 1) / (m + 1).
template <class V>
[[gnu::always_inline]] inline V log_positive(V x) {
    using T = Element<V>;
    using C = MathConstants<T>;
    using Bits = ShapedLike<V, typename C::Bits>;
    const auto least = __builtin_bit_cast(typename C::Bits, C::root_half);
    const Bits bits = __builtin_bit_cast(Bits, x);
    const Bits exponent = (bits - least) >> C::mantissa_bits;
    const V m = __builtin_bit_cast(V, bits - (exponent << C::mantissa_bits));
    const V k = converted<V>(exponent);
    const V s = (m - T(1)) / (m + T(1));
    const V q = s * s;
    const V series = T(2) * (s + s * q * polynomial(C::atanh_series, q));
    return k * C::ln2_high + (series + k * C::ln2_low);
}

}  // namespace
}  // namespace fastgd::FASTGD_ISA

// Rows of any element type and stride, written as contiguous rows of T.
#pragma once

#include "vector.hpp"

namespace fastgd::FASTGD_ISA {
namespace {

struct Half {
    std::uint16_t bits;
};

template <class T, class Source>
[[gnu::always_inline]] inline T convert(Source x) {
    return static_cast<T>(x);
}

// IEEE half precision by bits: moving the exponent up is one exact multiplication by 2^112.
template <class T>
[[gnu::always_inline]] inline T convert(Half x) {
    const std::uint32_t magnitude = static_cast<std::uint32_t>(x.bits & 0x7fffu) << 13;
    const std::uint32_t sign = static_cast<std::uint32_t>(x.bits & 0x8000u) << 16;
    const float finite = __builtin_bit_cast(float, magnitude) * 0x1p112f;
    const std::uint32_t special = magnitude | 0x7f800000u;
    const std::uint32_t value =
        magnitude >= 0x0f800000u ? special : __builtin_bit_cast(std::uint32_t, finite);
    return static_cast<T>(__builtin_bit_cast(float, value | sign));
}

template <class Source>
[[gnu::always_inline]] inline Source read(const char* p) {
    Source value;
    __builtin_memcpy(&value, p, sizeof value);
    return value;
}

template <class Source, class T>
void pack(const StridedView& source, const RowSelection& rows, T* out, Index leading) noexcept {
    const char* base = static_cast<const char*>(source.data);
    if (source.columns > 1 && source.column_stride == static_cast<Index>(sizeof(Source))) {
        for (Index i = 0; i < rows.count; ++i) {
            const char* row = base + rows.at(i) * source.row_stride;
            T* target = out + i * leading;
            for (Index j = 0; j < source.columns; ++j)
                target[j] = convert<T>(read<Source>(row + j * static_cast<Index>(sizeof(Source))));
        }
        return;
    }
    // columns outermost: a column-ordered array is read along its columns, a single one in one loop
    for (Index j = 0; j < source.columns; ++j) {
        const char* column = base + j * source.column_stride;
        for (Index i = 0; i < rows.count; ++i)
            out[i * leading + j] =
                convert<T>(read<Source>(column + rows.at(i) * source.row_stride));
    }
}

}  // namespace
}  // namespace fastgd::FASTGD_ISA

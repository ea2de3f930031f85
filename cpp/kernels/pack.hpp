// Rows of any element type, byte order and stride, written as contiguous rows of T.
#pragma once

#include "elements.hpp"

namespace fastgd::FASTGD_ISA {
namespace {

// Rows fetched into the first cache level before they are packed.
constexpr Index packing_ahead = 8;

template <class Source, bool swapped, class T>
[[gnu::always_inline]] inline void pack_contiguous(const char* from, Index count, T* to) {
    constexpr int L = lanes<T>;
    constexpr auto item = static_cast<Index>(sizeof(Source));
    Index j = 0;
    // narrow types in the other byte order are rare, and their vectors not worth the code
    if constexpr (!swapped || sizeof(Source) >= 4) {
        const auto pack_vector = [&](Index at) __attribute__((always_inline)) {
            store<L, T>(to + at, read_vector_as<T, Source, L, swapped>(from + at * item));
        };
        for (; j + L <= count; j += L) pack_vector(j);
        // the last ones by a vector that ends with the row
        if (j < count && count >= L) {
            pack_vector(count - L);
            return;
        }
    }
    for (; j < count; ++j) to[j] = read_as<T, Source, swapped>(from + j * item);
}

template <class Source, bool swapped, class T>
[[gnu::always_inline]] inline void pack_strided(const StridedView& source, const RowSelection& rows,
                                                T* out, Index leading) {
    const char* base = static_cast<const char*>(source.data);
    const auto distance = [](Index stride) { return stride < 0 ? -stride : stride; };
    if (distance(source.column_stride) < distance(source.row_stride) && source.columns > 1) {
        for (Index i = 0; i < rows.count; ++i) {
            const char* row = base + rows.at(i) * source.row_stride;
            for (Index j = 0; j < source.columns; ++j)
                out[i * leading + j] = read_as<T, Source, swapped>(row + j * source.column_stride);
        }
        return;
    }
    // columns outermost: a column-ordered array is read along its columns, a single one in one loop
    for (Index j = 0; j < source.columns; ++j) {
        const char* column = base + j * source.column_stride;
        for (Index i = 0; i < rows.count; ++i)
            out[i * leading + j] =
                read_as<T, Source, swapped>(column + rows.at(i) * source.row_stride);
    }
}

template <class Source, bool swapped, class T>
[[gnu::always_inline]] inline void pack_rows(const StridedView& source, const RowSelection& rows,
                                             T* out, Index leading) {
    if (source.columns == 1 || source.column_stride != static_cast<Index>(sizeof(Source)))
        return pack_strided<Source, swapped>(source, rows, out, leading);
    const char* base = static_cast<const char*>(source.data);
    const Index bytes = source.columns * source.column_stride;
    for (Index i = 0; i < rows.count; ++i) {
        // those wait in the second cache level at best
        const char* soon = base + rows.at(i + packing_ahead < rows.count ? i + packing_ahead : i) *
                                      source.row_stride;
        for (Index at = 0; at < bytes; at += cache_line) __builtin_prefetch(soon + at);
        pack_contiguous<Source, swapped, T>(base + rows.at(i) * source.row_stride, source.columns,
                                            out + i * leading);
    }
}

template <class Source, class T>
void pack(const StridedView& source, const RowSelection& rows, T* out, Index leading) noexcept {
    if (source.swapped)
        pack_rows<Source, true>(source, rows, out, leading);
    else
        pack_rows<Source, false>(source, rows, out, leading);
}

}  // namespace
}  // namespace fastgd::FASTGD_ISA

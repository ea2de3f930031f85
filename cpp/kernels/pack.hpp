// Rows of any element type, byte order and stride, written as contiguous rows of T.
#pragma once

#include "elements.hpp"

namespace fastgd::FASTGD_ISA {
namespace {

template <class Source, class T>
[[gnu::always_inline]] inline void pack_contiguous(const char* from, Index count, T* to) {
    constexpr int L = lanes<T>;
    constexpr auto item = static_cast<Index>(sizeof(Source));
    Index j = 0;
    for (; j + L <= count; j += L)
        store<L, T>(to + j, read_vector_as<T, Source, L>(from + j * item));
    for (; j < count; ++j) to[j] = read_as<T, Source>(from + j * item);
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

template <class Source, class T>
void pack(const StridedView& source, const RowSelection& rows, T* out, Index leading) noexcept {
    if (source.swapped) return pack_strided<Source, true>(source, rows, out, leading);
    if (source.columns == 1 || source.column_stride != static_cast<Index>(sizeof(Source)))
        return pack_strided<Source, false>(source, rows, out, leading);
    const char* base = static_cast<const char*>(source.data);
    for (Index i = 0; i < rows.count; ++i)
        pack_contiguous<Source, T>(base + rows.at(i) * source.row_stride, source.columns,
                                   out + i * leading);
}

}  // namespace
}  // namespace fastgd::FASTGD_ISA

// Neighbouring rows of columns that lie apart, written as contiguous rows of T.
#pragma once

#include "elements.hpp"

namespace fastgd::FASTGD_ISA {
namespace {

// Lane l of two vectors whose blocks of S lanes off the diagonal change places.
template <int L, int S>
constexpr int exchanged_lane(int l, bool second) {
    const bool upper = (l & S) != 0;
    if (second) return upper ? L + l : l + S;
    return upper ? L + l - S : l;
}

template <class T, int L, int S, int... I>
[[gnu::always_inline]] inline void exchange(Vector<T, L>& a, Vector<T, L>& b, Lanes<I...>) {
    const Vector<T, L> first = __builtin_shufflevector(a, b, exchanged_lane<L, S>(I, false)...);
    b = __builtin_shufflevector(a, b, exchanged_lane<L, S>(I, true)...);
    a = first;
}

// Transposes an L x L block that lies in registers, halving the blocks that change places.
template <class T, int L, int S = L / 2>
[[gnu::always_inline]] inline void transpose(Vector<T, L> (&v)[L]) {
    if constexpr (S > 0) {
        each<L>([&](auto at) {
            constexpr int i = decltype(at)::value;
            if constexpr ((i & S) == 0)
                exchange<T, L, S>(v[i], v[i + S], typename FirstLanes<L>::type{});
        });
        transpose<T, L, S / 2>(v);
    }
}

template <class Source, bool swapped, class T>
[[gnu::always_inline]] inline void pack_piece(const ColumnPiece& piece, Index first, Index rows,
                                              T* out, Index leading) {
    const char* from = static_cast<const char*>(piece.data) + first * piece.stride;
    for (Index i = 0; i < rows; ++i)
        out[i * leading] = read_as<T, Source, swapped>(from + i * piece.stride);
}

// L columns side by side, numbers of each one after the other.
template <class Source, class T>
[[gnu::always_inline]] inline void pack_block(const ColumnPiece* column, Index first, Index rows,
                                              T* out, Index leading, const ColumnFetch& fetch) {
    constexpr int L = lanes<T>;
    constexpr auto item = static_cast<Index>(sizeof(Source));
    Index i = 0;
    for (; i + L <= rows; i += L) {
        Vector<T, L> block[L];
        each<L>([&](auto at) {
            constexpr int c = decltype(at)::value;
            const char* from = static_cast<const char*>(column[c].data);
            // one by one between the loads: memory takes no more than some lines at once
            if (i == 0 && fetch.begins) __builtin_prefetch(from + fetch.first * item, 0, 2);
            if (i < fetch.rows) __builtin_prefetch(from + (fetch.first + i + L) * item - 1, 0, 2);
            block[c] = read_vector_as<T, Source, L>(from + (first + i) * item);
        });
        transpose<T, L>(block);
        each<L>([&](auto at) {
            constexpr int r = decltype(at)::value;
            store<L, T>(out + (i + r) * leading, block[r]);
        });
    }
    for (int c = 0; c < L && i < rows; ++c)
        pack_piece<Source, false>(column[c], first + i, rows - i, out + i * leading + c, leading);
}

template <class Source, class T>
void pack_columns(const ColumnPiece* column, Index columns, Index first, Index rows, T* out,
                  Index leading, const ColumnFetch& fetch) noexcept {
    constexpr int L = lanes<T>;
    const bool contiguous =
        column[0].stride == static_cast<Index>(sizeof(Source)) && !column[0].swapped;
    if (contiguous && columns >= L) {
        for (Index j = 0; j < columns; j += L) {
            // the last columns, which fill no block, are packed with some before them
            const Index begin = j + L <= columns ? j : columns - L;
            pack_block<Source, T>(column + begin, first, rows, out + begin, leading, fetch);
        }
        return;
    }
    for (Index j = 0; j < columns; ++j) {
        if (fetch.rows > 0)
            __builtin_prefetch(
                static_cast<const char*>(column[j].data) + fetch.first * column[j].stride, 0, 2);
        if (column[j].swapped)
            pack_piece<Source, true>(column[j], first, rows, out + j, leading);
        else
            pack_piece<Source, false>(column[j], first, rows, out + j, leading);
    }
}

}  // namespace
}  // namespace fastgd::FASTGD_ISA

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

template <class Source, class T>
void pack_columns(const ColumnPiece* column, Index columns, Index first, Index rows, T* out,
                  Index leading) noexcept {
    constexpr int L = lanes<T>;
    constexpr auto item = static_cast<Index>(sizeof(Source));
    const bool contiguous = column[0].stride == item && !column[0].swapped;
    Index j = 0;
    for (; contiguous && j + L <= columns; j += L) {
        Index i = 0;
        for (; i + L <= rows; i += L) {
            Vector<T, L> block[L];
            each<L>([&](auto at) {
                constexpr int c = decltype(at)::value;
                block[c] = read_vector_as<T, Source, L>(
                    static_cast<const char*>(column[j + c].data) + (first + i) * item);
            });
            transpose<T, L>(block);
            each<L>([&](auto at) {
                constexpr int r = decltype(at)::value;
                store<L, T>(out + (i + r) * leading + j, block[r]);
            });
        }
        for (int c = 0; c < L && i < rows; ++c)
            pack_piece<Source, false>(column[j + c], first + i, rows - i, out + i * leading + j + c,
                                      leading);
    }
    for (; j < columns; ++j) {
        if (column[j].swapped)
            pack_piece<Source, true>(column[j], first, rows, out + j, leading);
        else
            pack_piece<Source, false>(column[j], first, rows, out + j, leading);
    }
}

}  // namespace
}  // namespace fastgd::FASTGD_ISA

// Rows brought into the second cache level before their turn comes: some processors wait for a
// place in the first for longer than having them there would save.
#pragma once

#include "vector.hpp"

namespace fastgd::FASTGD_ISA {
namespace {

// The line or two of L numbers. Asked four times a line: asked once, AMD's Zen 4 reads at two
// thirds of its rate, as if it dropped requests where many are under way.
template <int L, class T>
[[gnu::always_inline]] inline void fetch_ahead(const T* p) {
    constexpr Index step = cache_line / 4 / static_cast<Index>(sizeof(T));
    for (Index j = 0; j < L; j += step) __builtin_prefetch(p + j, 0, 2);
}

}  // namespace
}  // namespace fastgd::FASTGD_ISA

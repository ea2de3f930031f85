// Rows brought into the second cache level before their turn comes: some processors wait for a
// place in the first for longer than having them there would save.
#pragma once

#include "vector.hpp"

namespace fastgd::FASTGD_ISA {
namespace {

// Whether requests seem to get lost where many are under way: asked once a line, AMD's Zen 4 reads
// at two thirds of its rate; asked again, an Intel Xeon (Granite Rapids by its caches) loses an
// eighth.
inline bool drops_requests() noexcept {
#if defined(__x86_64__)
    return __builtin_cpu_is("amd") != 0;
#else
    return false;
#endif
}

// Numbers [j, j + L) of R rows, j a multiple of L: each line once, or four times where `again`.
template <int L, int R, class T>
[[gnu::always_inline]] inline void fetch_ahead(const T* const* row, Index j, bool again) {
    constexpr Index line = cache_line / static_cast<Index>(sizeof(T));
    constexpr Index quarter = line / 4;
    if (again || L >= line || j % line == 0)
        each<R>([&](auto r) __attribute__((always_inline)) {
            for (Index at = 0; at < L; at += line) __builtin_prefetch(row[r.value] + j + at, 0, 2);
        });
    if (again)
        each<R>([&](auto r) __attribute__((always_inline)) {
            for (Index at = quarter; at < L; at += quarter)
                if (at % line != 0) __builtin_prefetch(row[r.value] + j + at, 0, 2);
        });
}

// Columns [begin, end) of a row, in the same way.
template <class T>
[[gnu::always_inline]] inline void fetch_row(const T* row, Index begin, Index end, bool again) {
    const Index bytes = (end - begin) * static_cast<Index>(sizeof(T));
    fetch(reinterpret_cast<const char*>(row + begin), bytes, again ? cache_line / 4 : cache_line);
    fetch(row + end - 1);
}

}  // namespace
}  // namespace fastgd::FASTGD_ISA

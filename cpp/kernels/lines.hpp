// Memory brought into the second cache level before its turn comes. Always inlined, as whatever
// calls these has to be: compilers take a function that fetches and does nothing else for one
// without effect, and drop its calls.
#pragma once

#include "views.hpp"

namespace fastgd {

inline constexpr Index cache_line = 64;

[[gnu::always_inline]] inline void fetch(const void* line) { __builtin_prefetch(line, 0, 2); }

// A request every `step` bytes.
[[gnu::always_inline]] inline void fetch(const char* first, Index bytes, Index step = cache_line) {
    for (Index at = 0; at < bytes; at += step) fetch(first + at);
}

}  // namespace fastgd

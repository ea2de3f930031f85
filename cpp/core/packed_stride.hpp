// How far apart packed rows lie.
#pragma once

#include "../kernels/table.hpp"

namespace fastgd {

// Padding keeps them on cache-line boundaries.
template <class T>
Index packed_stride(Index columns) {
    constexpr Index line = cache_line / static_cast<Index>(sizeof(T));
    return (columns + line - 1) / line * line;
}

}  // namespace fastgd

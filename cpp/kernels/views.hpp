// Arrays in the user's memory, and how their numbers are stored.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fastgd {

using Index = std::int64_t;

// How the numbers of a user's array are stored.
enum class ElementType : std::int32_t {
    float32,
    float64,
    float16,
    boolean,
    int8,
    int16,
    int32,
    int64,
    uint8,
    uint16,
    uint32,
    uint64,
    bfloat16,
};
inline constexpr int element_type_count = 13;

// A strided two-dimensional array in the user's memory; strides are in bytes.
struct StridedView {
    const void* data = nullptr;
    ElementType type = ElementType::float64;
    Index rows = 0;
    Index columns = 0;
    Index row_stride = 0;
    Index column_stride = 0;
    bool swapped = false;  // bytes of each number come in the other order
};

// Some rows of one column in the user's memory; `stride` is in bytes.
struct ColumnPiece {
    const void* data;
    ElementType type;
    Index stride;
    bool swapped = false;
};

// Rows of columns to bring nearer while others are packed; none: no rows.
struct ColumnFetch {
    Index first = 0;
    Index rows = 0;
    bool begins = true;  // else the line of the first row is near, as the rows before are
};

}  // namespace fastgd

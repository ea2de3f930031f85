// Whether an array's sparse rows lie within its memory: asked before anything else reads them.
#pragma once

#include "matrix.hpp"

namespace fastgd {

enum class SparseFault {
    none,
    first_start,  // is not 0
    decreasing,   // a row ends before it begins
    past_end,     // rows end behind the last number stored
    column,       // is no column
};

struct SparseCheck {
    SparseFault fault = SparseFault::none;
    Index row = 0;       // of the first fault, and of its number stored
    Index position = 0;
    Index value = 0;     // the start or column found there
    bool canonical = true;
};

// Of rows over `stored` numbers; `X.data`, `X.canonical` and `X.stored_a_row` play no part.
SparseCheck check_sparse(const MatrixView& X, Index stored, int threads);

}  // namespace fastgd

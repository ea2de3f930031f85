// How a mini-batch is shared out: parts of neighbouring rows, each summed by one thread.
#pragma once

#include <algorithm>

#include "../kernels/table.hpp"

namespace fastgd {

struct BatchParts {
    static constexpr Index most = 8;

    Index batch_rows = 1;
    Index part_rows = 1;

    // By the size of the batch alone, so that sums do not depend on threads.
    static BatchParts of(Index batch_rows) {
        const Index shared = (batch_rows + most - 1) / most;
        // whole steps of the kernels, and enough of them to be worth a sum
        const Index part_rows = std::max((shared + 3) / 4 * 4, Index{16});
        return {batch_rows, std::min(batch_rows, part_rows)};
    }

    // Of the first `rows` rows of a batch.
    Index count(Index rows) const { return (rows + part_rows - 1) / part_rows; }
    Index count() const { return count(batch_rows); }
    // Of parts [first, last) of a batch.
    Index rows_of(Index first, Index last) const {
        return std::min(last * part_rows, batch_rows) - first * part_rows;
    }
    // Parts that one of `members` threads works on, one after the other.
    Index a_member(int members) const { return (count() + members - 1) / members; }

    // Puts `count` rows into parts [first, last) of as many batches as they fill.
    void deal(const Index* rows, Index count, Index first, Index last, Index* batches) const {
        const Index size = rows_of(first, last);
        Index* out = batches + first * part_rows;
        for (Index at = 0; at < count; at += size, out += batch_rows)
            std::copy_n(rows + at, size, out);
    }
};

}  // namespace fastgd

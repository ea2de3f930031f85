// The order of rows in an epoch, as a function of (seed, epoch, block) alone.
#pragma once

#include <cstdint>
#include <vector>

#include "../kernels/table.hpp"

namespace fastgd {

enum class Shuffle { none, block, full };

// Scratch of one segment.
struct RowOrder {
    std::vector<Index> rows;      // as they are worked on
    std::vector<Index> upcoming;  // as memory is best read: the next buffer's rows, run by run
};

// block: runs of neighbouring rows (8 KiB) come in random order; a buffer of runs (256 KiB, drawn
// from all over the data) is shuffled row by row. Memory is read in runs, rows are still mixed.
class Sampler {
  public:
    Sampler(Index rows, Index row_bytes, Shuffle shuffle, std::uint64_t seed);

    // An epoch is cut into segments, each a whole number of buffers, so that a driver may look
    // up between them (at most 64 MiB of rows each).
    Index segments() const { return (rows_ + segment_rows_ - 1) / segment_rows_; }

    // The rows of one segment; the selection may point into `order`.
    RowSelection segment(std::int64_t epoch, Index segment, RowOrder& order) const;

  private:
    Index rows_;
    Shuffle shuffle_;
    std::uint64_t seed_;
    Index run_rows_;
    Index buffer_rows_;
    Index segment_rows_;
};

}  // namespace fastgd

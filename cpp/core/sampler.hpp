// The order of rows in an epoch, as a function of (seed, epoch, block) alone.
#pragma once

#include <cstdint>
#include <vector>

#include "batch_parts.hpp"

namespace fastgd {

enum class Shuffle { none, block, full };

// Neighbouring rows that stay together in block order, a run of 16 KiB: a power of two or a
// multiple of 16, so that runs of columns that lie apart are whole cache lines.
Index run_rows_of(Index row_bytes);
// No more rows than these are mixed row by row.
Index most_mixed_rows(Index row_bytes);

// Scratch of one segment.
struct RowOrder {
    // of a thread that lists buffers
    struct Lister {
        std::vector<Index> runs;
        std::vector<Index> lanes;
        std::vector<Index> batch;
    };
    std::vector<Index> rows;      // as they are worked on; in block order the next buffer too
    std::vector<Index> upcoming;  // as memory is best read: the next buffer's rows, run by run
    std::vector<Lister> listers;
};

// block: runs of neighbouring rows (16 KiB) come in random order; a buffer of runs (256 KiB, drawn
// from all over the data) is shuffled row by row. Memory is read in runs, rows are still mixed. A
// batch that is a buffer of its own is not: its runs were drawn, and it is one sum.
// Where threads share batches, a buffer has a lane for each part of a batch: the rows that a thread
// works on are those it fetched, if `members` share a batch; they list its rows together too.
// Orders do not depend on that, only which rows are fetched when.
class Sampler {
  public:
    Sampler(Index rows, Index row_bytes, Shuffle shuffle, std::uint64_t seed,
            const BatchParts& parts = {}, int members = 1);

    // An epoch is cut into segments, each a whole number of buffers, so that a driver may look
    // up between them (at most 64 MiB of rows each).
    Index segments() const { return (rows_ + segment_rows_ - 1) / segment_rows_; }

    // The rows of one segment; the selection may point into `order`.
    RowSelection segment(std::int64_t epoch, Index segment, RowOrder& order) const;

  private:
    BatchParts parts_of(Index count) const;

    // Lists the buffer of rows [begin, begin + count) of an epoch: in the order to fetch them in,
    // if there is somewhere to list it, and in that to work on them, if that is `due`.
    void list_buffer(std::uint64_t epoch_key, Index begin, Index count, bool due, Index* rows,
                     Index* fetched, RowOrder::Lister& scratch) const;
    void mix(Index* rows, Index count, std::uint64_t key, Index* lanes) const;
    // The same rows in the order memory is best read, by each of `members` those of its parts.
    void take_turns(const Index* rows, Index count, int members, Index* out, Index* lanes) const;

    Index rows_;
    Shuffle shuffle_;
    std::uint64_t seed_;
    BatchParts parts_;
    int members_;
    Index run_rows_;
    Index buffer_rows_;
    Index segment_rows_;
};

}  // namespace fastgd

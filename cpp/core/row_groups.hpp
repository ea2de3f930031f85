// Rows of columns that lie apart, packed in groups of neighbours and kept while rows of them come.
#pragma once

#include <vector>

#include "buffer.hpp"
#include "columns.hpp"

namespace fastgd {

// One row of each column would be one number of each cache line. The order of rows comes back to
// neighbours soon: groups hold so many rows as make up lines, and as many groups are kept as the
// rows that a shuffled order mixes.
template <class T>
class RowGroups {
  public:
    // `tile_rows` rows are asked for at once.
    RowGroups(const KernelTable<T>& kernels, const ColumnsView& columns, Index tile_rows);

    // row[i] = where row i of the selection lies, until the next call; `next` are rows to come.
    void read(const RowSelection& rows, const RowSelection& next, const T** row);

  private:
    // Rows that come in runs of neighbours, as those of a sample do, by themselves.
    void read_runs(const RowSelection& rows, const RowSelection& next, const T** row);
    ColumnFetch run_at(const RowSelection& rows, Index i) const;

    std::size_t home_of(Index group) const;
    // Where the group is kept, or -1.
    Index kept_at(Index group) const;
    bool kept(Index group) const { return kept_at(group) >= 0; }
    void keep_at(Index group, Index slot);
    // Where the group is kept; if it is not, `count` groups from it on are packed, while rows
    // `ahead` are fetched.
    Index slot_of(Index group, Index count, const ColumnFetch& ahead);
    Index claim(Index group, Index count, const ColumnFetch& ahead);
    ColumnFetch rows_of(Index group, Index count = 1) const;

    const KernelTable<T>& kernels_;
    const ColumnsView& columns_;
    int group_bits_;  // a group holds 2^bits rows
    Index group_rows_;
    Index window_;  // groups packed at once in memory order
    Index leading_;
    Index slots_;
    Buffer<T> packed_;  // slots x group_rows x leading
    std::vector<Index> group_;  // in each slot, or -1
    std::vector<Index> last_use_;  // of each slot, in calls
    std::vector<Index> slot_;  // by hash of the group: at its home or one of the next entries
    int hash_shift_;
    Index next_slot_ = 0;
    Index calls_ = 0;
    Index fetched_ = -1;  // a group to come, whose lines were asked for
    Index tile_rows_;
    Buffer<T> runs_;  // one tile's
};

}  // namespace fastgd

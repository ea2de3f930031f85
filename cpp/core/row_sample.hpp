// Rows that stand for all of them.
#pragma once

#include <vector>

#include "../kernels/table.hpp"
#include "function_ref.hpp"

namespace fastgd {

// About `wanted` of `rows` rows in ascending order: short runs, one at random in each equal stretch
// of the data; all of them if that is no fewer. A function of the two numbers alone.
std::vector<Index> spread_rows(Index rows, Index wanted);

// Some rows that count once and others that count for `share` rows each; all rows if it is empty.
class RowSample {
  public:
    // Every row.
    explicit RowSample(Index rows) : rows_(rows) {}
    // `outlying` rows, in order, and `wanted` of the others.
    RowSample(Index rows, Index wanted, std::vector<Index> outlying);

    // The same outlying rows and `wanted` of the others.
    RowSample thinned(Index wanted) const { return {rows_, wanted, outlying_}; }

    bool all() const { return spread_ == 0; }
    Index size() const { return all() ? rows_ : static_cast<Index>(outlying_.size()) + spread_; }

    // Calls body(rows, share) for each part, outlying rows first. Parts are listed when their turn
    // comes: a sample of many narrow rows takes no memory beside them.
    void each(FunctionRef<void(const RowSelection& rows, double share)> body) const;

  private:
    // Calls body(rows) for one list after the other of those that are not outlying.
    void each_spread(FunctionRef<void(const std::vector<Index>& rows)> body) const;

    Index rows_;
    Index wanted_ = 0;
    std::vector<Index> outlying_;
    Index spread_ = 0;  // rows
    double share_ = 1.0;
};

}  // namespace fastgd

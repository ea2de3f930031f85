// Rows that stand for all of them.
#pragma once

#include <vector>

#include "../kernels/table.hpp"

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

    bool all() const { return spread_.empty(); }
    Index size() const;

    // Calls body(rows, share) for each part.
    template <class Body>
    void each(const Body& body) const {
        if (all()) body(RowSelection{nullptr, 0, rows_}, 1.0);
        if (!outlying_.empty()) body(selection(outlying_), 1.0);
        if (!spread_.empty()) body(selection(spread_), share_);
    }

  private:
    static RowSelection selection(const std::vector<Index>& rows) {
        return {rows.data(), 0, static_cast<Index>(rows.size())};
    }

    Index rows_;
    std::vector<Index> outlying_;
    std::vector<Index> spread_;
    double share_ = 1.0;
};

}  // namespace fastgd

// Columns of which sparse rows store something: a fit may do without all others, as hashed text has
// them by the hundred thousand.
#pragma once

#include <optional>
#include <vector>

#include "fit.hpp"
#include "large_vector.hpp"
#include "monitor_onto.hpp"

namespace fastgd {

class ColumnsInUse {
  public:
    // Nothing where so many are in use that renaming them costs more than it saves.
    static std::optional<ColumnsInUse> of(const MatrixView& X);

    Index count() const { return static_cast<Index>(used_.size()); }

    // Whether coefficients of all other columns start at 0 and stay there, whatever the steps.
    bool suffice(const Coefficients& start, const PenaltyStrength& penalty) const;

    // What there is of these columns; `data` reads its columns from here as long as it lives.
    Data of(Data data) const;
    FitOptions of(FitOptions options) const;
    Coefficients of(Coefficients all) const;
    // With 0 for all others.
    Coefficients onto_all(Coefficients own) const;
    FitOutcome onto_all(FitOutcome own) const;

  private:
    // For each output what there is of these columns, of a number for each column.
    LargeVector<double> of(const LargeVector<double>& all) const;

    std::vector<std::int32_t> used_;  // ascending
    std::vector<std::int32_t> place_;  // of each column of X in `used_`, or -1
};

using MonitorInUse = MonitorOnto<ColumnsInUse>;

}  // namespace fastgd

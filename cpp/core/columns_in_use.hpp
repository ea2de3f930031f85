// Columns of which sparse rows store something: a fit may do without all others, as hashed text has
// them by the hundred thousand.
#pragma once

#include <optional>
#include <vector>

#include "fit.hpp"
#include "large_vector.hpp"

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

// Shows a monitor the coefficients of all columns.
class MonitorInUse : public FitMonitor {
  public:
    MonitorInUse(const ColumnsInUse& in_use, FitMonitor& monitor)
        : in_use_(in_use), monitor_(monitor) {}

    bool interrupted() override { return monitor_.interrupted(); }
    EpochAnswer epoch_done(const EpochReport& report, FunctionRef<Coefficients()> raw) override {
        return monitor_.epoch_done(report, [&] { return in_use_.onto_all(raw()); });
    }
    double rate_of(double epoch) override { return monitor_.rate_of(epoch); }

  private:
    const ColumnsInUse& in_use_;
    FitMonitor& monitor_;
};

}  // namespace fastgd

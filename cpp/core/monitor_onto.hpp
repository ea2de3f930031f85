// A monitor of a fit on a part of the columns, or on others that stand for them.
#pragma once

#include "fit.hpp"

namespace fastgd {

// Shows it the coefficients of all columns: what `space.onto_all` makes of those of the fit.
template <class Space>
class MonitorOnto : public FitMonitor {
  public:
    MonitorOnto(const Space& space, FitMonitor& monitor) : space_(space), monitor_(monitor) {}

    bool interrupted() override { return monitor_.interrupted(); }
    EpochAnswer epoch_done(const EpochReport& report, FunctionRef<Coefficients()> raw) override {
        return monitor_.epoch_done(report, [&] { return space_.onto_all(raw()); });
    }
    double rate_of(double epoch) override { return monitor_.rate_of(epoch); }

  private:
    const Space& space_;
    FitMonitor& monitor_;
};

}  // namespace fastgd

// What each epoch of a fit came to, and what it took: wall time and passes over the rows.
#pragma once

#include <chrono>
#include <vector>

#include "measure.hpp"

namespace fastgd {

struct EpochReport {
    Index epoch;
    double objective;  // NaN where it was not measured
    double gradient_norm;
    double rate;
    double seconds;  // since the fit began
    double passes;   // over the rows of X, until this epoch was measured
};

// The clock starts here.
class EpochLog {
  public:
    explicit EpochLog(Index rows) : rows_(rows) {}

    // Where `Data` counts what is read of it.
    Index* rows_read() { return &rows_read_; }

    void record(Index epoch, const Measure& measured, double rate);
    const std::vector<EpochReport>& reports() const { return reports_; }

    double passes() const { return static_cast<double>(rows_read_) / static_cast<double>(rows_); }
    // What was done since the last record is no part of epochs to come.
    void leave_out() { left_out_until_ = seconds(); }

    bool past(double limit) const { return seconds() > limit; }
    // Another epoch as long as the last would end after so many seconds.
    bool next_ends_after(double limit) const;

  private:
    using Clock = std::chrono::steady_clock;

    double seconds() const { return std::chrono::duration<double>(Clock::now() - began_).count(); }

    Index rows_;
    Index rows_read_ = 0;
    Clock::time_point began_ = Clock::now();
    std::vector<EpochReport> reports_;
    double left_out_until_ = 0.0;
};

}  // namespace fastgd

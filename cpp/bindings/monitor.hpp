// Looks up from a running fit: signals every 50 ms, callbacks at the end of each epoch.
#pragma once

#include <chrono>
#include <exception>

#include "../core/fit.hpp"
#include "arrays.hpp"

namespace fastgd::bindings {

// Used without the GIL, on the thread that called fit. A Python exception ends the fit and waits
// in here until rethrow() is called with the GIL held.
class Monitor final : public FitMonitor {
  public:
    Monitor(py::object on_epoch, py::object on_rate)
        : on_epoch_(std::move(on_epoch)), on_rate_(std::move(on_rate)) {}

    bool interrupted() override;
    EpochAnswer epoch_done(const EpochReport& report, const Coefficients& raw) override;
    double rate_of(double epoch) override;

    void rethrow() const {
        if (error_) std::rethrow_exception(error_);
    }

  private:
    using Clock = std::chrono::steady_clock;
    static constexpr std::chrono::milliseconds period{50};

    // (epoch, coef, intercept, objective, norm, rate, seconds, passes) -> (stop, keep)
    py::object on_epoch_;
    py::object on_rate_;  // (epoch) -> float
    std::exception_ptr error_;
    Clock::time_point looked_ = Clock::now();
};

}  // namespace fastgd::bindings

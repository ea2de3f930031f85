// Looks up from a running fit: signals every 50 ms, callbacks at the end of each epoch.
#pragma once

#include <chrono>
#include <exception>

#include "../core/fit.hpp"
#include "custom_loss.hpp"

namespace fastgd::bindings {

// Used without the GIL, on the thread that called fit. A Python exception ends the fit and waits
// in here until rethrow() is called with the GIL held.
class Monitor final : public FitMonitor {
  public:
    // `loss`, if it is given, ends the fit by an exception as well.
    Monitor(py::object on_epoch, py::object on_rate, const CalledLoss* loss = nullptr)
        : on_epoch_(std::move(on_epoch)), on_rate_(std::move(on_rate)), loss_(loss) {}

    bool interrupted() override;
    EpochAnswer epoch_done(const EpochReport& report, FunctionRef<Coefficients()> raw) override;
    double rate_of(double epoch) override;

    void rethrow() const {
        if (loss_ != nullptr) loss_->rethrow();
        if (error_) std::rethrow_exception(error_);
    }

  private:
    using Clock = std::chrono::steady_clock;
    static constexpr std::chrono::milliseconds period{50};

    bool failed() const { return error_ || (loss_ != nullptr && loss_->failed()); }

    // (epoch, coef, intercept, objective, norm, rate, seconds, passes) -> (stop, keep)
    py::object on_epoch_;
    py::object on_rate_;  // (epoch) -> float
    const CalledLoss* loss_;
    std::exception_ptr error_;
    Clock::time_point looked_ = Clock::now();
};

}  // namespace fastgd::bindings

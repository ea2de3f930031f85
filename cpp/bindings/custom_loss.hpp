// Losses made of the caller's functions, and what becomes of an error in one.
#pragma once

#include <atomic>
#include <exception>
#include <memory>
#include <string>

#include "../core/custom_loss.hpp"
#include "../core/loss.hpp"
#include "arrays.hpp"

namespace fastgd::bindings {

// f(y, z): an object to be called with two arrays, or what keeps compiled code alive.
struct UserFunction {
    py::object object;  // None where it is not given
    double (*compiled)(double, double) = nullptr;
    const char* name = "";
};

// The loss and its derivatives, in this order.
struct UserFunctions {
    UserFunction of[3];
    Targets targets = Targets::real;
};

// What Python calls LossParameters.
struct BoundParameters {
    double shape = 0.0;
    double smoothing = 0.0;
    std::shared_ptr<const UserFunctions> functions;
};

// The functions during one call from Python. The first exception ends all calls and waits in here
// until rethrow() is called with the GIL held.
class UserLoss final : public CustomLoss {
  public:
    explicit UserLoss(std::shared_ptr<const UserFunctions> functions)
        : CustomLoss(functions->targets), functions_(std::move(functions)) {}

    void evaluate(const double* y, const double* z, Index count,
                  LossNumbers out) const noexcept override;
    bool tells_second_derivative() const noexcept override;
    bool slow_to_call() const noexcept override;

    bool failed() const { return failed_; }
    void rethrow() const {
        if (failed_) std::rethrow_exception(error_);
    }

  private:
    // Of the functions that are called with arrays; false if one raised or did before.
    bool call_with_arrays(const double* y, const double* z, Index count,
                          double* const (&out)[3]) const noexcept;

    std::shared_ptr<const UserFunctions> functions_;
    mutable std::atomic<bool> failed_ = false;
    mutable std::exception_ptr error_;
};

// A loss by name, or the caller's own, for one call from Python.
class CalledLoss {
  public:
    CalledLoss(std::string name, const BoundParameters& parameters);

    LossSpec spec(bool single_precision) const;
    bool failed() const { return user_ && user_->failed(); }
    // What a function of the caller's raised, if one did.
    void rethrow() const {
        if (user_) user_->rethrow();
    }

  private:
    std::string name_;
    LossParameters parameters_;
    std::unique_ptr<const UserLoss> user_;
};

}  // namespace fastgd::bindings

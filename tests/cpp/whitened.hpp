// What a fit would have found out about a problem, for tests of steps in its metric.
#pragma once

#include <algorithm>
#include <memory>

#include "check.hpp"
#include "core/preconditioner.hpp"
#include "core/whitening.hpp"
#include "loss_oracle.hpp"
#include "problem.hpp"

namespace fastgd::testing {

template <class T>
class Whitened {
  public:
    Whitened(const KernelTable<T>& kernels, std::string_view loss, const Problem<T>& problem,
             PenaltyStrength penalty = {}, bool fit_intercept = true, int threads = 2)
        : penalty_(penalty),
          fit_intercept_(fit_intercept),
          problem_(problem),
          data_(problem.data()),
          objective_(kernels, {find_loss(kernels, loss), loss_oracle(loss).parameters}, threads),
          moments_(column_moments(kernels, data_, problem.all(), threads, keep_going)),
          shift_(Preconditioner::scale(moments_, 1.0, {}, fit_intercept, 0).shift) {
        data_.rows_read = &rows_read_;
        // the shift is a number that T holds
        for (double& s : shift_) s = static_cast<double>(static_cast<T>(s));
        whitening_ = std::make_unique<Whitening<T>>(
            objective_, data_, WhiteningSample<T>(objective_, data_, moments_, shift_, keep_going),
            penalty, fit_intercept);
    }

    Whitening<T>& whitening() { return *whitening_; }
    const Objective<T>& objective() const { return objective_; }
    const LargeVector<double>& shift() const { return shift_; }
    Index rows_read() const { return rows_read_; }
    Coefficients zero() const {
        return {LargeVector<double>(static_cast<std::size_t>(problem_.outputs * problem_.columns)),
                LargeVector<double>(static_cast<std::size_t>(problem_.outputs))};
    }

    GradientSums sums_at(const Coefficients& at) const {
        const LargeVector<T> coef(at.coef.begin(), at.coef.end());
        const LargeVector<T> intercept(at.intercept.begin(), at.intercept.end());
        const LargeVector<T> shift(shift_.begin(), shift_.end());
        GradientSums sums(problem_.outputs, problem_.columns);
        objective_.add_gradient(data_, problem_.all(),
                                {coef.data(), intercept.data(), shift.data()}, sums);
        return sums;
    }
    double value(const Coefficients& at) const {
        const GradientSums sums = sums_at(at);
        return sums.loss / sums.weight + penalty_.value(at.coef);
    }
    MetricStep step(const Coefficients& at) {
        return whitening_->step(at, sums_at(at), keep_going);
    }
    Coefficients after(Coefficients at, int steps) {
        for (int s = 0; s < steps; ++s) at = step(at).to;
        return at;
    }

    // The largest slope that the conditions of an optimum leave, of columns scaled to spread 1.
    double steepest(const Coefficients& at) const {
        const GradientSums sums = sums_at(at);
        const std::size_t columns = shift_.size();
        double most = 0.0;
        for (std::size_t j = 0; j < at.coef.size(); ++j) {
            const double spread = std::sqrt(moments_.variance[j % columns]);
            const double w = at.coef[j];
            const double slope = sums.coef[j] / sums.weight + penalty_.l2 * w;
            const double excess = w > 0.0   ? std::abs(slope + penalty_.l1)
                                  : w < 0.0 ? std::abs(slope - penalty_.l1)
                                            : std::max(std::abs(slope) - penalty_.l1, 0.0);
            if (spread > 0.0) most = std::max(most, excess / spread);
        }
        for (const double slope : sums.intercept)
            if (fit_intercept_) most = std::max(most, std::abs(slope / sums.weight));
        return most;
    }

  private:
    PenaltyStrength penalty_;
    bool fit_intercept_;
    const Problem<T>& problem_;
    Data data_;
    Objective<T> objective_;
    ColumnMoments moments_;
    LargeVector<double> shift_;
    std::unique_ptr<Whitening<T>> whitening_;
    Index rows_read_ = 0;
};

// Columns that share most of what they say; off zero, too.
template <class T>
Problem<T> correlated(Numbers& numbers, Index rows, Index columns, Index outputs = 1,
                      ProblemKind kind = {}) {
    Problem<T> problem = make_problem<T>(numbers, rows, columns, outputs, kind);
    for (Index i = 0; i < rows; ++i) {
        T* row = problem.X.data() + i * columns;
        for (Index j = 1; j < columns; ++j) row[j] = T(2) + row[0] + T(0.1) * row[j];
    }
    return problem;
}

}  // namespace fastgd::testing

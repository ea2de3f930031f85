// Steps that columns of sparse rows have yet to take: who is how far, and what the steps do.
#pragma once

#include <vector>

#include "large_vector.hpp"
#include "penalty.hpp"
#include "preconditioner.hpp"

namespace fastgd {

template <class T>
class LazySteps {
  public:
    // `together`: rows step together, and columns are told apart whatever steps do to them.
    LazySteps(Index columns, const PenaltyStrength& penalty, const Preconditioner& preconditioner,
              bool together = false);

    // All columns are as far as all others.
    bool up_to_date() const { return taken_ == 0; }
    // All columns must be brought up to date before more steps are taken.
    bool full() const { return full_; }

    // All columns are up to date; the steps to come have this length, or each its own if it is 0.
    void restart(double held);
    double held() const { return held_; }

    // Takes the first of `count` steps, as many as columns may fall behind; returns their number.
    Index take(const T* step, Index count);

    // What the kernels need for the last `count` steps taken; `total` receives sums of iterates.
    LazyColumns<T> columns(Index count, double* total);

    // What tells how far each column is, and the steps it is behind; and the way back.
    LargeVector<double> state() const;
    static LazySteps restored(const LargeVector<double>& state, Index columns,
                              const PenaltyStrength& penalty, const Preconditioner& preconditioner);

  private:
    bool together_;
    bool alike_;  // steps do the same to all columns, which need not be told apart
    double ridge_ = 0.0;  // the largest, in the metric
    bool by_column_;  // ridges differ
    Index most_;
    Index taken_ = 0;
    bool full_ = false;
    double held_ = 0.0;
    MissedSteps all_;
    std::vector<std::uint32_t> seen_;  // empty if steps are alike
    std::vector<std::int32_t> centred_;
    LargeVector<T> step_;
    std::vector<MissedSteps> missed_;
};

}  // namespace fastgd

// Steps that columns of sparse rows have yet to take: who is how far, and what the steps do.
#pragma once

#include <vector>

#include "penalty.hpp"
#include "preconditioner.hpp"

namespace fastgd {

template <class T>
class LazySteps {
  public:
    LazySteps(Index columns, const PenaltyStrength& penalty, const Preconditioner& preconditioner);

    // Steps taken since all columns were up to date.
    Index taken() const { return taken_; }
    // All columns must be brought up to date before more steps are taken.
    bool full() const { return full_; }

    // All columns are up to date; the steps to come have this length, or their own if it is 0.
    void restart(double held);
    double held() const { return held_; }

    // Takes the first of `count` steps, as many as columns may fall behind; returns their number.
    Index take(const T* step, Index count);

    // What the kernels need for the last `count` steps taken, or for those to come if it is 0.
    LazyColumns<T> columns(Index count, double* total);

    std::vector<std::uint32_t>& seen() { return seen_; }
    const std::vector<std::uint32_t>& seen() const { return seen_; }

  private:
    std::vector<std::uint32_t> seen_;
    std::vector<std::int32_t> shifted_;
    double ridge_ = 0.0;  // the largest, in the metric
    bool by_column_ = false;  // ridges differ
    Index most_;
    Index taken_ = 0;
    bool full_ = false;
    double held_ = 0.0;
    std::vector<T> step_;
    std::vector<MissedSteps> missed_;
};

}  // namespace fastgd

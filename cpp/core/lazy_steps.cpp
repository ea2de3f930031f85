#include "lazy_steps.hpp"

#include <algorithm>
#include <cmath>

namespace fastgd {

namespace {

// Bringing all columns up to date then costs a column or so a step.
constexpr Index least_steps = Index{1} << 12;
constexpr Index most_steps = Index{1} << 20;

}  // namespace

template <class T>
LazySteps<T>::LazySteps(Index columns, const PenaltyStrength& penalty,
                        const Preconditioner& preconditioner, bool together)
    : together_(together),
      by_column_(penalty.l2 != 0.0 &&
                 !(preconditioner.metric.empty() && penalty.l2_factor.empty())),
      most_(std::clamp(columns, least_steps, most_steps)) {
    alike_ = penalty.smooth() && !by_column_ && !together;
    if (alike_) return;
    const auto size = static_cast<std::size_t>(columns);
    seen_.resize(size);
    for (std::size_t j = 0; penalty.l2 != 0.0 && j < size; ++j) {
        const double metric = preconditioner.metric.empty() ? 1.0 : preconditioner.metric[j];
        ridge_ = std::fmax(ridge_, penalty.l2_of(j) * metric);
    }
    for (std::size_t j = 0; j < preconditioner.shift.size(); ++j)
        if (preconditioner.shift[j] != 0.0) centred_.push_back(static_cast<std::int32_t>(j));
}

template <class T>
void LazySteps<T>::restart(double held) {
    taken_ = 0;
    all_ = {};
    full_ = false;
    step_.clear();
    std::fill(seen_.begin(), seen_.end(), std::uint32_t{0});
    for (const std::int32_t j : centred_)
        seen_[static_cast<std::size_t>(j)] = LazyColumns<T>::takes_all;
    const bool known = held == held_ && held != 0.0;
    held_ = held;
    if (alike_ || by_column_ || known) return;
    missed_.assign(1, MissedSteps{});
    if (held == 0.0) return;
    const Index low = Index{1} << LazyColumns<T>::low_bits;
    for (Index n = 0; n < low; ++n) missed_.push_back(then(missed_.back(), one_step(held, ridge_)));
    const MissedSteps all_low = missed_.back();
    for (Index n = low; n < most_; n += low) missed_.push_back(then(missed_.back(), all_low));
}

template <class T>
Index LazySteps<T>::take(const T* step, Index count) {
    if (alike_) {
        // what a steady pull adds up to must not grow beyond coefficients
        const Index added = std::min(count, most_ - taken_);
        taken_ += added;
        full_ = taken_ == most_;
        return added;
    }
    Index added = 0;
    while (added < count && !full_) {
        const auto length = static_cast<double>(step[added]);
        double kept = 1.0;
        if (held_ == 0.0) {
            step_.push_back(step[added]);
            if (!by_column_) {
                missed_.push_back(then(missed_.back(), one_step(length, ridge_)));
                kept = missed_.back().keep;
            }
        }
        ++added;
        ++taken_;
        // steps that turn coefficients round follow no formula: all columns take each of them
        full_ = taken_ == most_ || kept < least_kept || !(length * ridge_ < 1.0);
    }
    return added;
}

template <class T>
LazyColumns<T> LazySteps<T>::columns(Index count, double* total) {
    LazyColumns<T> result;
    result.total = total;
    if (alike_) {
        result.all = &all_;
        return result;
    }
    result.seen = seen_.data();
    result.taken = static_cast<std::uint32_t>(taken_ - count);
    result.step = held_ == 0.0 ? step_.data() : nullptr;
    result.held = held_;
    result.missed = by_column_ ? nullptr : missed_.data();
    return result;
}

template <class T>
LargeVector<double> LazySteps<T>::state() const {
    LargeVector<double> result{
        together_ ? 1.0 : 0.0, held_,          static_cast<double>(taken_), all_.keep, all_.pulled,
        all_.keep_sum,         all_.pulled_sum};
    result.insert(result.end(), seen_.begin(), seen_.end());
    result.insert(result.end(), step_.begin(), step_.end());
    return result;
}

template <class T>
LazySteps<T> LazySteps<T>::restored(const LargeVector<double>& state, Index columns,
                                    const PenaltyStrength& penalty,
                                    const Preconditioner& preconditioner) {
    LazySteps result(columns, penalty, preconditioner, state.at(0) != 0.0);
    result.restart(state.at(1));
    result.all_ = {state.at(3), state.at(4), state.at(5), state.at(6)};
    for (std::size_t j = 0; j < result.seen_.size(); ++j)
        result.seen_[j] = static_cast<std::uint32_t>(state.at(7 + j));
    LargeVector<T> step(static_cast<std::size_t>(state.at(2)), static_cast<T>(result.held_));
    for (std::size_t i = 7 + result.seen_.size(); i < state.size(); ++i)
        step.at(i - 7 - result.seen_.size()) = static_cast<T>(state[i]);
    result.take(step.data(), static_cast<Index>(step.size()));
    return result;
}

template class LazySteps<float>;
template class LazySteps<double>;

}  // namespace fastgd

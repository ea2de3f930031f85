#include "lazy_steps.hpp"

#include <algorithm>
#include <cmath>

namespace fastgd {

namespace {

// Bringing all columns up to date then costs a column or so a step.
constexpr Index least_steps = Index{1} << 12;
constexpr Index most_steps = Index{1} << 20;

// What is left of coefficients after many steps is divided by: not further than this from 1.
constexpr double least_kept = 1e-3;

MissedSteps then_step(const MissedSteps& before, double step, double ridge) {
    const double keep = 1.0 - step * ridge;
    const double kept = keep * before.keep;
    const double pulled = keep * before.pulled + step;
    return {kept, pulled, before.keep_sum + kept, before.pulled_sum + pulled};
}

MissedSteps then(const MissedSteps& a, const MissedSteps& b) {
    return {a.keep * b.keep, b.keep * a.pulled + b.pulled, a.keep_sum + b.keep_sum * a.keep,
            a.pulled_sum + b.keep_sum * a.pulled + b.pulled_sum};
}

}  // namespace

template <class T>
LazySteps<T>::LazySteps(Index columns, const PenaltyStrength& penalty,
                        const Preconditioner& preconditioner)
    : most_(std::clamp(columns, least_steps, most_steps)) {
    const auto size = static_cast<std::size_t>(columns);
    by_column_ = penalty.l2 != 0.0 && !(preconditioner.metric.empty() && penalty.l2_factor.empty());
    if (penalty.l2 != 0.0)
        for (std::size_t j = 0; j < size; ++j)
            ridge_ = std::fmax(
                ridge_, penalty.l2_of(j) *
                            (preconditioner.metric.empty() ? 1.0 : preconditioner.metric[j]));
    for (std::size_t j = 0; j < preconditioner.shift.size(); ++j)
        if (preconditioner.shift[j] != 0.0) shifted_.push_back(static_cast<std::int32_t>(j));
    seen_.resize(size);
}

template <class T>
void LazySteps<T>::restart(double held) {
    std::fill(seen_.begin(), seen_.end(), std::uint32_t{0});
    for (const std::int32_t j : shifted_)
        seen_[static_cast<std::size_t>(j)] = LazyColumns<T>::takes_all;
    taken_ = 0;
    full_ = false;
    step_.clear();
    if (held == 0.0) {
        missed_.assign(by_column_ ? 0 : 1, MissedSteps{});
    } else if (held != held_ && !by_column_) {
        const Index low = Index{1} << LazyColumns<T>::low_bits;
        missed_.assign(1, MissedSteps{});
        for (Index n = 0; n < low; ++n) missed_.push_back(then_step(missed_.back(), held, ridge_));
        const MissedSteps all_low = missed_.back();
        for (Index n = low; n < most_; n += low) missed_.push_back(then(missed_.back(), all_low));
    }
    held_ = held;
}

template <class T>
Index LazySteps<T>::take(const T* step, Index count) {
    Index added = 0;
    while (added < count && !full_) {
        const auto length = static_cast<double>(step[added]);
        if (held_ == 0.0) {
            step_.push_back(step[added]);
            if (!by_column_) missed_.push_back(then_step(missed_.back(), length, ridge_));
        }
        ++added;
        ++taken_;
        const double kept = held_ == 0.0 && !by_column_ ? missed_.back().keep : 1.0;
        // steps that turn coefficients round follow no formula: all columns take each of them
        full_ = taken_ == most_ || kept < least_kept || !(length * ridge_ < 1.0);
    }
    return added;
}

template <class T>
LazyColumns<T> LazySteps<T>::columns(Index count, double* total) {
    return {.seen = seen_.data(),
            .taken = static_cast<std::uint32_t>(taken_ - count),
            .step = held_ == 0.0 ? step_.data() : nullptr,
            .held = held_,
            .missed = by_column_ ? nullptr : missed_.data(),
            .total = total,
            .shifted = shifted_.data(),
            .shifted_count = static_cast<Index>(shifted_.size())};
}

template class LazySteps<float>;
template class LazySteps<double>;

}  // namespace fastgd

#include "joint_metric.hpp"

#include <bit>

namespace fastgd {

namespace {

// Epochs before the first renewal; each next one comes after as many again.
constexpr Index first_renewal = 4;

}  // namespace

template <class T>
JointMetric<T>::JointMetric(const Objective<T>& objective, const Data& data,
                            const ColumnMoments& moments, const LargeVector<double>& shift,
                            const FitOptions& options, FunctionRef<bool()> keep_going)
    : objective_(objective),
      sample_(objective, data, moments, shift, keep_going),
      metric_(std::make_shared<WhitenedMetric>(options.penalty, options.fit_intercept)) {
    metric_->take<T>(objective, sample_, nullptr, keep_going);
}

template <class T>
void JointMetric<T>::renew_after(Index epochs, const Coefficients& at,
                                 FunctionRef<bool()> keep_going) {
    if (epochs < first_renewal || !std::has_single_bit(static_cast<std::uint64_t>(epochs))) return;
    const LargeVector<T> coef(at.coef.begin(), at.coef.end());
    const LargeVector<T> intercept(at.intercept.begin(), at.intercept.end());
    const LargeVector<T> shift(sample_.shift().begin(), sample_.shift().end());
    const LinearModel<T> model{coef.data(), intercept.data(), shift.data()};
    metric_->take(objective_, sample_, &model, keep_going);
}

template class JointMetric<float>;
template class JointMetric<double>;

}  // namespace fastgd

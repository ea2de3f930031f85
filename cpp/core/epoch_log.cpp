#include "epoch_log.hpp"

#include <algorithm>

namespace fastgd {

void EpochLog::record(Index epoch, const Measure& measured, double rate) {
    reports_.push_back(
        {epoch, measured.objective, measured.gradient_norm, rate, seconds(), passes()});
}

bool EpochLog::next_ends_after(double limit) const {
    const double before = reports_.size() > 1 ? reports_[reports_.size() - 2].seconds : 0.0;
    const double now = seconds();
    return now + (now - std::max(before, left_out_until_)) > limit;
}

}  // namespace fastgd

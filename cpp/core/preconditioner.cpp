#include "preconditioner.hpp"

#include <algorithm>
#include <cmath>

namespace fastgd {

Preconditioner Preconditioner::none(bool fit_intercept) {
    Preconditioner result;
    result.intercept_metric = fit_intercept ? 1.0 : 0.0;
    return result;
}

void Preconditioner::into_metric(LargeVector<double>& gradient) const {
    for (std::size_t j = 0; j < metric.size(); ++j) gradient[j] *= std::sqrt(metric[j]);
    gradient.back() *= std::sqrt(intercept_metric);
}

Preconditioner Preconditioner::scale(const ColumnMoments& moments, double curvature,
                                     const PenaltyStrength& penalty, bool fit_intercept,
                                     Index batch_size) {
    const std::size_t columns = moments.mean.size();
    Preconditioner result;
    result.shift.assign(columns, 0.0);
    result.metric.assign(columns, 0.0);
    result.intercept_metric = fit_intercept ? 1.0 / curvature : 0.0;
    for (std::size_t j = 0; j < columns; ++j) {
        const double mean = moments.mean[j];
        // centring needs an intercept to move the mean into
        const bool centred = fit_intercept && (batch_size == 0 || moments.worth_centring(j));
        if (centred) result.shift[j] = mean;
        double square = moments.spread_square(j) + (centred ? 0.0 : mean * mean);
        if (batch_size > 0) {
            const double reach = std::max(std::abs(moments.largest[j] - result.shift[j]),
                                          std::abs(moments.smallest[j] - result.shift[j]));
            const double share = static_cast<double>(batch_size) + static_cast<double>(columns);
            square = std::max(square, reach * reach / share);
        }
        const double bend = curvature * square + penalty.l2_of(j);
        result.metric[j] = bend > 0.0 && std::isfinite(bend) ? 1.0 / bend : 0.0;
    }
    return result;
}

}  // namespace fastgd

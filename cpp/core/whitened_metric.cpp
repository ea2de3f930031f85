#include "whitened_metric.hpp"

#include <cmath>

#include "parallel.hpp"

namespace fastgd {

template <class T>
bool WhitenedMetric::take(const Objective<T>& objective, const WhiteningSample<T>& sample,
                          const LinearModel<T>* model, FunctionRef<bool()> keep_going) {
    const auto columns = static_cast<Index>(sample.unit().size());
    SymmetricMatrix h(columns + 1);
    if (!sample.second_moments(objective, model, fit_intercept_, {}, keep_going, &h)) return false;
    unit_ = sample.unit();
    for (Index j = 0; j < columns; ++j) {
        const auto column = static_cast<std::size_t>(j);
        h.row(j)[j] += penalty_.l2_of(column) * unit_[column] * unit_[column];
    }
    const double products = std::pow(static_cast<double>(columns), 3);
    factor_ = Cholesky(std::move(h), sample.ridge(), objective.kernels().add_products,
                       threads_for_work(objective.threads(), products));
    return true;
}

void WhitenedMetric::apply(std::span<double> gradient) const {
    const std::size_t columns = unit_.size();
    const std::size_t outputs = gradient.size() / (columns + 1);
    LargeVector<double> part(columns + 1);
    for (std::size_t k = 0; k < outputs; ++k) {
        double* coef = gradient.data() + k * columns;
        double& intercept = gradient[outputs * columns + k];
        for (std::size_t j = 0; j < columns; ++j) part[j] = unit_[j] * coef[j];
        part[columns] = fit_intercept_ ? intercept : 0.0;
        factor_.solve(part);
        for (std::size_t j = 0; j < columns; ++j) coef[j] = unit_[j] * part[j];
        intercept = part[columns];
    }
}

template bool WhitenedMetric::take(const Objective<float>&, const WhiteningSample<float>&,
                                   const LinearModel<float>*, FunctionRef<bool()>);
template bool WhitenedMetric::take(const Objective<double>&, const WhiteningSample<double>&,
                                   const LinearModel<double>*, FunctionRef<bool()>);

}  // namespace fastgd

#include "zero_model.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace fastgd {

namespace {

template <class T>
GradientSums sums_of_zero(const Objective<T>& objective, const Data& data) {
    static const T zero = 0;
    // without coefficients X plays no part: a column of zeros stands for it
    Data targets = data;
    targets.X = StridedView{&zero, element_type_of<T>, data.rows(), 1, 0, 0};
    targets.rows_read = nullptr;
    const LargeVector<T> nothing(static_cast<std::size_t>(data.outputs()), T(0));
    GradientSums sums(data.outputs(), 1);
    objective.add_gradient(targets, {nullptr, 0, data.rows()}, {nothing.data(), nothing.data()},
                           sums);
    return sums;
}

}  // namespace

template <class T>
double objective_of_zero(const Objective<T>& objective, const Data& data) {
    const GradientSums sums = sums_of_zero(objective, data);
    return sums.loss / sums.weight;
}

namespace {

// Weighted, of each output.
template <class T>
LargeVector<double> mean_of(const KernelTable<T>& kernels, Data data, const StridedView& values,
                            int threads) {
    data.y = values;
    data.offset = {};
    const Objective<T> squares(kernels, {find_loss(kernels, "squared_error")}, threads);
    const GradientSums sums = sums_of_zero(squares, data);
    LargeVector<double> mean;
    for (const double g : sums.intercept) mean.push_back(-g / sums.weight);
    return mean;
}

}  // namespace

template <class T>
NullModel null_model(const KernelTable<T>& kernels, const LossSpec& loss, const Data& data,
                     bool fit_intercept, int threads) {
    NullModel null{mean_of(kernels, data, data.y, threads), 0.0};
    LargeVector<double> offset(null.intercept.size(), 0.0);
    if (data.offset.data != nullptr) offset = mean_of(kernels, data, data.offset, threads);
    for (std::size_t k = 0; k < offset.size(); ++k) {
        const double mean = null.intercept[k] > 0.0 ? null.intercept[k] : 1.0;
        const auto bend_at = [&](double predictor) {
            const T z = static_cast<T>(predictor);
            const T y = static_cast<T>(mean);
            T bend = 0;
            kernels_of(kernels, loss)
                .working_weight({1, 1, &z, &y, nullptr, nullptr, loss.parameters}, &bend);
            return static_cast<double>(bend);
        };
        null.intercept[k] = std::log(mean) - offset[k];
        null.curvature = std::max(null.curvature, bend_at(std::log(mean)));
        if (!fit_intercept) null.curvature = std::max(null.curvature, bend_at(offset[k]));
    }
    return null;
}

template double objective_of_zero(const Objective<float>&, const Data&);
template double objective_of_zero(const Objective<double>&, const Data&);
template NullModel null_model(const KernelTable<float>&, const LossSpec&, const Data&, bool, int);
template NullModel null_model(const KernelTable<double>&, const LossSpec&, const Data&, bool, int);

}  // namespace fastgd

#include "zero_model.hpp"

#include <vector>

namespace fastgd {

template <class T>
double objective_of_zero(const Objective<T>& objective, const Data& data) {
    static const T zero = 0;
    // without coefficients X plays no part: a column of zeros stands for it
    Data targets = data;
    targets.X = {&zero, element_type_of<T>, data.rows(), 1, 0, 0};
    targets.rows_read = nullptr;
    const std::vector<T> nothing(static_cast<std::size_t>(data.outputs()), T(0));
    GradientSums sums(data.outputs(), 1);
    objective.add_value(targets, {nullptr, 0, data.rows()}, {nothing.data(), nothing.data()}, sums);
    return sums.loss / sums.weight;
}

template <class T>
bool separates(const LossKernels<T>& loss, LossSpec spec, double summed_loss, double least_weight) {
    if (!loss.binary_targets) return false;
    const T border = 0;
    const T label = 1;
    const double at_border = loss.value({1, 1, &border, &label, nullptr, nullptr, spec.parameter});
    return summed_loss < at_border * least_weight;
}

template double objective_of_zero(const Objective<float>&, const Data&);
template double objective_of_zero(const Objective<double>&, const Data&);
template bool separates(const LossKernels<float>&, LossSpec, double, double);
template bool separates(const LossKernels<double>&, LossSpec, double, double);

}  // namespace fastgd

// A loss by name and a model's coefficients, checked against the data they meet.
#pragma once

#include <string>

#include "../core/descent.hpp"
#include "../dispatch/dispatch.hpp"
#include "arrays.hpp"

namespace fastgd::bindings {

template <class T>
LossSpec loss_of(const std::string& name, LossParameters parameters) {
    const Index index = find_loss(selected_kernels<T>(), name);
    if (index < 0) throw py::value_error("loss: unknown to the core: '" + name + "'");
    return {index, parameters};
}

inline Coefficients coefficients_of(const py::array_t<double>& coef,
                                    const py::array_t<double>& intercept, Index outputs,
                                    Index columns) {
    Coefficients result{values_of(coef), values_of(intercept)};
    if (static_cast<Index>(result.coef.size()) != outputs * columns ||
        static_cast<Index>(result.intercept.size()) != outputs)
        throw py::value_error("coef and intercept must match the columns of X and y");
    return result;
}

}  // namespace fastgd::bindings

// One function a topic, called by the module in this order.
#pragma once

#include <pybind11/pybind11.h>

namespace fastgd::bindings {

void register_environment(pybind11::module_& module);
void register_columns(pybind11::module_& module);
void register_objective(pybind11::module_& module);
void register_plain_objective(pybind11::module_& module);
void register_duality(pybind11::module_& module);
void register_predict(pybind11::module_& module);
void register_conditioning(pybind11::module_& module);
void register_losses(pybind11::module_& module);
void register_sparse_rows(pybind11::module_& module);
void register_options(pybind11::module_& module);
void register_fit(pybind11::module_& module);
void register_descent(pybind11::module_& module);

}  // namespace fastgd::bindings

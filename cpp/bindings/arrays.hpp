// numpy arrays as the core's views, and results as numpy arrays. Nothing here copies an input.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <optional>
#include <span>

#include "../core/data.hpp"
#include "../core/large_vector.hpp"

namespace fastgd::bindings {

namespace py = pybind11;

// A one-dimensional array is one column. Nothing for element types the core cannot read.
std::optional<StridedView> readable_view(const py::array& array);

// The same, but throws TypeError on such types.
StridedView view_of(const py::array& array);

// The features of a fit: a two-dimensional array, checked sparse rows or the Columns of a table.
// Throws TypeError on others.
MatrixView features_of(const py::object& X);

// What every entry point takes of the user's rows.
Data data_of(const py::object& X, const py::array& y, const std::optional<py::array>& sample_weight,
             const std::optional<py::array>& offset, std::optional<double> positive_label);

// outputs x columns, or flat
py::array_t<double> matrix_of(std::span<const double> values, Index rows);
py::array_t<double> vector_of(std::span<const double> values);
LargeVector<double> values_of(const py::array_t<double>& array);

}  // namespace fastgd::bindings

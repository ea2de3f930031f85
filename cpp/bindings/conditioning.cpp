// What the rows tell before a fit: column moments, second moments, safe steps, curvature products.
#include "../core/conditioning.hpp"

#include <pybind11/stl.h>

#include <algorithm>

#include "monitor.hpp"
#include "problem.hpp"
#include "safe_step.hpp"
#include "topics.hpp"

namespace fastgd::bindings {

namespace {

Data rows_of(const py::object& X, const std::optional<py::array>& sample_weight) {
    Data data;
    data.X = features_of(X);
    if (sample_weight) data.weight = view_of(*sample_weight);
    if (sample_weight && data.weight.rows != data.rows())
        throw py::value_error("sample_weight must match the rows of X");
    return with_zero_targets(data);
}

py::dict columns_of(const ColumnMoments& moments) {
    py::dict result;
    result["non_finite"] = py::none();
    if (moments.non_finite) {
        result["non_finite"] = py::make_tuple(moments.non_finite->row, moments.non_finite->column);
        return result;
    }
    result["mean"] = vector_of(moments.mean);
    result["variance"] = vector_of(moments.variance);
    result["smallest"] = vector_of(moments.smallest);
    result["largest"] = vector_of(moments.largest);
    return result;
}

// The upper triangle, row by row; what lies below it is not set.
py::array_t<double> array_of(const SymmetricMatrix& matrix) {
    const Index size = matrix.size();
    py::array_t<double> result({size, size});
    double* values = result.mutable_data();
    for (Index i = 0; i < size; ++i) std::copy_n(matrix.row(i), size, values + i * size);
    return result;
}

py::dict moments_of(const py::object& X, const std::optional<py::array>& sample_weight,
                    bool single_precision, int n_threads) {
    const Data data = rows_of(X, sample_weight);
    const RowSelection all{nullptr, 0, data.rows()};
    Monitor monitor{py::none(), py::none()};
    const auto keep_going = [&] { return !monitor.interrupted(); };
    const ColumnMoments moments = [&] {
        const py::gil_scoped_release released;
        return single_precision
                   ? column_moments(selected_kernels<float>(), data, all, n_threads, keep_going)
                   : column_moments(selected_kernels<double>(), data, all, n_threads, keep_going);
    }();
    monitor.rethrow();
    return columns_of(moments);
}

py::dict conditioning_of(const py::object& X, const py::array& y,
                         const std::optional<py::array>& sample_weight, const std::string& loss,
                         const BoundParameters& parameters, double l2, PenaltyScale penalty_scale,
                         bool fit_intercept, bool single_precision, int n_threads,
                         const PenaltyFactor& penalty_factor) {
    const Data data = data_of(X, y, sample_weight, std::nullopt, std::nullopt);
    const PenaltyStrength penalty = penalty_of(l2, 0.0, penalty_factor);
    check_penalty(penalty, data.outputs(), data.columns());
    const CalledLoss called(loss, parameters);
    const LossSpec spec = called.spec(single_precision);
    Monitor monitor{py::none(), py::none(), &called};
    const auto keep_going = [&] { return !monitor.interrupted(); };
    const Conditioning found = [&] {
        const py::gil_scoped_release released;
        return single_precision ? conditioning(selected_kernels<float>(), data, spec, penalty,
                                               penalty_scale, fit_intercept, n_threads, keep_going)
                                : conditioning(selected_kernels<double>(), data, spec, penalty,
                                               penalty_scale, fit_intercept, n_threads, keep_going);
    }();
    monitor.rethrow();
    py::dict result = columns_of(found.moments);
    if (found.moments.non_finite) return result;
    result["curvature"] = found.curvature;
    result["l2"] = vector_of(found.l2);
    result["shift"] = vector_of(found.shift);
    result["second_moments"] = py::none();
    if (found.rows > 0) result["second_moments"] = array_of(found.second_moments);
    result["rows"] = found.rows;
    result["ridge"] = found.ridge;
    result["dependent"] = found.dependent;
    result["told_apart"] = found.told_apart;
    result["batch"] = dict_of(found.batch);
    result["sgd"] = dict_of(found.sgd);
    return result;
}

py::array_t<double> curvature_product(const py::object& X,
                                      const std::optional<py::array>& sample_weight,
                                      const py::array_t<double>& shift,
                                      const py::array_t<double>& metric, double intercept_metric,
                                      double curvature, const py::array_t<double>& l2,
                                      const py::array_t<double>& direction, bool single_precision,
                                      int n_threads) {
    const Data data = rows_of(X, sample_weight);
    const LargeVector<double> by = values_of(shift);
    const LargeVector<double> scale = values_of(metric);
    const PenaltyStrength penalty{0.0, 1.0, {}, values_of(l2)};
    const LargeVector<double> v = values_of(direction);
    const auto columns = static_cast<std::size_t>(data.columns());
    if (by.size() != columns || scale.size() != columns || penalty.l2_factor.size() != columns ||
        v.size() != columns + 1)
        throw py::value_error("shift, metric, l2 and direction must match the columns of X");
    const RowSelection all{nullptr, 0, data.rows()};
    const auto product = [&]<class T>(const KernelTable<T>& kernels) {
        return CurvatureOperator<T>(kernels, data, all, by, scale, intercept_metric, curvature,
                                    penalty, n_threads)(v);
    };
    const LargeVector<double> image = [&] {
        const py::gil_scoped_release released;
        return single_precision ? product(selected_kernels<float>())
                                : product(selected_kernels<double>());
    }();
    return vector_of(image);
}

}  // namespace

void register_conditioning(py::module_& module) {
    module.def("column_moments", &moments_of, py::arg("X"), py::arg("sample_weight"),
               py::arg("single_precision"), py::arg("n_threads"));
    module.def("conditioning", &conditioning_of, py::arg("X"), py::arg("y").noconvert(),
               py::arg("sample_weight"), py::arg("loss"), py::arg("parameters"), py::arg("l2"),
               py::arg("penalty_scale"), py::arg("fit_intercept"), py::arg("single_precision"),
               py::arg("n_threads"), py::arg("penalty_factor") = py::none());
    module.def("curvature_product", &curvature_product, py::arg("X"), py::arg("sample_weight"),
               py::arg("shift"), py::arg("metric"), py::arg("intercept_metric"),
               py::arg("curvature"), py::arg("l2"), py::arg("direction"),
               py::arg("single_precision"), py::arg("n_threads"));
}

}  // namespace fastgd::bindings

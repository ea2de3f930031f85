// value, value_and_gradient and the search for non-finite numbers.
#include <algorithm>

#include "../core/moments.hpp"
#include "evaluation.hpp"
#include "problem.hpp"
#include "topics.hpp"

namespace fastgd::bindings {

namespace {

using RowIndices = py::array_t<Index, py::array::c_style>;

// All rows unless some are named.
RowSelection rows_of(const std::optional<RowIndices>& rows, Index count) {
    if (!rows) return {nullptr, 0, count};
    const Index* end = rows->data() + rows->size();
    if (std::any_of(rows->data(), end, [&](Index row) { return row < 0 || row >= count; }))
        throw py::index_error("rows must be rows of X");
    return {rows->data(), 0, static_cast<Index>(rows->size())};
}

py::object objective_at(const py::object& X, const py::array& y,
                        const std::optional<py::array>& sample_weight,
                        const std::optional<py::array>& offset,
                        std::optional<double> positive_label, const std::string& loss,
                        const BoundParameters& parameters, double alpha, double l1_ratio,
                        PenaltyScale penalty_scale, const py::array_t<double>& coef,
                        const py::array_t<double>& intercept, bool single_precision,
                        bool with_gradient, int n_threads, const std::optional<RowIndices>& rows,
                        const PenaltyFactor& penalty_factor) {
    const Data data = data_of(X, y, sample_weight, offset, positive_label);
    const Coefficients at = coefficients_of(coef, intercept, data.outputs(), data.columns());
    const RowSelection selection = rows_of(rows, data.rows());
    const PenaltyStrength penalty = penalty_of(alpha, l1_ratio, penalty_factor);
    check_penalty(penalty, data.outputs(), data.columns());
    const CalledLoss called(loss, parameters);
    const LossSpec spec = called.spec(single_precision);
    const Evaluation result = [&] {
        const py::gil_scoped_release released;
        return single_precision ? evaluate<float>(data, spec, penalty, penalty_scale, at, selection,
                                                  with_gradient, n_threads)
                                : evaluate<double>(data, spec, penalty, penalty_scale, at,
                                                   selection, with_gradient, n_threads);
    }();
    called.rethrow();
    if (!with_gradient) return py::float_(result.value);
    return py::make_tuple(result.value, matrix_of(result.gradient.coef, data.outputs()),
                          vector_of(result.gradient.intercept));
}

std::optional<std::pair<Index, Index>> first_non_finite(const py::object& X,
                                                        bool single_precision) {
    Data data;
    data.X = features_of(X);
    data = with_zero_targets(data);
    const py::gil_scoped_release released;
    const RowSelection all{nullptr, 0, data.rows()};
    const auto found = single_precision ? find_non_finite(selected_kernels<float>(), data, all)
                                        : find_non_finite(selected_kernels<double>(), data, all);
    if (!found) return std::nullopt;
    return std::pair{found->row, found->column};
}

}  // namespace

void register_objective(py::module_& module) {
    module.def("objective_at", &objective_at, py::arg("X"), py::arg("y").noconvert(),
               py::arg("sample_weight"), py::arg("offset"), py::arg("positive_label"),
               py::arg("loss"), py::arg("parameters"), py::arg("alpha"), py::arg("l1_ratio"),
               py::arg("penalty_scale"), py::arg("coef"), py::arg("intercept"),
               py::arg("single_precision"), py::arg("with_gradient"), py::arg("n_threads"),
               py::arg("rows") = py::none(), py::arg("penalty_factor") = py::none());
    module.def("first_non_finite", &first_non_finite, py::arg("X"), py::arg("single_precision"));
}

}  // namespace fastgd::bindings

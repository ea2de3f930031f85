// duality_gap: a bound proven by the dual.
#include "../core/duality_gap.hpp"
#include "problem.hpp"
#include "topics.hpp"

namespace fastgd::bindings {

namespace {

template <class T>
double gap_of(const Data& data, const LossSpec& loss, const PenaltyStrength& strength,
              PenaltyScale scale, const Coefficients& at, bool fit_intercept, int threads) {
    const Objective<T> objective(selected_kernels<T>(), loss, threads);
    return duality_gap(objective, data, at, strength, scale, fit_intercept);
}

double duality_gap_at(const py::object& X, const py::array& y,
                      const std::optional<py::array>& sample_weight,
                      const std::optional<py::array>& offset, std::optional<double> positive_label,
                      const std::string& loss, const BoundParameters& parameters, double alpha,
                      double l1_ratio, PenaltyScale penalty_scale, const py::array_t<double>& coef,
                      const py::array_t<double>& intercept, bool single_precision,
                      bool fit_intercept, int n_threads, const PenaltyFactor& penalty_factor) {
    const Data data = data_of(X, y, sample_weight, offset, positive_label);
    const Coefficients at = coefficients_of(coef, intercept, data.outputs(), data.columns());
    const PenaltyStrength penalty = penalty_of(alpha, l1_ratio, penalty_factor);
    check_penalty(penalty, data.outputs(), data.columns());
    const CalledLoss called(loss, parameters);
    const LossSpec spec = called.spec(single_precision);
    const double gap = [&] {
        const py::gil_scoped_release released;
        return single_precision
                   ? gap_of<float>(data, spec, penalty, penalty_scale, at, fit_intercept, n_threads)
                   : gap_of<double>(data, spec, penalty, penalty_scale, at, fit_intercept,
                                    n_threads);
    }();
    called.rethrow();
    return gap;
}

}  // namespace

void register_duality(py::module_& module) {
    module.def("duality_gap", &duality_gap_at, py::arg("X"), py::arg("y").noconvert(),
               py::arg("sample_weight"), py::arg("offset"), py::arg("positive_label"),
               py::arg("loss"), py::arg("parameters"), py::arg("alpha"), py::arg("l1_ratio"),
               py::arg("penalty_scale"), py::arg("coef"), py::arg("intercept"),
               py::arg("single_precision"), py::arg("fit_intercept"), py::arg("n_threads"),
               py::arg("penalty_factor") = py::none());
}

}  // namespace fastgd::bindings

// fit and fit_classes: one call from Python to coefficients.
#include <pybind11/stl.h>

#include "../core/costs.hpp"
#include "../core/fit_classes.hpp"
#include "../core/gram.hpp"
#include "../core/second_moments.hpp"
#include "../core/whitening_sample.hpp"
#include "monitor.hpp"
#include "problem.hpp"
#include "safe_step.hpp"
#include "topics.hpp"

namespace fastgd::bindings {

namespace {

py::dict history_of(const std::vector<EpochReport>& reports) {
    const auto column = [&](auto member) {
        LargeVector<double> values;
        values.reserve(reports.size());
        for (const EpochReport& report : reports) values.push_back(report.*member);
        return vector_of(values);
    };
    py::dict history;
    history["objective"] = column(&EpochReport::objective);
    history["gradient_norm"] = column(&EpochReport::gradient_norm);
    history["learning_rate"] = column(&EpochReport::rate);
    history["seconds"] = column(&EpochReport::seconds);
    history["n_passes"] = column(&EpochReport::passes);
    return history;
}

py::dict outcome_of(const FitOutcome& outcome) {
    py::dict result;
    result["non_finite"] = py::none();
    if (outcome.non_finite) {
        result["non_finite"] = py::make_tuple(outcome.non_finite->row, outcome.non_finite->column);
        return result;
    }
    result["coef"] = matrix_of(outcome.raw.coef, static_cast<Index>(outcome.raw.intercept.size()));
    result["intercept"] = vector_of(outcome.raw.intercept);
    result["objective"] = outcome.measure.objective;
    result["gradient_norm"] = outcome.measure.gradient_norm;
    result["suboptimality"] = outcome.measure.height;
    result["n_iter"] = outcome.epochs;
    result["n_passes"] = outcome.passes;
    result["status"] = outcome.status;
    result["safe_step"] = dict_of(outcome.safe_step);
    result["precondition"] = outcome.precondition;
    result["dependent"] = outcome.dependent;
    result["told_apart"] = outcome.told_apart;
    result["second_moments_from"] = outcome.second_moments_from;
    result["squares_overflow"] = outcome.squares_overflow;
    result["rounded"] = outcome.rounded;
    result["separable"] = outcome.separable;
    result["history"] = history_of(outcome.history);
    return result;
}

py::dict fit_to(const py::object& X, const py::array& y,
                const std::optional<py::array>& sample_weight,
                const std::optional<py::array>& offset, std::optional<double> positive_label,
                const std::string& loss, const BoundParameters& parameters,
                const FitOptions& options, const py::array_t<double>& coef,
                const py::array_t<double>& intercept, bool single_precision,
                const py::object& on_epoch, const py::object& on_rate) {
    const Data data = data_of(X, y, sample_weight, offset, positive_label);
    Coefficients start = coefficients_of(coef, intercept, data.outputs(), data.columns());
    check_penalty(options.penalty, data.outputs(), data.columns());
    const CalledLoss called(loss, parameters);
    const LossSpec spec = called.spec(single_precision);
    Monitor monitor(on_epoch, on_rate, &called);
    const FitOutcome outcome = [&] {
        const py::gil_scoped_release released;
        return single_precision
                   ? fit(selected_kernels<float>(), spec, data, options, std::move(start), monitor)
                   : fit(selected_kernels<double>(), spec, data, options, std::move(start),
                         monitor);
    }();
    monitor.rethrow();

    return outcome_of(outcome);
}

// What Python tells of a class: label, parameters of its loss, options, coef, intercept, on_epoch.
using ClassArguments = std::tuple<double, BoundParameters, FitOptions, py::array_t<double>,
                                  py::array_t<double>, py::object>;

py::list fit_classes_to(const py::object& X, const py::array& y,
                        const std::optional<py::array>& sample_weight, const std::string& loss,
                        const std::vector<ClassArguments>& arguments, bool single_precision,
                        const py::object& on_rate) {
    const Data data = data_of(X, y, sample_weight, std::nullopt, std::nullopt);
    if (data.outputs() != 1 || arguments.empty())
        throw py::value_error("y must be one column of labels, and a class be told apart");
    std::vector<std::unique_ptr<CalledLoss>> losses;
    std::vector<std::unique_ptr<Monitor>> monitors;
    std::vector<ClassFit> classes;
    for (const auto& [label, parameters, options, coef, intercept, on_epoch] : arguments) {
        losses.push_back(std::make_unique<CalledLoss>(loss, parameters));
        monitors.push_back(std::make_unique<Monitor>(on_epoch, on_rate, losses.back().get()));
        check_penalty(options.penalty, 1, data.columns());
        classes.push_back({label, losses.back()->spec(single_precision), options,
                           coefficients_of(coef, intercept, 1, data.columns()),
                           monitors.back().get()});
    }
    const std::vector<FitOutcome> outcomes = [&] {
        const py::gil_scoped_release released;
        return single_precision ? fit_classes(selected_kernels<float>(), data, classes)
                                : fit_classes(selected_kernels<double>(), data, classes);
    }();
    for (const auto& monitor : monitors) monitor->rethrow();
    py::list results;
    for (const FitOutcome& outcome : outcomes) results.append(outcome_of(outcome));
    return results;
}

std::optional<Index> reading_epochs(const FitOptions& options, Index rows, Index columns,
                                    Index outputs, bool quadratic, bool single_precision,
                                    Index reading_width) {
    const Index item_bytes = single_precision ? sizeof(float) : sizeof(double);
    return epochs_before_second_moments(
        options, {rows, columns, outputs, item_bytes, quadratic, reading_width});
}

}  // namespace

void register_fit(py::module_& module) {
    module.def("fit", &fit_to, py::arg("X"), py::arg("y").noconvert(), py::arg("sample_weight"),
               py::arg("offset"), py::arg("positive_label"), py::arg("loss"), py::arg("parameters"),
               py::arg("options"), py::arg("coef"), py::arg("intercept"),
               py::arg("single_precision"), py::arg("on_epoch"), py::arg("on_rate"));
    module.def("fit_classes", &fit_classes_to, py::arg("X"), py::arg("y").noconvert(),
               py::arg("sample_weight"), py::arg("loss"), py::arg("classes"),
               py::arg("single_precision"), py::arg("on_rate"));
    module.def("epochs_before_second_moments", &reading_epochs, py::arg("options"), py::arg("rows"),
               py::arg("columns"), py::arg("outputs"), py::arg("quadratic"),
               py::arg("single_precision"), py::arg("reading_width") = 0);
    module.def("seconds_of_reading", &seconds_of_reading, py::arg("rows"), py::arg("columns"),
               py::arg("outputs"), py::arg("item_bytes"));
    module.def("most_gram_columns", [] { return most_gram_columns; });
    module.def("rows_of_hessian", &rows_of_hessian, py::arg("rows"), py::arg("columns"),
               py::arg("reading_width"), py::arg("quadratic"));
    module.def("seconds_of_products", &seconds_of_products, py::arg("products"));
}

}  // namespace fastgd::bindings

// FitOptions and the enumerations it is made of.
#include <pybind11/native_enum.h>
#include <pybind11/stl.h>

#include "../core/fit.hpp"
#include "problem.hpp"
#include "topics.hpp"

namespace fastgd::bindings {

void register_options(py::module_& module) {
    py::native_enum<Solver>(module, "Solver", "enum.Enum")
        .value("batch", Solver::batch)
        .value("minibatch", Solver::minibatch)
        .value("sgd", Solver::sgd)
        .finalize();
    py::native_enum<Update>(module, "Update", "enum.Enum")
        .value("plain", Update::plain)
        .value("momentum", Update::momentum)
        .value("nesterov", Update::nesterov)
        .value("accelerated", Update::accelerated)
        .value("lbfgs", Update::lbfgs)
        .value("adagrad", Update::adagrad)
        .value("rmsprop", Update::rmsprop)
        .value("adam", Update::adam)
        .value("adamw", Update::adamw)
        .finalize();
    py::native_enum<Rate>(module, "Rate", "enum.Enum")
        .value("automatic", Rate::automatic)
        .value("constant", Rate::constant)
        .value("invscaling", Rate::invscaling)
        .value("optimal", Rate::optimal)
        .value("adaptive", Rate::adaptive)
        .value("callable", Rate::callable)
        .value("schedule", Rate::schedule)
        .value("pa1", Rate::passive_aggressive_1)
        .value("pa2", Rate::passive_aggressive_2)
        .finalize();
    py::native_enum<Precondition>(module, "Precondition", "enum.Enum")
        .value("automatic", Precondition::automatic)
        .value("none", Precondition::none)
        .value("scale", Precondition::scale)
        .value("whiten", Precondition::whiten)
        .finalize();
    py::native_enum<PenaltyScale>(module, "PenaltyScale", "enum.Enum")
        .value("raw", PenaltyScale::raw)
        .value("std", PenaltyScale::deviation)
        .finalize();
    py::native_enum<VarianceReduction>(module, "VarianceReduction", "enum.Enum")
        .value("automatic", VarianceReduction::automatic)
        .value("none", VarianceReduction::none)
        .value("svrg", VarianceReduction::svrg)
        .finalize();
    py::native_enum<Shuffle>(module, "Shuffle", "enum.Enum")
        .value("none", Shuffle::none)
        .value("block", Shuffle::block)
        .value("full", Shuffle::full)
        .finalize();
    py::native_enum<Status>(module, "Status", "enum.Enum")
        .value("converged", Status::converged)
        .value("iteration_limit", Status::iteration_limit)
        .value("time_limit", Status::time_limit)
        .value("stopped", Status::stopped)
        .value("diverged", Status::diverged)
        .finalize();
    py::native_enum<Limit>(module, "Limit", "enum.Enum")
        .value("column", Limit::column)
        .value("intercept", Limit::intercept)
        .value("row", Limit::row)
        .value("penalty", Limit::penalty)
        .finalize();
    py::class_<FitOptions>(module, "FitOptions")
        .def(py::init<>())
        .def_readwrite("solver", &FitOptions::solver)
        .def_readwrite("batch_size", &FitOptions::batch_size)
        .def(
            "set_penalty",
            [](FitOptions& options, double alpha, double l1_ratio, PenaltyScale scale,
               const PenaltyFactor& factor) {
                Box box = std::move(options.penalty.box);
                options.penalty = penalty_of(alpha, l1_ratio, factor);
                options.penalty.box = std::move(box);
                options.penalty_scale = scale;
            },
            py::arg("alpha"), py::arg("l1_ratio"), py::arg("penalty_scale"),
            py::arg("penalty_factor") = py::none())
        .def(
            "set_bounds",
            [](FitOptions& options, const py::array_t<double>& low,
               const py::array_t<double>& high) {
                options.penalty.box = {values_of(low), values_of(high)};
            },
            py::arg("low"), py::arg("high"))
        .def_readwrite("fit_intercept", &FitOptions::fit_intercept)
        .def_readwrite("rate", &FitOptions::rate)
        .def_readwrite("eta0", &FitOptions::eta0)
        .def_readwrite("power_t", &FitOptions::power_t)
        .def_readwrite("t0", &FitOptions::t0)
        .def_readwrite("precondition", &FitOptions::precondition)
        .def_readwrite("update", &FitOptions::update)
        .def_readwrite("momentum", &FitOptions::momentum)
        .def_readwrite("beta2", &FitOptions::beta2)
        .def_readwrite("variance_reduction", &FitOptions::variance_reduction)
        .def_readwrite("max_iter", &FitOptions::max_iter)
        .def_readwrite("max_time", &FitOptions::max_time)
        .def_readwrite("tol", &FitOptions::tol)
        .def_readwrite("shuffle", &FitOptions::shuffle)
        .def_readwrite("average", &FitOptions::average)
        .def_readwrite("average_after", &FitOptions::average_after)
        .def_readwrite("seed", &FitOptions::seed)
        .def_readwrite("n_threads", &FitOptions::threads)
        .def_readwrite("epochs_before", &FitOptions::epochs_before)
        .def_readwrite("steps_before", &FitOptions::steps_before)
        .def_readwrite("quasi_newton_first", &FitOptions::quasi_newton_first);
}

}  // namespace fastgd::bindings

// What was built and what was found on this machine: ISA levels, threads, compiler, losses.
#include <pybind11/native_enum.h>
#include <pybind11/stl.h>

#include "../core/cpu_quota.hpp"
#include "../core/parallel.hpp"
#include "../dispatch/dispatch.hpp"
#include "topics.hpp"

namespace fastgd::bindings {

namespace py = pybind11;

namespace {

py::dict build_info() {
    py::dict info;
    info["compiler"] = FASTGD_COMPILER;
    info["cxx_standard"] = static_cast<int>(__cplusplus / 100 % 100);
#if defined(_OPENMP)
    info["openmp"] = static_cast<int>(_OPENMP);
#else
    info["openmp"] = 0;
#endif
    return info;
}

std::vector<std::pair<std::string, Targets>> losses() {
    const KernelTable<double>& kernels = selected_kernels<double>();
    std::vector<std::pair<std::string, Targets>> result;
    for (Index i = 0; i < kernels.loss_count; ++i)
        result.emplace_back(kernels.losses[i].name, kernels.losses[i].targets);
    return result;
}

}  // namespace

void register_environment(py::module_& module) {
    py::native_enum<Targets>(module, "Targets", "enum.Enum")
        .value("real", Targets::real)
        .value("binary", Targets::binary)
        .value("mean", Targets::mean)
        .value("classes", Targets::classes)
        .finalize();
    try {
        selected_isa_level();
    } catch (const std::runtime_error& error) {
        throw py::import_error(error.what());
    }
    module.def("build_info", &build_info);
    module.def("isa_level", &selected_isa_level);
    module.def("isa_levels", &available_isa_levels);
    module.def("available_threads", &available_threads);
    module.def("thread_runtime", &thread_runtime);
    module.def("cpu_quota", &cpu_quota);
    module.def("losses", &losses, "(name, takes binary targets) of each loss built in");
}

}  // namespace fastgd::bindings

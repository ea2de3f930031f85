#include "custom_loss.hpp"

#include <algorithm>

#include "../dispatch/dispatch.hpp"
#include "topics.hpp"

namespace fastgd::bindings {

namespace {

// Copies: a function may keep what it is given.
py::array_t<double> array_of(const double* values, Index count) {
    return py::array_t<double>(static_cast<py::ssize_t>(count), values);
}

std::string expected(const UserFunction& function, Index count) {
    return std::string(function.name) + ": expected an array of real numbers of shape (" +
           std::to_string(count) + ",), as y and z are, got ";
}

// With the GIL held; throws what the function raises, or for what it returns.
void call(const UserFunction& function, const double* y, const double* z, Index count,
          double* out) {
    const py::object result = function.object(array_of(y, count), array_of(z, count));
    const py::array array = py::array::ensure(result);
    if (!array || std::string_view("biuf").find(array.dtype().kind()) == std::string_view::npos)
        throw py::type_error(
            expected(function, count) +
            (array ? "dtype " + std::string(py::str(array.dtype()))
                   : "an object of type " +
                         std::string(py::str(py::type::of(result).attr("__name__")))));
    if (array.ndim() != 1 || array.shape(0) != count)
        throw py::value_error(expected(function, count) + "shape " +
                              std::string(py::str(array.attr("shape"))));
    const py::array_t<double, py::array::c_style | py::array::forcecast> numbers(array);
    std::copy_n(numbers.data(), count, out);
}

constexpr const char* names[] = {"value", "derivative", "second_derivative"};

// `addresses` of compiled code are 0 for objects to call.
std::shared_ptr<UserFunctions> functions_of(const py::tuple& functions, const py::tuple& addresses,
                                            Targets targets) {
    auto result = std::make_shared<UserFunctions>();
    for (std::size_t i = 0; i < std::size(names); ++i)
        result->of[i] = {
            functions[i],
            reinterpret_cast<double (*)(double, double)>(addresses[i].cast<std::uintptr_t>()),
            names[i]};
    result->targets = targets;
    return result;
}

py::array_t<double> evaluated(const std::shared_ptr<const UserFunctions>& functions, int order,
                              const py::array_t<double>& y, const py::array_t<double>& z) {
    if (order < 0 || order > 2 || y.ndim() != 1 || z.ndim() != 1 || y.shape(0) != z.shape(0))
        throw py::value_error("expected order 0, 1 or 2 and y and z of one shape (n,)");
    const UserLoss loss(functions);
    const LargeVector<double> targets = values_of(y);
    const LargeVector<double> predictors = values_of(z);
    LargeVector<double> result(targets.size());
    const auto count = static_cast<Index>(result.size());
    const double* at = targets.data();
    const double* of = predictors.data();
    if (order == 0) loss.evaluate(at, of, count, {.value = result.data()});
    if (order == 1) loss.evaluate(at, of, count, {.derivative = result.data()});
    if (order == 2) loss.bends(at, of, count, result.data());
    loss.rethrow();
    return vector_of(result);
}

}  // namespace

bool UserLoss::tells_second_derivative() const noexcept {
    return !functions_->of[2].object.is_none();
}

bool UserLoss::slow_to_call() const noexcept {
    return std::any_of(
        std::begin(functions_->of), std::end(functions_->of),
        [](const UserFunction& f) { return f.compiled == nullptr && !f.object.is_none(); });
}

void UserLoss::evaluate(const double* y, const double* z, Index count,
                        LossNumbers numbers) const noexcept {
    double* const out[] = {numbers.value, numbers.derivative, numbers.second_derivative};
    bool arrays = false;
    for (int f = 0; f < 3; ++f) {
        if (out[f] == nullptr) continue;
        const auto compiled = functions_->of[f].compiled;
        arrays = arrays || compiled == nullptr;
        if (compiled == nullptr) continue;
        for (Index i = 0; i < count; ++i) out[f][i] = compiled(y[i], z[i]);
    }
    if (!arrays || call_with_arrays(y, z, count, out)) return;
    for (double* numbers_of : out)
        if (numbers_of != nullptr) std::fill_n(numbers_of, count, 0.0);
}

bool UserLoss::call_with_arrays(const double* y, const double* z, Index count,
                                double* const (&out)[3]) const noexcept {
    if (failed_) return false;
    // once for all of them: to get it back costs more than the calls where threads wait for it
    const py::gil_scoped_acquire acquired;
    try {
        for (int f = 0; f < 3; ++f)
            if (out[f] != nullptr && functions_->of[f].compiled == nullptr)
                call(functions_->of[f], y, z, count, out[f]);
        return true;
    } catch (...) {
        // the GIL is held: no other thread is here
        if (!failed_) error_ = std::current_exception();
        failed_ = true;
        return false;
    }
}

CalledLoss::CalledLoss(std::string name, const BoundParameters& parameters)
    : name_(std::move(name)), parameters_{parameters.shape, parameters.smoothing} {
    if (!parameters.functions) return;
    user_ = std::make_unique<const UserLoss>(parameters.functions);
    parameters_.custom = user_.get();
}

LossSpec CalledLoss::spec(bool single_precision) const {
    if (user_) return {0, parameters_};
    const Index index = single_precision ? find_loss(selected_kernels<float>(), name_)
                                         : find_loss(selected_kernels<double>(), name_);
    if (index < 0) throw py::value_error("loss: unknown to the core: '" + name_ + "'");
    return {index, parameters_};
}

void register_losses(py::module_& module) {
    py::class_<UserFunctions, std::shared_ptr<UserFunctions>>(module, "UserFunctions")
        .def(py::init(&functions_of), py::arg("functions"), py::arg("addresses"),
             py::arg("targets"))
        .def("evaluate", &evaluated, py::arg("order"), py::arg("y"), py::arg("z"));
    py::class_<BoundParameters>(module, "LossParameters")
        .def(py::init([](double shape, double smoothing,
                         const std::optional<std::shared_ptr<UserFunctions>>& functions) {
                 return BoundParameters{shape, smoothing, functions.value_or(nullptr)};
             }),
             py::arg("shape") = 0.0, py::arg("smoothing") = 0.0, py::arg("functions") = py::none())
        .def_readwrite("shape", &BoundParameters::shape)
        .def_readwrite("smoothing", &BoundParameters::smoothing);
}

}  // namespace fastgd::bindings

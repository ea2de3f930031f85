// value and value_and_gradient of arguments that need no words: on few rows, choosing these takes
// ten times as long as the arithmetic.
#include <algorithm>
#include <cmath>
#include <span>

#include "custom_loss.hpp"
#include "evaluation.hpp"
#include "topics.hpp"

namespace fastgd::bindings {

namespace {

// So many are copied in less time than words are chosen.
constexpr Index few_rows = 4096;

// Tells arrays that can be read as they are, and declines all that somebody may have a question
// about.
class PlainArrays {
  public:
    explicit PlainArrays(py::object ndarray) : ndarray_(std::move(ndarray)) {}

    // float32 or float64 in memory that numpy holds: what is mapped from a file may be cut short.
    std::optional<StridedView> matrix(const py::object& object) const {
        const auto array = held_by_numpy(object, 2);
        return array ? native(*array) : std::nullopt;
    }

    // The same of numbers one after the other.
    std::optional<StridedView> vector(const py::object& object) const {
        const auto array = held_by_numpy(object, 1);
        if (!array) return std::nullopt;
        return contiguous(*array);
    }

    // The same of targets, which a few rows may have in any other type and any order.
    std::optional<StridedView> targets(const py::object& object) const {
        const auto array = held_by_numpy(object, 1);
        if (!array) return std::nullopt;
        if (const auto view = contiguous(*array)) return view;
        return array->shape(0) <= few_rows ? readable_view(*array) : std::nullopt;
    }

  private:
    std::optional<py::array> held_by_numpy(const py::object& object, py::ssize_t dimensions) const {
        if (!is_array(object)) return std::nullopt;
        auto array = py::reinterpret_borrow<py::array>(object);
        if (array.ndim() != dimensions || array.size() == 0) return std::nullopt;
        for (py::object owner = array.base(); owner && !owner.is_none();
             owner = py::reinterpret_borrow<py::array>(owner).base())
            if (!is_array(owner)) return std::nullopt;
        return array;
    }

    static std::optional<StridedView> native(const py::array& array) {
        const py::dtype dtype = array.dtype();
        const py::ssize_t size = array.itemsize();
        if (dtype.kind() != 'f' || (size != 4 && size != 8) || dtype.byteorder() != '=')
            return std::nullopt;
        const bool matrix = array.ndim() == 2;
        return StridedView{
            array.data(),     size == 4 ? ElementType::float32 : ElementType::float64,
            array.shape(0),   matrix ? array.shape(1) : 1,
            array.strides(0), matrix ? array.strides(1) : size};
    }

    static std::optional<StridedView> contiguous(const py::array& array) {
        const auto alignment = static_cast<std::size_t>(array.itemsize());
        if ((array.flags() & py::array::c_style) == 0 ||
            reinterpret_cast<std::uintptr_t>(array.data()) % alignment != 0)
            return std::nullopt;
        return native(array);
    }

    bool is_array(const py::object& object) const {
        return py::type::handle_of(object).is(ndarray_);
    }

    py::object ndarray_;
};

template <class Visit>
auto of_type(const StridedView& view, Visit visit) {
    return view.type == ElementType::float32
               ? visit(std::span(static_cast<const float*>(view.data),
                                 static_cast<std::size_t>(view.rows)))
               : visit(std::span(static_cast<const double*>(view.data),
                                 static_cast<std::size_t>(view.rows)));
}

// Whether amiss(x), which is not below 0, is 0 for all numbers. Some sums side by side and no way
// out but the end: a loop that may end early, or waits for its sum, takes as long as narrow
// gradients.
template <class Amiss>
bool none_amiss(const StridedView& values, Amiss amiss) {
    return of_type(values, [&](auto span) {
        constexpr std::size_t few = 8;
        typename decltype(span)::value_type sum[few] = {};
        std::size_t i = 0;
        for (; i + few <= span.size(); i += few)
            for (std::size_t k = 0; k < few; ++k) sum[k] += amiss(span[i + k]);
        for (; i < span.size(); ++i) sum[i % few] += amiss(span[i]);
        return std::all_of(sum, sum + few, [](auto x) { return x == 0; });
    });
}

bool finite(const StridedView& values) {
    return none_amiss(values, [](auto x) { return x - x; });
}

// Targets as they are looked at: in place, or `packed`.
StridedView side_by_side(const KernelTable<double>& kernels, const StridedView& targets,
                         LargeVector<double>& packed) {
    if ((rows_in_place<float>(targets) && targets.row_stride == sizeof(float)) ||
        (rows_in_place<double>(targets) && targets.row_stride == sizeof(double)))
        return targets;
    packed.resize(static_cast<std::size_t>(targets.rows));
    kernels.pack[static_cast<int>(targets.type)](targets, {nullptr, 0, targets.rows}, packed.data(),
                                                 1);
    return {packed.data(), ElementType::float64, targets.rows, 1, sizeof(double), sizeof(double)};
}

// Whether a target that is not finite makes the sum of losses so: NaN may count for nothing where a
// loss is flat, as its comparisons all fail.
bool tells_non_finite(const LossKernels<double>& loss, LossParameters parameters) {
    const double z = 0.0;
    const double y[] = {NAN, INFINITY, -INFINITY};
    return std::none_of(std::begin(y), std::end(y), [&](const double& target) {
        return std::isfinite(loss.value({1, 1, &z, &target, nullptr, nullptr, parameters}));
    });
}

// Of {0, 1} or {-1, +1}.
bool labels(const StridedView& values) {
    return none_amiss(values, [](auto y) { return std::abs(y * (y - 1)); }) ||
           none_amiss(values, [](auto y) { return std::abs((y + 1) * (y - 1)); });
}

std::optional<double> number(const py::object& object) {
    double value = NAN;
    if (PyFloat_Check(object.ptr()))  // numpy's float64 too
        value = PyFloat_AS_DOUBLE(object.ptr());
    else if (PyLong_CheckExact(object.ptr()))
        value = PyLong_AsDouble(object.ptr());
    PyErr_Clear();  // beyond any double
    return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

py::object gradient_like(const StridedView& coef, std::span<const double> gradient) {
    const auto size = static_cast<py::ssize_t>(gradient.size());
    if (coef.type == ElementType::float64) return py::array_t<double>(size, gradient.data());
    py::array_t<float> result(size);
    std::copy(gradient.begin(), gradient.end(), result.mutable_data());
    return result;
}

// As value or value_and_gradient return it; None where the arguments are to be looked at in Python,
// and where a number that is not finite is to be explained.
py::object plain_objective_at(const PlainArrays& arrays, const py::object& X, const py::object& y,
                              const py::object& coef, const py::object& intercept, const char* loss,
                              const BoundParameters& parameters, const py::object& alpha,
                              const py::object& l1_ratio, int n_threads, bool with_gradient) {
    const auto features = arrays.matrix(X);
    const auto targets = arrays.targets(y);
    const auto at = arrays.vector(coef);
    const auto shift = number(intercept);
    const auto strength = number(alpha);
    const auto share = number(l1_ratio);
    const KernelTable<double>& kernels = selected_kernels<double>();
    const Index index = find_loss(kernels, loss);
    if (!features || !targets || !at || !shift || !strength || !share || index < 0 ||
        targets->rows != features->rows || at->rows != features->columns || *strength < 0.0 ||
        *share < 0.0 || *share > 1.0 || !finite(*at))
        return py::none();
    const LossSpec spec{index, {parameters.shape, parameters.smoothing}};
    Data data;
    data.X = *features;
    data.y = *targets;
    LargeVector<double> packed;
    const StridedView told = side_by_side(kernels, *targets, packed);
    switch (kernels.losses[index].targets) {
        case Targets::real:
            if (!tells_non_finite(kernels.losses[index], spec.parameters) && !finite(told))
                return py::none();
            break;
        case Targets::binary:
            if (!labels(told)) return py::none();
            data.binary = true;
            data.positive_label = 1.0;
            break;
        default: return py::none();
    }
    const Coefficients model{
        of_type(*at, [](auto span) { return LargeVector<double>(span.begin(), span.end()); }),
        {*shift}};
    const PenaltyStrength penalty = PenaltyStrength::of(*strength, *share);
    const RowSelection rows{nullptr, 0, data.rows()};
    const Evaluation result = [&] {
        const py::gil_scoped_release released;
        return features->type == ElementType::float32
                   ? evaluate<float>(data, spec, penalty, PenaltyScale::raw, model, rows,
                                     with_gradient, n_threads)
                   : evaluate<double>(data, spec, penalty, PenaltyScale::raw, model, rows,
                                      with_gradient, n_threads);
    }();
    if (!std::isfinite(result.value)) return py::none();
    if (!with_gradient) return py::float_(result.value);
    return py::make_tuple(result.value, gradient_like(*at, result.gradient.coef),
                          result.gradient.intercept[0]);
}

}  // namespace

void register_plain_objective(py::module_& module) {
    const PlainArrays arrays(py::module_::import("numpy").attr("ndarray"));
    module.def(
        "plain_objective_at",
        [arrays](const py::object& X, const py::object& y, const py::object& coef,
                 const py::object& intercept, const char* loss, const BoundParameters& parameters,
                 const py::object& alpha, const py::object& l1_ratio, int n_threads,
                 bool with_gradient) {
            return plain_objective_at(arrays, X, y, coef, intercept, loss, parameters, alpha,
                                      l1_ratio, n_threads, with_gradient);
        },
        py::arg("X"), py::arg("y"), py::arg("coef"), py::arg("intercept"), py::arg("loss"),
        py::arg("parameters"), py::arg("alpha"), py::arg("l1_ratio"), py::arg("n_threads"),
        py::arg("with_gradient"));
}

}  // namespace fastgd::bindings

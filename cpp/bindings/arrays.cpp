#include "arrays.hpp"

#include "columns.hpp"
#include "sparse_rows.hpp"

namespace fastgd::bindings {

namespace {

struct NamedType {
    char kind;
    py::ssize_t size;
    ElementType type;
};

constexpr NamedType readable_types[] = {
    {'f', 4, ElementType::float32},  {'f', 8, ElementType::float64}, {'f', 2, ElementType::float16},
    {'b', 1, ElementType::boolean},  {'i', 1, ElementType::int8},    {'i', 2, ElementType::int16},
    {'i', 4, ElementType::int32},    {'i', 8, ElementType::int64},   {'u', 1, ElementType::uint8},
    {'u', 2, ElementType::uint16},   {'u', 4, ElementType::uint32},  {'u', 8, ElementType::uint64},
    {'V', 2, ElementType::bfloat16},
};
static_assert(std::size(readable_types) == element_type_count);

}  // namespace

std::optional<StridedView> readable_view(const py::array& array) {
    if (array.ndim() != 1 && array.ndim() != 2)
        throw py::value_error("array: expected 1 or 2 dimensions");
    const py::dtype dtype = array.dtype();
    for (const NamedType& known : readable_types) {
        if (dtype.kind() != known.kind || dtype.itemsize() != known.size) continue;
        // any other type of another package's
        if (known.type == ElementType::bfloat16 &&
            dtype.attr("name").cast<std::string>() != "bfloat16")
            break;
        const bool matrix = array.ndim() == 2;
        return StridedView{array.data(),
                           known.type,
                           array.shape(0),
                           matrix ? array.shape(1) : 1,
                           array.strides(0),
                           matrix ? array.strides(1) : known.size,
                           !dtype.attr("isnative").cast<bool>()};
    }
    return std::nullopt;
}

StridedView view_of(const py::array& array) {
    if (const auto view = readable_view(array)) return *view;
    throw py::type_error("array: expected float, integer or bool elements");
}

MatrixView features_of(const py::object& X) {
    if (py::isinstance<SparseRows>(X)) return X.cast<const SparseRows&>().view();
    if (py::isinstance<Columns>(X)) return X.cast<const Columns&>().view();
    if (py::isinstance<py::array>(X)) return view_of(X.cast<py::array>());
    throw py::type_error("X: expected an array, SparseRows or Columns");
}

Data data_of(const py::object& X, const py::array& y, const std::optional<py::array>& sample_weight,
             const std::optional<py::array>& offset, std::optional<double> positive_label) {
    Data data;
    data.X = features_of(X);
    data.y = view_of(y);
    if (sample_weight) data.weight = view_of(*sample_weight);
    if (offset) data.offset = view_of(*offset);
    data.binary = positive_label.has_value();
    data.positive_label = positive_label.value_or(1.0);
    // lengths are the memory-safety border; everything else was checked in Python
    if (data.y.rows != data.rows() || (sample_weight && data.weight.rows != data.rows()) ||
        (offset && (data.offset.rows != data.rows() || data.offset.columns != data.outputs())))
        throw py::value_error("y, sample_weight and offset must match the rows of X");
    return data;
}

py::array_t<double> matrix_of(std::span<const double> values, Index rows) {
    const auto size = static_cast<py::ssize_t>(values.size());
    return py::array_t<double>({static_cast<py::ssize_t>(rows), size / rows}, values.data());
}

py::array_t<double> vector_of(std::span<const double> values) {
    return py::array_t<double>(static_cast<py::ssize_t>(values.size()), values.data());
}

LargeVector<double> values_of(const py::array_t<double>& array) {
    const auto flat = py::array_t<double, py::array::c_style | py::array::forcecast>(array);
    return {flat.data(), flat.data() + flat.size()};
}

}  // namespace fastgd::bindings

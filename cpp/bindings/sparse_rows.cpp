#include "sparse_rows.hpp"

#include <pybind11/native_enum.h>

#include <algorithm>
#include <limits>

#include "topics.hpp"

namespace fastgd::bindings {

namespace {

bool one_contiguous(const py::array& array) {
    return array.ndim() == 1 && (array.flags() & py::array::c_style) != 0;
}

// Whether integers of an index array are int64; throws TypeError on any other than that or int32.
bool wide(const py::array& array) {
    const StridedView view = view_of(array);
    if (view.type != ElementType::int32 && view.type != ElementType::int64)
        throw py::type_error("indices and indptr: expected int32 or int64");
    return view.type == ElementType::int64;
}

py::object fault_of(const SparseRows& rows) {
    const SparseCheck& check = rows.check();
    if (check.fault == SparseFault::none) return py::none();
    return py::make_tuple(check.fault, check.row, check.position, check.value);
}

}  // namespace

SparseRows::SparseRows(py::array data, py::array indices, py::array indptr, Index columns)
    : data_(std::move(data)), indices_(std::move(indices)), indptr_(std::move(indptr)) {
    if (!one_contiguous(data_) || !one_contiguous(indices_) || !one_contiguous(indptr_) ||
        indptr_.size() < 1 || columns < 1 || columns > std::numeric_limits<std::int32_t>::max())
        throw py::value_error("data, indices and indptr: expected contiguous vectors");
    view_ = view_of(data_);
    view_.rows = indptr_.size() - 1;
    view_.columns = columns;
    view_.column_stride = data_.itemsize();
    view_.column = indices_.data();
    view_.wide_column = wide(indices_);
    view_.start = indptr_.data();
    view_.wide_start = wide(indptr_);
    {
        const Index stored = std::min(data_.size(), indices_.size());
        const py::gil_scoped_release released;
        check_ = check_sparse(view_, stored, 0);
    }
    if (check_.fault != SparseFault::none) return;
    view_.canonical = check_.canonical;
    const Index numbers = view_.begin(view_.rows);
    view_.stored_a_row =
        std::max((numbers + view_.rows - 1) / std::max(view_.rows, Index{1}), Index{1});
}

const MatrixView& SparseRows::view() const {
    if (check_.fault != SparseFault::none)
        throw py::value_error("X: its sparse rows do not lie within its memory");
    return view_;
}

Index SparseRows::columns_of_fits() {
    if (!columns_of_fits_) {
        in_use_ = ColumnsInUse::of(view());
        if (in_use_) view_.in_use = &*in_use_;
        columns_of_fits_ = in_use_ ? in_use_->count() : view_.columns;
    }
    return *columns_of_fits_;
}

void register_sparse_rows(py::module_& module) {
    py::native_enum<SparseFault>(module, "SparseFault", "enum.Enum")
        .value("first_start", SparseFault::first_start)
        .value("decreasing", SparseFault::decreasing)
        .value("past_end", SparseFault::past_end)
        .value("column", SparseFault::column)
        .finalize();
    py::class_<SparseRows>(module, "SparseRows")
        .def(py::init<py::array, py::array, py::array, Index>(), py::arg("data").noconvert(),
             py::arg("indices").noconvert(), py::arg("indptr").noconvert(), py::arg("columns"))
        .def("fault", &fault_of)
        .def("canonical", [](const SparseRows& rows) { return rows.check().canonical; })
        .def("columns_of_fits", &SparseRows::columns_of_fits)
        .def("reading_width", [](const SparseRows& rows) { return rows.view().reading_width(); });
}

}  // namespace fastgd::bindings

#include "columns.hpp"

#include "topics.hpp"

namespace fastgd::bindings {

namespace {

ColumnsView pieces_of(const std::vector<std::vector<py::array>>& columns) {
    std::vector<ColumnsView::Column> views;
    Index rows = -1;
    for (const std::vector<py::array>& column : columns) {
        Index total = 0;
        ColumnsView::Column& view = views.emplace_back();
        for (const py::array& array : column) {
            if (array.ndim() != 1) throw py::value_error("columns: expected 1 dimension");
            const StridedView piece = view_of(array);
            view.pieces.push_back({piece.data, piece.type, piece.row_stride, piece.swapped});
            view.rows.push_back(piece.rows);
            total += piece.rows;
        }
        if (rows >= 0 && total != rows)
            throw py::value_error("columns: expected as many rows each");
        rows = total;
    }
    if (rows <= 0) throw py::value_error("columns: expected at least one row and one column");
    return ColumnsView(views);
}

}  // namespace

Columns::Columns(const std::vector<std::vector<py::array>>& columns)
    : owners_(columns), view_(pieces_of(columns)) {}

MatrixView Columns::view() const {
    const StridedView array = view_.as_array();
    return array.data != nullptr ? MatrixView(array) : MatrixView(view_);
}

void register_columns(py::module_& module) {
    py::class_<Columns>(module, "Columns")
        .def(py::init<const std::vector<std::vector<py::array>>&>(), py::arg("columns"));
}

}  // namespace fastgd::bindings

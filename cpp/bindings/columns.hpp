// The columns of a table as Python hands them over: arrays, kept alive.
#pragma once

#include "arrays.hpp"

namespace fastgd::bindings {

class Columns {
  public:
    // Of each column its pieces in order, one-dimensional arrays; at least one row and one column.
    explicit Columns(const std::vector<std::vector<py::array>>& columns);

    // Evenly spaced columns are an array. Valid as long as this object.
    MatrixView view() const;

  private:
    std::vector<std::vector<py::array>> owners_;
    ColumnsView view_;
};

}  // namespace fastgd::bindings

// Arrays of compressed sparse rows, held and checked: what cannot be read safely is not handed on.
#pragma once

#include "../core/columns_in_use.hpp"
#include "../core/sparse_check.hpp"
#include "arrays.hpp"

namespace fastgd::bindings {

class SparseRows {
  public:
    // One-dimensional arrays side by side in memory: numbers, int32 or int64 columns and starts.
    SparseRows(py::array data, py::array indices, py::array indptr, Index columns);

    const SparseCheck& check() const { return check_; }
    // Throws ValueError where the check found a fault.
    const MatrixView& view() const;
    // How many columns fits of these rows take: asking finds it out, and those that follow know.
    Index columns_of_fits();

  private:
    py::array data_, indices_, indptr_;
    MatrixView view_;
    SparseCheck check_;
    std::optional<Index> columns_of_fits_;
    std::optional<ColumnsInUse> in_use_;
};

}  // namespace fastgd::bindings

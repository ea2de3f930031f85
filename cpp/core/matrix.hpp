// X as the user holds it: a strided array, a table of columns apart, or sparse rows (CSR).
#pragma once

#include <algorithm>

#include "columns.hpp"
#include "large_vector.hpp"

namespace fastgd {

class ColumnsInUse;

// Of sparse rows `data` holds the numbers stored, row after row and side by side.
struct MatrixView : StridedView {
    const ColumnsView* table = nullptr;  // which alone is read then
    const void* column = nullptr;  // of each number stored
    const void* start = nullptr;   // rows + 1: where each row's numbers begin, and the end
    bool wide_column = false;      // int64, else int32
    bool wide_start = false;
    const std::int32_t* place = nullptr;  // what to take for each such column; null: itself
    const ColumnsInUse* in_use = nullptr;  // those alone suffice for a fit
    bool canonical = true;   // columns ascend within each row, none comes twice
    Index stored_a_row = 0;  // the mean, rounded up, at least 1

    MatrixView() = default;
    MatrixView(const StridedView& dense) : StridedView(dense) {}
    explicit MatrixView(const ColumnsView& apart) : table(&apart) {
        rows = apart.rows();
        columns = apart.columns();
    }

    bool sparse() const { return start != nullptr; }
    const void* begin_of(Index row) const {
        return static_cast<const char*>(start) +
               row * static_cast<Index>(wide_start ? sizeof(std::int64_t) : sizeof(std::int32_t));
    }
    Index begin(Index row) const {
        return wide_start ? static_cast<const std::int64_t*>(start)[row]
                          : static_cast<const std::int32_t*>(start)[row];
    }
    Index stored(Index row) const { return begin(row + 1) - begin(row); }
    bool columns_as_stored() const { return !wide_column && place == nullptr; }
    // Copies the columns of `count` numbers stored, from the one at `from` on.
    void copy_columns(Index from, Index count, std::int32_t* out) const {
        if (wide_column)
            copy_columns(static_cast<const std::int64_t*>(column) + from, count, out);
        else
            copy_columns(static_cast<const std::int32_t*>(column) + from, count, out);
    }
    // The numbers stored, as one column.
    StridedView values() const {
        return {data, type, begin(rows), 1, column_stride, column_stride};
    }
    // Numbers that a row is read from, on average.
    Index numbers_a_row() const { return sparse() ? stored_a_row : columns; }
    // Columns of dense rows that take as long to read: coefficients lie scattered beside those.
    Index reading_width() const { return sparse() ? 4 * stored_a_row : columns; }
    // Bytes of a row, on average, once it is in the form that kernels read.
    template <class T>
    double row_bytes() const {
        const std::size_t number = sizeof(T) + (sparse() ? sizeof(std::int32_t) : 0);
        return static_cast<double>(numbers_a_row()) * static_cast<double>(number);
    }

  private:
    template <class Column>
    void copy_columns(const Column* from, Index count, std::int32_t* out) const {
        if (place != nullptr)
            std::transform(from, from + count, out, [&](Column j) { return place[j]; });
        else
            std::transform(from, from + count, out,
                           [](Column j) { return static_cast<std::int32_t>(j); });
    }
};

}  // namespace fastgd

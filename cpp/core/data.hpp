// One set of rows as the user holds them: X, y, weights and offsets, nothing copied.
#pragma once

#include "columns.hpp"

namespace fastgd {

// The features: an array, or a table of columns apart, which alone is then read.
struct Features : StridedView {
    const ColumnsView* table = nullptr;

    Features() = default;
    Features(const StridedView& array) : StridedView(array) {}
    explicit Features(const ColumnsView& apart) : table(&apart) {
        rows = apart.rows();
        columns = apart.columns();
    }
};

struct Data {
    Features X;
    StridedView y;       // rows x outputs
    StridedView weight;  // rows x 1; no data: every row weighs 1
    StridedView offset;  // rows x outputs; no data: none
    bool binary = false;
    double positive_label = 1.0;  // y equal to this is +1, anything else -1; of several outputs
                                  // each tells the class of its own number from the rest
    Index* rows_read = nullptr;  // counts rows of X, each time one comes from memory; or null

    Index rows() const { return X.rows; }
    Index columns() const { return X.columns; }
    Index outputs() const { return y.columns; }

    // Said by whoever reads rows of X, once for a team and before it starts.
    void count_read(Index rows_of_X) const {
        if (rows_read != nullptr) *rows_read += rows_of_X;
    }
};

// The same rows with squared error's targets all 0: its gradient at v is X^T S X v.
inline Data with_zero_targets(Data data) {
    static const double zero = 0.0;
    data.y = {&zero, ElementType::float64, data.rows(), 1, 0, 0};
    data.offset = {};
    data.binary = false;
    return data;
}

template <class T>
inline constexpr ElementType element_type_of =
    sizeof(T) == 4 ? ElementType::float32 : ElementType::float64;

// True where kernels may read the rows of `view` in place.
template <class T>
bool rows_in_place(const StridedView& view) {
    return view.data != nullptr && view.type == element_type_of<T> && !view.swapped &&
           (view.column_stride == static_cast<Index>(sizeof(T)) || view.columns == 1) &&
           view.row_stride % static_cast<Index>(sizeof(T)) == 0 &&
           reinterpret_cast<std::uintptr_t>(view.data) % sizeof(T) == 0;
}

}  // namespace fastgd

// One set of rows as the user holds them: X, y, weights and offsets, nothing copied.
#pragma once

#include <span>

#include "matrix.hpp"

namespace fastgd {

// A binary model of one class: rows with its label are +1, all others -1.
struct ClassTarget {
    double label = 1.0;
    LossParameters loss;
};

struct Data {
    MatrixView X;
    StridedView y;       // rows x outputs
    StridedView weight;  // rows x 1; no data: every row weighs 1
    StridedView offset;  // rows x outputs; no data: none
    bool binary = false;
    double positive_label = 1.0;  // y equal to this is +1, anything else -1; of several outputs
                                  // each tells the class of its own number from the rest
    // An output for each of these, told apart by the labels in y's only column; empty: y tells all.
    // For gradients alone.
    std::span<const ClassTarget> classes;
    Index* rows_read = nullptr;  // counts rows of X, each time one comes from memory; or null

    Index rows() const { return X.rows; }
    Index columns() const { return X.columns; }
    Index outputs() const {
        return classes.empty() ? y.columns : static_cast<Index>(classes.size());
    }

    // Of so many rows, as kernels read them.
    template <class T>
    double bytes_of(Index rows_of_X) const {
        return static_cast<double>(rows_of_X) * X.row_bytes<T>();
    }

    // How much of the work on so many rows threads can share: each brings coefficients that belong
    // to sparse rows into its own cache, number by number.
    template <class T>
    double bytes_to_share(Index rows_of_X) const {
        const double own = X.sparse() ? 2.0 * sizeof(T) * static_cast<double>(columns()) : 0.0;
        return (bytes_of<T>(rows_of_X) - own) * static_cast<double>(outputs());
    }

    // Said by whoever reads rows of X, once for a team and before it starts.
    void count_read(Index rows_of_X) const {
        if (rows_read != nullptr) *rows_read += rows_of_X;
    }
};

template <class T>
inline constexpr ElementType element_type_of =
    sizeof(T) == 4 ? ElementType::float32 : ElementType::float64;

// The same rows with squared error's targets all 0: its gradient at v is X^T S X v.
inline Data with_zero_targets(Data data) {
    static const double zero = 0.0;
    data.y = {&zero, ElementType::float64, data.rows(), 1, 0, 0};
    data.offset = {};
    data.binary = false;
    return data;
}

// True where kernels may read the rows of `view` in place.
template <class T>
bool rows_in_place(const StridedView& view) {
    return view.data != nullptr && view.type == element_type_of<T> && !view.swapped &&
           (view.column_stride == static_cast<Index>(sizeof(T)) || view.columns == 1) &&
           view.row_stride % static_cast<Index>(sizeof(T)) == 0 &&
           reinterpret_cast<std::uintptr_t>(view.data) % sizeof(T) == 0;
}

}  // namespace fastgd

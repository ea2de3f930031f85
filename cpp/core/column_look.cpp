#include "column_look.hpp"

namespace fastgd {

template <class T>
void ColumnLook<T>::look(bool columns, FunctionRef<bool()> keep_going) {
    if (knows_columns_) return;
    knows_columns_ = columns;
    if (!columns && data_.weight.data == nullptr) {
        moments_.weight = static_cast<double>(data_.rows());
        moments_.least_weight = 1.0;
        moments_.weighing = data_.rows();
        return;
    }
    Data looked_at = data_;
    if (!columns) {
        looked_at.X = data_.y;
        looked_at.rows_read = nullptr;
    }
    moments_ = column_moments(objective_.kernels(), looked_at, {nullptr, 0, data_.rows()},
                              objective_.threads(), keep_going, ranges_);
    // a soft threshold may hide what a row that weighs nothing holds
    if (!columns && moments_.weighing < data_.rows()) look(true, keep_going);
}

template class ColumnLook<float>;
template class ColumnLook<double>;

}  // namespace fastgd

#include "row_stage.hpp"

namespace fastgd {

template <class T>
void RowStage<T>::append_view(const StridedView& view, const RowSelection& rows,
                              LargeVector<T>& out) const {
    if (view.data == nullptr) return;
    const auto needed = static_cast<std::size_t>((size_ + rows.count) * view.columns);
    if (out.size() < needed) out.resize(needed);
    kernels_.pack[static_cast<int>(view.type)](view, rows, out.data() + size_ * view.columns,
                                               view.columns);
}

template <class T>
void RowStage<T>::append_sparse(const MatrixView& X, const RowSelection& rows) {
    start_.resize(static_cast<std::size_t>(size_ + 1), 0);
    for (Index i = 0; i < rows.count; ++i) {
        const Index from = X.begin(rows.at(i));
        const Index count = X.stored(rows.at(i));
        const auto end = static_cast<std::size_t>(start_.back());
        X_.resize(end + static_cast<std::size_t>(count));
        column_.resize(X_.size());
        kernels_.pack[static_cast<int>(X.type)](X.values(), {nullptr, from, count}, X_.data() + end,
                                                1);
        X.copy_columns(from, count, column_.data() + end);
        start_.push_back(static_cast<std::int64_t>(X_.size()));
    }
}

template <class T>
void RowStage<T>::append_features(const MatrixView& X, const RowSelection& rows) {
    if (X.sparse()) return append_sparse(X, rows);
    if (X.table == nullptr) return append_view(X, rows, X_);
    const auto needed = static_cast<std::size_t>((size_ + rows.count) * X.columns);
    if (X_.size() < needed) X_.resize(needed);
    for (Index i = 0; i < rows.count; ++i)
        X.table->pack(kernels_, rows.at(i), 1, X_.data() + (size_ + i) * X.columns, X.columns);
}

template <class T>
void RowStage<T>::append(const Data& data, const RowSelection& rows, Index capacity) {
    if (size_ == 0) {
        shape_ = data;
        shape_.rows_read = nullptr;  // its rows are counted as they come in
        X_.reserve(static_cast<std::size_t>(capacity * data.X.numbers_a_row()));
    }
    data.count_read(rows.count);
    append_features(data.X, rows);
    append_view(data.y, rows, y_);
    append_view(data.weight, rows, weight_);
    append_view(data.offset, rows, offset_);
    size_ += rows.count;
}

template <class T>
StridedView RowStage<T>::view_of(const LargeVector<T>& values, Index columns) const {
    const auto item = static_cast<Index>(sizeof(T));
    return {values.data(), element_type_of<T>, size_, columns, columns * item, item};
}

template <class T>
MatrixView RowStage<T>::sparse_view() const {
    MatrixView view = shape_.X;
    view.data = X_.data();
    view.type = element_type_of<T>;
    view.rows = size_;
    view.column_stride = static_cast<Index>(sizeof(T));
    view.column = column_.data();
    view.wide_column = false;
    view.place = nullptr;
    view.start = start_.data();
    view.wide_start = true;
    return view;
}

template <class T>
Data RowStage<T>::data() const {
    Data result = shape_;
    if (shape_.X.sparse())
        result.X = sparse_view();
    else
        result.X = view_of(X_, shape_.X.columns);
    result.y = view_of(y_, shape_.y.columns);
    if (shape_.weight.data != nullptr) result.weight = view_of(weight_, 1);
    if (shape_.offset.data != nullptr) result.offset = view_of(offset_, shape_.offset.columns);
    return result;
}

template class RowStage<float>;
template class RowStage<double>;

}  // namespace fastgd

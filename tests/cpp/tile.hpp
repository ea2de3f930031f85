// A tile of random rows, each in memory of its own.
#pragma once

#include "numbers.hpp"

namespace fastgd::testing {

template <class T>
class RandomTile {
  public:
    RandomTile(Numbers& numbers, Index rows, Index columns, bool shifted, bool prefetch)
        : columns_(columns), shift_(numbers.uniforms<T>(columns, -1, 1)), shifted_(shifted) {
        for (Index i = 0; i < rows; ++i) rows_.emplace_back(numbers.uniforms<T>(columns, -1, 1));
        for (const Exact<T>& row : rows_) row_.push_back(row.data());
        // what is fetched ahead may lie anywhere, but must be memory
        if (prefetch) next_.assign(row_.rbegin(), row_.rend());
    }
    RandomTile(const RandomTile&) = delete;
    RandomTile& operator=(const RandomTile&) = delete;

    RowTile<T> view() const {
        return {row_.data(),
                next_.empty() ? nullptr : next_.data(),
                static_cast<Index>(rows_.size()),
                columns_,
                shifted_ ? shift_.data() : nullptr,
                backward_follows_,
                backward_follows_};
    }
    void let_backward_follow() { backward_follows_ = true; }
    Index rows() const { return static_cast<Index>(rows_.size()); }
    Index columns() const { return columns_; }

    // x - shift, as the kernel sees it: the difference is rounded to T.
    long double centred(Index i, Index j) const {
        const T x = rows_[static_cast<std::size_t>(i)][j];
        return shifted_ ? static_cast<long double>(x) - static_cast<long double>(shift_[j])
                        : static_cast<long double>(x);
    }
    long double raw(Index i, Index j) const {
        return static_cast<long double>(rows_[static_cast<std::size_t>(i)][j]);
    }

  private:
    Index columns_;
    std::vector<Exact<T>> rows_;
    std::vector<const T*> row_;
    std::vector<const T*> next_;
    Exact<T> shift_;
    bool shifted_;
    bool backward_follows_ = false;
};

}  // namespace fastgd::testing

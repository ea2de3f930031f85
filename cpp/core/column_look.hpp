// What a fit knows of its columns: looked at once, and only where it is needed.
#pragma once

#include "moments.hpp"
#include "objective.hpp"

namespace fastgd {

template <class T>
class ColumnLook {
  public:
    // The first two must outlive this.
    ColumnLook(const Objective<T>& objective, const Data& data, Ranges ranges)
        : objective_(objective), data_(data), ranges_(ranges) {}

    // The weights and, where `columns` says so or a row weighs nothing, the columns: moments and
    // what is not finite. Once `keep_going` says no, nothing is known.
    void look(bool columns, FunctionRef<bool()> keep_going);

    // As another look at the same columns and weights found them.
    void know(const ColumnLook& other) {
        moments_ = other.moments_;
        knows_columns_ = other.knows_columns_;
    }

    bool knows_columns() const { return knows_columns_; }
    // Nothing but the weights as long as the columns are not known.
    const ColumnMoments& moments() const { return moments_; }

  private:
    const Objective<T>& objective_;
    const Data& data_;
    Ranges ranges_;
    ColumnMoments moments_;
    bool knows_columns_ = false;
};

}  // namespace fastgd

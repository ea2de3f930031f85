// Losses of classes told apart: a binary model for each output, over rows that all read together.
#pragma once

#include <span>

#include "buffer.hpp"
#include "data.hpp"
#include "large_vector.hpp"

namespace fastgd {

template <class T>
class ClassLosses {
  public:
    // For tiles of at most `rows` rows; holds nothing where `data` tells no classes apart.
    ClassLosses(const Data& data, Index rows);

    // `derivative` (rows x classes) receives weight * dl/dz; each class's losses are added to its
    // own sum. `tile` holds the predictors of all classes, but one label and weight a row.
    void differentiate(const LossKernels<T>& loss, const PointwiseTile<T>& tile, T* derivative,
                       LargeVector<double>& sums);

  private:
    std::span<const ClassTarget> classes_;
    // of one class
    Buffer<T> z_;
    Buffer<T> y_;
    Buffer<T> derivative_;
};

}  // namespace fastgd

#include "class_losses.hpp"

namespace fastgd {

template <class T>
ClassLosses<T>::ClassLosses(const Data& data, Index rows)
    : classes_(data.classes),
      z_(classes_.empty() ? 0 : rows),
      y_(classes_.empty() ? 0 : rows),
      derivative_(classes_.empty() ? 0 : rows) {}

template <class T>
void ClassLosses<T>::differentiate(const LossKernels<T>& loss, const PointwiseTile<T>& tile,
                                   T* derivative, LargeVector<double>& sums) {
    const auto count = static_cast<Index>(classes_.size());
    for (Index k = 0; k < count; ++k) {
        const ClassTarget& target = classes_[static_cast<std::size_t>(k)];
        const auto label = static_cast<T>(target.label);
        for (Index i = 0; i < tile.rows; ++i) {
            z_[i] = tile.z[i * count + k];
            y_[i] = tile.y[i] == label ? T(1) : T(-1);
        }
        sums[static_cast<std::size_t>(k)] +=
            loss.derivative({tile.rows, 1, z_.data(), y_.data(), tile.weight, nullptr, target.loss},
                            derivative_.data());
        for (Index i = 0; i < tile.rows; ++i) derivative[i * count + k] = derivative_[i];
    }
}

template class ClassLosses<float>;
template class ClassLosses<double>;

}  // namespace fastgd

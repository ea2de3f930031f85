// Random numbers that are the same on every machine, and memory that shows who reads past its end.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include "core/large_vector.hpp"
#include "kernels/table.hpp"

namespace fastgd::testing {

// The engine's output is fixed by the standard; the standard's distributions are not.
class Numbers {
  public:
    explicit Numbers(std::uint64_t seed) : engine_(seed) {}

    // Below `count`.
    Index below(Index count) {
        return static_cast<Index>(engine_() % static_cast<std::uint64_t>(count));
    }
    double uniform(double low, double high) {
        return low + (high - low) * static_cast<double>(engine_() >> 11) * 0x1p-53;
    }
    double normal() {  // Box and Muller 1958
        constexpr double two_pi = 6.28318530717958647692;
        return std::sqrt(-2.0 * std::log(uniform(0x1p-60, 1.0))) * std::cos(two_pi * uniform(0, 1));
    }

    template <class T>
    LargeVector<T> uniforms(Index count, double low, double high) {
        LargeVector<T> result(static_cast<std::size_t>(count));
        for (T& x : result) x = static_cast<T>(uniform(low, high));
        return result;
    }
    template <class T>
    LargeVector<T> normals(Index count) {
        LargeVector<T> result(static_cast<std::size_t>(count));
        for (T& x : result) x = static_cast<T>(normal());
        return result;
    }

  private:
    std::mt19937_64 engine_;
};

// Numbers that end where their memory ends and begin one element after it does: a sanitizer sees
// any read past the end, and no vector load is aligned by chance.
template <class T>
class Exact {
  public:
    Exact() : Exact(std::vector<T>{}) {}
    template <class Allocator>
    explicit Exact(const std::vector<T, Allocator>& values)
        : memory_(1, std::numeric_limits<T>::quiet_NaN()) {
        memory_.insert(memory_.end(), values.begin(), values.end());
        memory_.shrink_to_fit();
    }

    T* data() { return memory_.data() + 1; }
    const T* data() const { return memory_.data() + 1; }
    Index size() const { return static_cast<Index>(memory_.size()) - 1; }
    T operator[](Index i) const { return data()[i]; }

  private:
    std::vector<T> memory_;
};

// |computed - expected| within `units` roundings of a sum whose terms add up to `size` in modulus.
template <class T>
bool close(T computed, long double expected, long double size, double units) {
    const long double allowed = static_cast<long double>(std::numeric_limits<T>::epsilon()) *
                                static_cast<long double>(units) * size;
    return std::abs(static_cast<long double>(computed) - expected) <= allowed;
}

}  // namespace fastgd::testing

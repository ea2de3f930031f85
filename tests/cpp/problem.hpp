// A small regression or classification problem that owns its arrays, and its objective by the book.
#pragma once

#include "core/data.hpp"
#include "core/large_vector.hpp"
#include "loss_oracle.hpp"
#include "numbers.hpp"

namespace fastgd::testing {

// Work that nobody interrupts.
inline constexpr auto keep_going = [] { return true; };

// A dense array in C order as the core views it.
template <class T>
StridedView view_of(const LargeVector<T>& values, Index rows, Index columns) {
    const auto item = static_cast<Index>(sizeof(T));
    return {values.data(), element_type_of<T>, rows, columns, columns * item, item};
}

template <class T>
struct Problem {
    Index rows;
    Index columns;
    Index outputs;
    LargeVector<T> X;
    LargeVector<T> y;
    LargeVector<T> weight;  // empty: none
    LargeVector<T> offset;  // empty: none
    bool binary = false;  // y holds -1 and +1

    Data data() const {
        Data result;
        result.X = view_of(X, rows, columns);
        result.y = view_of(y, rows, outputs);
        if (!weight.empty()) result.weight = view_of(weight, rows, 1);
        if (!offset.empty()) result.offset = view_of(offset, rows, outputs);
        result.binary = binary;
        return result;
    }
    RowSelection all() const { return {nullptr, 0, rows}; }
};

struct ProblemKind {
    bool binary = false;
    bool weighted = false;
    bool with_offset = false;
    bool positive = false;
};

// Targets as a loss of the kernels needs them.
template <class T>
ProblemKind kind_for(const LossKernels<T>& loss) {
    return {.binary = loss.targets == Targets::binary, .positive = loss.targets == Targets::mean};
}

// Normal columns, targets from known coefficients plus noise.
template <class T>
Problem<T> make_problem(Numbers& numbers, Index rows, Index columns, Index outputs,
                        ProblemKind kind = {}) {
    Problem<T> problem{rows, columns, outputs, numbers.normals<T>(rows * columns),
                       {},   {},      {},      kind.binary};
    const LargeVector<double> coef = numbers.normals<double>(outputs * columns);
    if (kind.weighted) problem.weight = numbers.uniforms<T>(rows, 0.1, 2);
    if (kind.with_offset) problem.offset = numbers.uniforms<T>(rows * outputs, -1, 1);
    const double scale = 1.0 / std::sqrt(static_cast<double>(columns));
    for (Index i = 0; i < rows; ++i)
        for (Index k = 0; k < outputs; ++k) {
            double z = 0.5 + 0.3 * numbers.normal();
            for (Index j = 0; j < columns; ++j)
                z += scale * coef[static_cast<std::size_t>(k * columns + j)] *
                     static_cast<double>(problem.X[static_cast<std::size_t>(i * columns + j)]);
            if (kind.binary) z = z > 0.5 ? 1.0 : -1.0;
            if (kind.positive) z = std::abs(z) + 0.125;
            problem.y.push_back(static_cast<T>(z));
        }
    return problem;
}

// Sums over rows in long double.
struct ExactSums {
    long double loss = 0;
    long double weight = 0;
    std::vector<long double> coef;
    std::vector<long double> intercept;
};

// `coef` and `intercept` belong to columns reduced by `shift` (empty: raw columns).
template <class T>
ExactSums exact_sums(const Problem<T>& problem, const RowSelection& rows, const LossOracle& loss,
                     LossParameters parameters, const LargeVector<T>& coef,
                     const LargeVector<T>& intercept, const LargeVector<T>& shift = {}) {
    const Index columns = problem.columns;
    ExactSums sums;
    sums.coef.resize(coef.size());
    sums.intercept.resize(intercept.size());
    std::vector<long double> x(static_cast<std::size_t>(columns));
    for (Index r = 0; r < rows.count; ++r) {
        const auto i = static_cast<std::size_t>(rows.at(r));
        const long double weight = problem.weight.empty() ? T(1) : problem.weight[i];
        sums.weight += weight;
        for (std::size_t j = 0; j < x.size(); ++j)
            x[j] = problem.X[i * x.size() + j] -
                   (shift.empty() ? 0.0L : static_cast<long double>(shift[j]));
        for (std::size_t k = 0; k < intercept.size(); ++k) {
            const std::size_t at = i * intercept.size() + k;
            long double z = intercept[k];
            for (std::size_t j = 0; j < x.size(); ++j) z += x[j] * coef[k * x.size() + j];
            if (!problem.offset.empty()) z += problem.offset[at];
            sums.loss += weight * loss.value(z, problem.y[at], parameters);
            const long double slope = weight * loss.derivative(z, problem.y[at], parameters);
            sums.intercept[k] += slope;
            for (std::size_t j = 0; j < x.size(); ++j) sums.coef[k * x.size() + j] += slope * x[j];
        }
    }
    return sums;
}

}  // namespace fastgd::testing

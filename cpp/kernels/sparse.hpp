// Stages on sparse rows: their work grows with the numbers stored, and their sums are in double.
#pragma once

#include "vector.hpp"

namespace fastgd::FASTGD_ISA {
namespace {

// Sums that do not wait for each other; their order is that of the numbers stored alone.
constexpr int sparse_chains = 4;

template <class T>
[[gnu::always_inline]] inline double sparse_dot(const T* x, const std::int32_t* column,
                                                Index stored, const T* coef) {
    double sum[sparse_chains] = {};
    const auto product = [&](Index s) {
        return static_cast<double>(x[s]) * static_cast<double>(coef[column[s]]);
    };
    Index s = 0;
    for (; s + sparse_chains <= stored; s += sparse_chains)
        for (int c = 0; c < sparse_chains; ++c) sum[c] += product(s + c);
    // apart: which of the chains it would be is known too late for a register
    double rest = 0;
    for (; s < stored; ++s) rest += product(s);
    return ((sum[0] + sum[2]) + (sum[1] + sum[3])) + rest;
}

// shift . coef, for each tile anew: for few columns.
template <class T>
inline double shift_dot(const RowTile<T>& tile, const T* coef) {
    double sum = 0;
    for (Index c = 0; c < tile.centred_columns; ++c) {
        const std::int32_t j = tile.centred[c];
        sum += static_cast<double>(tile.shift[j]) * static_cast<double>(coef[j]);
    }
    return sum;
}

template <class T>
inline void forward_sparse(const RowTile<T>& tile, const T* coef, Index outputs, const T* intercept,
                           T* z) {
    for (Index k = 0; k < outputs; ++k) {
        const T* c = coef + k * tile.columns;
        const double known = tile.shifted_by != nullptr ? tile.shifted_by[k] : 0;
        const double base = static_cast<double>(intercept[k]) - known - shift_dot(tile, c);
        for (Index i = 0; i < tile.rows; ++i) {
            if (k == 0) tile.fetch_upcoming(i);
            z[i * outputs + k] =
                static_cast<T>(base + sparse_dot(tile.row[i], tile.column[i], tile.stored[i], c));
        }
    }
}

template <class T, class Sum>
inline void backward_sparse(const RowTile<T>& tile, const T* derivative, Index outputs,
                            Sum* gradient) {
    for (Index k = 0; k < outputs; ++k) {
        Sum* g = gradient + k * tile.columns;
        double all = 0;
        for (Index i = 0; i < tile.rows; ++i) {
            const Sum weight = static_cast<Sum>(derivative[i * outputs + k]);
            const T* x = tile.row[i];
            const std::int32_t* column = tile.column[i];
            all += static_cast<double>(weight);
            for (Index s = 0; s < tile.stored[i]; ++s)
                g[column[s]] += weight * static_cast<Sum>(x[s]);
        }
        for (Index c = 0; c < tile.centred_columns; ++c) {
            const std::int32_t j = tile.centred[c];
            g[j] -= static_cast<Sum>(all * static_cast<double>(tile.shift[j]));
        }
    }
}

// Gradient sums of sparse rows are kept in double: sums in T would be added to them column by
// column, however few of these the rows touch.
template <class T>
void add_sparse(const RowTile<T>& tile, const T* derivative, Index outputs,
                double* gradient) noexcept {
    backward_sparse(tile, derivative, outputs, gradient);
}

template <class T>
inline void largest_squares_sparse(const RowTile<T>& tile, const T* unit, T* out) {
    // the zero furthest from its column's shift is mostly one that a row does not store
    T furthest = 0;
    std::int32_t column_of_it = -1;
    for (Index c = 0; c < tile.centred_columns; ++c) {
        const std::int32_t j = tile.centred[c];
        const T distance = tile.shift[j] * unit[j];
        if (distance * distance <= furthest) continue;
        furthest = distance * distance;
        column_of_it = j;
    }
    for (Index i = 0; i < tile.rows; ++i) {
        tile.fetch_upcoming(i);
        T most = 0;
        bool stores_it = false;
        const auto see = [&](T x, std::int32_t j) {
            const T distance = (x - tile.shift[j]) * unit[j];
            most = distance * distance > most ? distance * distance : most;
            stores_it = stores_it || j == column_of_it;
        };
        const std::int32_t* column = tile.column[i];
        for (Index s = 0; s < tile.stored[i]; ++s) see(tile.row[i][s], column[s]);
        if (!stores_it || most >= furthest) {
            out[i] = most > furthest ? most : furthest;
            continue;
        }
        Index s = 0;
        // both ascend
        for (Index c = 0; c < tile.centred_columns; ++c) {
            const std::int32_t j = tile.centred[c];
            while (s < tile.stored[i] && column[s] < j) ++s;
            if (s == tile.stored[i] || column[s] != j) see(T(0), j);
        }
        out[i] = most;
    }
}

template <class T>
inline void pack_panels_sparse(const RowTile<T>& tile, const PanelScale& scale, Index capacity,
                               double* out) {
    const Index columns = tile.columns;
    for (Index i = 0; i < tile.rows; ++i) {
        tile.fetch_upcoming(i);
        const double root = scale.row[i];
        const auto place = [&](Index j) -> double& {
            return out[(j / panel_columns * capacity + i) * panel_columns + j % panel_columns];
        };
        Index j = 0;
        for (; j < columns; ++j) place(j) = -scale.shift[j] * (scale.column[j] * root);
        place(j) = scale.intercept * root;
        for (++j; j % panel_columns != 0; ++j) place(j) = 0.0;
        for (Index s = 0; s < tile.stored[i]; ++s) {
            const std::int32_t at = tile.column[i][s];
            place(at) =
                (static_cast<double>(tile.row[i][s]) - scale.shift[at]) * (scale.column[at] * root);
        }
    }
}

}  // namespace
}  // namespace fastgd::FASTGD_ISA

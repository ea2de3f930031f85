// Second moments of rows: rows packed into panels of columns, and products of two panels.
#pragma once

#include "fetch.hpp"
#include "sparse.hpp"

namespace fastgd::FASTGD_ISA {
namespace {

// In double whatever T is: a Gram matrix squares the condition number of the columns.
template <class T>
void pack_panels(const RowTile<T>& tile, const PanelScale& scale, Index capacity,
                 double* out) noexcept {
    if (tile.sparse()) return pack_panels_sparse(tile, scale, capacity, out);
    const Index columns = tile.columns;
    const Index whole = columns / panel_columns * panel_columns;
    for (Index i = 0; i < tile.rows; ++i) {
        const T* row = tile.row[i];
        const double root = scale.row[i];
        const auto value = [&](Index j) {
            return (static_cast<double>(row[j]) - scale.shift[j]) * (scale.column[j] * root);
        };
        double* to = out + i * panel_columns;
        for (Index first = 0; first < whole;
             first += panel_columns, to += capacity * panel_columns) {
            if (tile.next != nullptr)
                fetch_ahead<panel_columns, 1>(tile.next + i, first, tile.ask_again);
            for (Index j = 0; j < panel_columns; ++j) to[j] = value(first + j);
        }
        Index j = 0;
        for (; whole + j < columns; ++j) to[j] = value(whole + j);
        to[j] = scale.intercept * root;
        for (++j; j < panel_columns; ++j) to[j] = 0.0;
    }
}

// out[i, j] += sum_r a[r, i] b[r, j]; what is summed stays in registers.
inline void add_products(const double* a, const double* b, Index rows, double* out,
                         Index stride) noexcept {
    constexpr int L = lanes<double>;
    constexpr int height = L == 8 ? 8 : 4;
    for (Index i = 0; i < panel_columns; i += height) {
        for (Index j = 0; j < panel_columns; j += 2 * L) {
            Vector<double, L> sum[height][2] = {};
            for (Index r = 0; r < rows; ++r) {
                const auto low = load<L>(b + r * panel_columns + j);
                const auto high = load<L>(b + r * panel_columns + j + L);
                for (int h = 0; h < height; ++h) {
                    const double x = a[r * panel_columns + i + h];
                    sum[h][0] += low * x;
                    sum[h][1] += high * x;
                }
            }
            for (int h = 0; h < height; ++h) {
                double* to = out + (i + h) * stride + j;
                store<L, double>(to, load<L>(to) + sum[h][0]);
                store<L, double>(to + L, load<L>(to + L) + sum[h][1]);
            }
        }
    }
}

}  // namespace
}  // namespace fastgd::FASTGD_ISA

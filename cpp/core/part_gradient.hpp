// The gradient of a few rows of a mini-batch, tile by tile.
#pragma once

#include <algorithm>

#include "objective.hpp"
#include "tile_gradient.hpp"
#include "tile_reader.hpp"

namespace fastgd {

// Adds the gradient of one part of a batch, less that at the anchor, to `sum`, coef's and then the
// intercepts'; `ahead` are rows to fetch meanwhile. Each tile is shown to `prepare` first.
template <class T, class Prepare>
void sum_part(const Objective<T>& objective, TileReader<T>& reader, const Data& data,
              const RowSelection& part, const RowSelection& ahead, const LinearModel<T>& model,
              const Anchor<T>& anchor, double weight_scale, T* sum, const Prepare& prepare) {
    const Index outputs = data.outputs();
    const Index coef_size = outputs * data.columns();
    const Index tile_rows = objective.blocks(data.X, outputs).tile_rows;
    for (Index begin = 0; begin < part.count; begin += tile_rows) {
        const Index size = std::min(tile_rows, part.count - begin);
        const RowSelection rows = part.part(begin, size);
        const RowSelection next =
            begin + size <= ahead.count ? ahead.part(begin, size) : RowSelection{};
        RowTile<T> tile = reader.rows(data, rows, next, model.shift);
        tile.backward_follows = true;
        prepare(tile);
        const PointwiseTile<T> targets =
            reader.targets(data, rows, objective.loss_parameters(), weight_scale);
        objective.kernels().forward(tile, model.coef, outputs, model.intercept, reader.z());
        T* derivative = reader.derivative();
        objective.loss().derivative(targets, derivative);
        if (anchor.coef != nullptr) {
            const RowTile<T> again = tile.again();
            objective.kernels().forward(again, anchor.coef, outputs, anchor.intercept, reader.z());
            objective.loss().derivative(targets, reader.anchor_derivative());
            for (Index i = 0; i < size * outputs; ++i)
                derivative[i] -= reader.anchor_derivative()[i];
        }
        objective.kernels().backward(tile, derivative, outputs, sum);
        add_derivatives(derivative, size, outputs, sum + coef_size);
    }
}

}  // namespace fastgd

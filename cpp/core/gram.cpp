#include "gram.hpp"

#include <cmath>
#include <memory>

#include "parallel.hpp"
#include "tile_reader.hpp"

namespace fastgd {

namespace {

// Rows of a product of panels: two panels of them share the first cache level.
constexpr Index tile_rows = 96;

// Packed rows of one chunk: they stay in the second cache level.
constexpr double chunk_bytes = 1024.0 * 1024.0;

template <class T>
struct Member {
    TileReader<T> reader;
    Buffer<double> root;

    Member(const KernelTable<T>& kernels, const Data& data)
        : reader(kernels, data, tile_rows), root(tile_rows) {}
};

// Square roots of factor, sample weight and working weight; returns the sum of sample weights.
template <class T>
double root_weights(const Objective<T>& objective, const Data& data, const RowSelection& rows,
                    double factor, const RowTile<T>& tile, const LinearModel<T>* model,
                    Member<T>& member) {
    const Index outputs = data.outputs();
    std::fill_n(member.root.data(), rows.count, factor * objective.loss().curvature);
    if (model != nullptr && !objective.loss().quadratic) {
        RowTile<T> again = tile;
        again.next = nullptr;
        objective.kernels().forward(again, model->coef, outputs, model->intercept,
                                    member.reader.z());
        T* working = member.reader.derivative();
        objective.loss().working_weight(
            member.reader.targets(data, rows, objective.loss_spec().parameter), working);
        for (Index i = 0; i < rows.count; ++i) {
            double sum = 0.0;
            for (Index k = 0; k < outputs; ++k)
                sum += static_cast<double>(working[i * outputs + k]);
            member.root[i] = factor * sum / static_cast<double>(outputs);
        }
    }
    const T* weight = member.reader.row_weights(data, rows);
    double total = static_cast<double>(rows.count);
    if (weight != nullptr) {
        total = 0.0;
        for (Index i = 0; i < rows.count; ++i) {
            total += static_cast<double>(weight[i]);
            // the working weight of a row that weighs nothing may be NaN
            member.root[i] = weight[i] > 0 ? member.root[i] * static_cast<double>(weight[i]) : 0.0;
        }
    }
    for (Index i = 0; i < rows.count; ++i) member.root[i] = std::sqrt(member.root[i]);
    return total;
}

}  // namespace

template <class T>
void add_gram(const Objective<T>& objective, const Data& data, const RowSelection& rows,
              double factor, const LinearModel<T>* model, std::span<const double> scale,
              std::span<const double> shift, bool intercept, FunctionRef<bool()> keep_going,
              Gram& gram) {
    data.count_read(rows.count);
    const KernelTable<T>& kernels = objective.kernels();
    SymmetricMatrix& matrix = gram.matrix;
    const Index panels = matrix.panels();
    const double row_bytes = static_cast<double>(matrix.stride()) * sizeof(double);
    const Index tiles = std::max(static_cast<Index>(chunk_bytes / row_bytes) / tile_rows, Index{1});
    const Index chunk_rows = tiles * tile_rows;
    const int threads =
        threads_for_work(objective.threads(), static_cast<double>(rows.count) * row_bytes);
    std::vector<std::unique_ptr<Member<T>>> members;
    for (int m = 0; m < threads; ++m) members.push_back(std::make_unique<Member<T>>(kernels, data));
    Buffer<double> packed(chunk_rows * matrix.stride());
    std::vector<double> weight(static_cast<std::size_t>(tiles));
    const std::vector<T> shift_T(shift.begin(), shift.end());

    for (Index begin = 0; begin < rows.count && keep_going(); begin += chunk_rows) {
        const Index count = std::min(chunk_rows, rows.count - begin);
        const Index used = (count + tile_rows - 1) / tile_rows;
        const auto of_tile = [&](Index tile) {
            return rows.part(begin + tile * tile_rows,
                             std::min(tile_rows, count - tile * tile_rows));
        };
        Barrier packing;
        run_team(threads, [&](int member, int team) {
            Member<T>& mine = *members[static_cast<std::size_t>(member)];
            for (Index t = member; t < used; t += team) {
                const RowSelection selection = of_tile(t);
                const RowSelection next = t + team < used ? of_tile(t + team) : RowSelection{};
                const RowTile<T> tile = mine.reader.rows(data, selection, next, shift_T.data());
                weight[static_cast<std::size_t>(t)] =
                    root_weights(objective, data, selection, factor, tile, model, mine);
                kernels.pack_panels(
                    tile, {shift.data(), scale.data(), mine.root.data(), intercept ? 1.0 : 0.0},
                    tile_rows, packed.data() + t * tile_rows * matrix.stride());
            }
            if (team > 1) packing.wait(team);
            // each product belongs to one member and adds up tile after tile: its bits do not
            // depend on the team
            constexpr Index panel_size = tile_rows * panel_columns;
            for (Index t = 0; t < used; ++t) {
                const double* tile = packed.data() + t * tile_rows * matrix.stride();
                Index product = 0;
                for (Index p = 0; p < panels; ++p)
                    for (Index q = p; q < panels; ++q)
                        if (product++ % team == member)
                            kernels.add_products(
                                tile + p * panel_size, tile + q * panel_size, of_tile(t).count,
                                matrix.row(p * panel_columns) + q * panel_columns, matrix.stride());
            }
        });
        for (Index t = 0; t < used; ++t)
            gram.weight += factor * weight[static_cast<std::size_t>(t)];
    }
}

template void add_gram(const Objective<float>&, const Data&, const RowSelection&, double,
                       const LinearModel<float>*, std::span<const double>, std::span<const double>,
                       bool, FunctionRef<bool()>, Gram&);
template void add_gram(const Objective<double>&, const Data&, const RowSelection&, double,
                       const LinearModel<double>*, std::span<const double>, std::span<const double>,
                       bool, FunctionRef<bool()>, Gram&);

}  // namespace fastgd

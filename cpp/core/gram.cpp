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

// A matrix up to this size is summed by each member on its own, for so many tiles at a time.
constexpr double private_bytes = 1024.0 * 1024.0;
constexpr Index tiles_a_block = 16;

// Rows worked on between two looks at `keep_going`.
constexpr double segment_bytes = 16.0 * 1024.0 * 1024.0;

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
    std::fill_n(member.root.data(), rows.count, factor * objective.curvature());
    if (model != nullptr && !objective.loss().quadratic) {
        const RowTile<T> again = tile.again();
        objective.kernels().forward(again, model->coef, outputs, model->intercept,
                                    member.reader.z());
        T* working = member.reader.derivative();
        objective.loss().working_weight(
            member.reader.targets(data, rows, objective.loss_parameters()), working);
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

// What a sum of one tile after the other needs to know.
template <class T>
struct Summand {
    const Objective<T>& objective;
    const Data& data;
    double factor;
    const LinearModel<T>* model;
    GramColumns columns;
    const T* shift_T;

    // Packs rows into panels; returns the sum of their sample weights.
    double pack(const RowSelection& rows, const RowSelection& next, Member<T>& member,
                double* packed) const {
        const RowTile<T> tile = member.reader.rows(data, rows, next, shift_T);
        const double weight = root_weights(objective, data, rows, factor, tile, model, member);
        objective.kernels().pack_panels(tile,
                                        {columns.shift.data(), columns.scale.data(),
                                         member.root.data(), columns.intercept ? 1.0 : 0.0},
                                        tile_rows, packed);
        if (columns.residuals != nullptr) columns.residuals->replace(packed, rows.count, tile_rows);
        return weight;
    }

    // matrix += the products of a packed tile's panels; product(k) says whether to take the k-th.
    template <class Chosen>
    void add_products(const double* packed, Index count, const Chosen& chosen,
                      SymmetricMatrix& matrix) const {
        constexpr Index panel_size = tile_rows * panel_columns;
        Index product = 0;
        for (Index p = 0; p < matrix.panels(); ++p)
            for (Index q = p; q < matrix.panels(); ++q)
                if (chosen(product++))
                    objective.kernels().add_products(
                        packed + p * panel_size, packed + q * panel_size, count,
                        matrix.row(p * panel_columns) + q * panel_columns, matrix.stride());
    }
};

// Each member sums blocks of rows on its own; they are added in order. A meeting a segment: on a
// busy machine each meeting may cost a time slice.
template <class T>
void add_small(const Summand<T>& summand, const RowSelection& rows, int threads,
               FunctionRef<bool()> keep_going, Gram& gram) {
    constexpr Index block_rows = tile_rows * tiles_a_block;
    const Index size = gram.matrix.size();
    const int slots = threads == 1 ? 1 : OrderedBlocks::slots_for(threads);
    std::vector<Gram> partial;
    for (int s = 0; s < slots; ++s) partial.emplace_back(size - 1);
    std::vector<std::unique_ptr<Member<T>>> members;
    std::vector<Buffer<double>> packed;
    for (int m = 0; m < threads; ++m) {
        members.push_back(std::make_unique<Member<T>>(summand.objective.kernels(), summand.data));
        packed.emplace_back(tile_rows * gram.matrix.stride());
    }
    const auto sum_block = [&](const RowSelection& block, int member, Gram& sum) {
        Member<T>& mine = *members[static_cast<std::size_t>(member)];
        double* panels = packed[static_cast<std::size_t>(member)].data();
        sum.matrix.clear();
        sum.weight = 0.0;
        for (Index begin = 0; begin < block.count; begin += tile_rows) {
            const Index count = std::min(tile_rows, block.count - begin);
            const Index after = std::min(tile_rows, block.count - begin - count);
            sum.weight += summand.pack(block.part(begin, count), block.part(begin + count, after),
                                       mine, panels);
            summand.add_products(panels, count, [](Index) { return true; }, sum.matrix);
        }
    };
    const double row_bytes = static_cast<double>(size) * sizeof(T);
    const Index segment_rows =
        std::max(static_cast<Index>(segment_bytes / row_bytes) / block_rows, Index{1}) * block_rows;
    for (Index begin = 0; begin < rows.count && keep_going(); begin += segment_rows) {
        const RowSelection segment = rows.part(begin, std::min(segment_rows, rows.count - begin));
        OrderedBlocks order((segment.count + block_rows - 1) / block_rows, slots);
        run_team(threads, [&](int member, int) {
            order.work(
                [&](Index block, int slot) {
                    const Index first = block * block_rows;
                    sum_block(segment.part(first, std::min(block_rows, segment.count - first)),
                              member, partial[static_cast<std::size_t>(slot)]);
                },
                [&](int slot) {
                    const Gram& sum = partial[static_cast<std::size_t>(slot)];
                    for (Index i = 0; i < size; ++i)
                        for (Index j = i; j < size; ++j)
                            gram.matrix.row(i)[j] += sum.matrix.row(i)[j];
                    gram.weight += summand.factor * sum.weight;
                });
        });
    }
}

// All members pack a chunk, then each adds the products that are its own, tile after tile: a large
// matrix is there once, and its bits do not depend on the team.
template <class T>
void add_large(const Summand<T>& summand, const RowSelection& rows, int threads,
               FunctionRef<bool()> keep_going, Gram& gram) {
    SymmetricMatrix& matrix = gram.matrix;
    const double row_bytes = static_cast<double>(matrix.stride()) * sizeof(double);
    const Index tiles = std::max(static_cast<Index>(chunk_bytes / row_bytes) / tile_rows, Index{1});
    const Index chunk_rows = tiles * tile_rows;
    std::vector<std::unique_ptr<Member<T>>> members;
    for (int m = 0; m < threads; ++m)
        members.push_back(std::make_unique<Member<T>>(summand.objective.kernels(), summand.data));
    Buffer<double> packed(chunk_rows * matrix.stride());
    LargeVector<double> weight(static_cast<std::size_t>(tiles));

    for (Index begin = 0; begin < rows.count && keep_going(); begin += chunk_rows) {
        const Index count = std::min(chunk_rows, rows.count - begin);
        const Index used = (count + tile_rows - 1) / tile_rows;
        const auto of_tile = [&](Index tile) {
            return rows.part(begin + tile * tile_rows,
                             std::min(tile_rows, count - tile * tile_rows));
        };
        const auto packed_tile = [&](Index tile) {
            return packed.data() + tile * tile_rows * matrix.stride();
        };
        Barrier packing;
        run_team(threads, [&](int member, int team) {
            for (Index t = member; t < used; t += team)
                weight[static_cast<std::size_t>(t)] =
                    summand.pack(of_tile(t), t + team < used ? of_tile(t + team) : RowSelection{},
                                 *members[static_cast<std::size_t>(member)], packed_tile(t));
            if (team > 1) packing.wait(team);
            for (Index t = 0; t < used; ++t)
                summand.add_products(
                    packed_tile(t), of_tile(t).count,
                    [&](Index product) { return product % team == member; }, matrix);
        });
        for (Index t = 0; t < used; ++t)
            gram.weight += summand.factor * weight[static_cast<std::size_t>(t)];
    }
}

}  // namespace

template <class T>
void add_gram(const Objective<T>& objective, const Data& data, const RowSelection& rows,
              double factor, const LinearModel<T>* model, const GramColumns& columns,
              FunctionRef<bool()> keep_going, Gram& gram) {
    data.count_read(rows.count);
    const LargeVector<T> shift_T(columns.shift.begin(), columns.shift.end());
    const Summand<T> summand{objective, data, factor, model, columns, shift_T.data()};
    const double row_bytes = static_cast<double>(gram.matrix.stride()) * sizeof(double);
    const int threads =
        threads_for_work(objective.threads(), static_cast<double>(rows.count) * row_bytes);
    if (row_bytes * static_cast<double>(gram.matrix.stride()) <= private_bytes)
        add_small(summand, rows, threads, keep_going, gram);
    else
        add_large(summand, rows, threads, keep_going, gram);
}

template void add_gram(const Objective<float>&, const Data&, const RowSelection&, double,
                       const LinearModel<float>*, const GramColumns&, FunctionRef<bool()>, Gram&);
template void add_gram(const Objective<double>&, const Data&, const RowSelection&, double,
                       const LinearModel<double>*, const GramColumns&, FunctionRef<bool()>, Gram&);

}  // namespace fastgd

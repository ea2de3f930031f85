#include "moments.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "blocks.hpp"
#include "buffer.hpp"
#include "parallel.hpp"
#include "sparse_moments.hpp"
#include "tile_reader.hpp"

namespace fastgd {

namespace {

struct BlockMoments {
    double weight = 0.0;
    double least_weight = std::numeric_limits<double>::infinity();
    Index weighing = 0;
    LargeVector<double> mean;
    LargeVector<double> square;  // sum of w (x - mean)^2
    LargeVector<double> smallest;
    LargeVector<double> largest;
    std::optional<CellPosition> non_finite;

    explicit BlockMoments(std::size_t columns)
        : mean(columns), square(columns), smallest(columns), largest(columns) {
        clear();
    }

    void clear() {
        weight = 0.0;
        least_weight = std::numeric_limits<double>::infinity();
        weighing = 0;
        non_finite.reset();
        std::fill(mean.begin(), mean.end(), 0.0);
        std::fill(square.begin(), square.end(), 0.0);
        std::fill(smallest.begin(), smallest.end(), std::numeric_limits<double>::infinity());
        std::fill(largest.begin(), largest.end(), -std::numeric_limits<double>::infinity());
    }

    // One column of another set of rows (Chan, Golub, LeVeque 1983).
    void merge(std::size_t j, double other_weight, double other_mean, double other_square) {
        const double total = weight + other_weight;
        if (other_weight <= 0.0 || total <= 0.0) return;
        const double difference = other_mean - mean[j];
        square[j] += other_square + difference * difference * (weight * other_weight / total);
        mean[j] += difference * (other_weight / total);
    }

    void merge(const BlockMoments& other) {
        if (!non_finite) non_finite = other.non_finite;
        for (std::size_t j = 0; j < mean.size(); ++j) {
            merge(j, other.weight, other.mean[j], other.square[j]);
            smallest[j] = std::min(smallest[j], other.smallest[j]);
            largest[j] = std::max(largest[j], other.largest[j]);
        }
        weight += other.weight;
        least_weight = std::min(least_weight, other.least_weight);
        weighing += other.weighing;
    }
};

template <class T>
std::optional<CellPosition> find_in_rows(TileReader<T>& reader, Index tile_rows, const Data& data,
                                         const RowSelection& rows) {
    for (Index begin = 0; begin < rows.count; begin += tile_rows) {
        const RowSelection part = rows.part(begin, std::min(tile_rows, rows.count - begin));
        const RowTile<T> tile = reader.rows(data, part, RowSelection{}, nullptr);
        for (Index i = 0; i < tile.rows; ++i)
            for (Index j = 0; j < tile.numbers(i); ++j)
                if (!std::isfinite(tile.row[i][j]))
                    return CellPosition{part.at(i), tile.column_of(i, j)};
    }
    return std::nullopt;
}

// Sums of one group of rows in T, about the first of them that weighs something, then added in
// double.
template <class T>
struct GroupScratch {
    TileReader<T> reader;
    Buffer<T> origin, sum, square, smallest, largest;
    double weight = 0.0;

    GroupScratch(const KernelTable<T>& kernels, const Data& data, Index tile_rows)
        : reader(kernels, data, tile_rows),
          origin(data.columns()),
          sum(data.columns()),
          square(data.columns()),
          smallest(data.columns()),
          largest(data.columns()) {}

    void start(const T* row) {
        weight = 0.0;
        const std::ptrdiff_t columns = origin.size();
        std::copy_n(row, columns, origin.data());
        std::fill_n(smallest.data(), columns, std::numeric_limits<T>::infinity());
        std::fill_n(largest.data(), columns, -std::numeric_limits<T>::infinity());
        std::fill_n(sum.data(), columns, T(0));
        std::fill_n(square.data(), columns, T(0));
    }

    bool finite() const {
        return std::all_of(sum.data(), sum.data() + sum.size(),
                           [](T x) { return std::isfinite(x); });
    }

    void add_to(BlockMoments& block) const {
        for (std::ptrdiff_t c = 0; c < sum.size(); ++c) {
            const auto j = static_cast<std::size_t>(c);
            const double total = static_cast<double>(sum[c]);
            const double offset = weight > 0.0 ? total / weight : 0.0;
            const double about_mean = static_cast<double>(square[c]) - total * offset;
            block.merge(j, weight, static_cast<double>(origin[c]) + offset,
                        std::max(about_mean, 0.0));
            block.smallest[j] = std::min(block.smallest[j], static_cast<double>(smallest[c]));
            block.largest[j] = std::max(block.largest[j], static_cast<double>(largest[c]));
        }
        block.weight += weight;
    }
};

// The first row of a group that weighs something, or the first one: an origin close to the rows
// that count.
template <class T>
RowSelection origin_row(TileReader<T>& reader, Index tile_rows, const Data& data,
                        const RowSelection& group) {
    for (Index begin = 0; begin < group.count && data.weight.data != nullptr; begin += tile_rows) {
        const RowSelection part = group.part(begin, std::min(tile_rows, group.count - begin));
        const T* weight = reader.row_weights(data, part);
        for (Index i = 0; i < part.count; ++i)
            if (weight[i] > 0) return part.part(i, 1);
    }
    return group.part(0, 1);
}

template <class T>
void block_moments(const KernelTable<T>& kernels, const Blocks& blocks, const Data& data,
                   const RowSelection& rows, GroupScratch<T>& scratch, BlockMoments& block) {
    const MomentSums<T> sums{scratch.origin.data(), scratch.sum.data(), scratch.square.data(),
                             scratch.smallest.data(), scratch.largest.data()};
    for (Index begin = 0; begin < rows.count; begin += blocks.tile_rows) {
        const Index size = std::min(blocks.tile_rows, rows.count - begin);
        const Index after = std::min(blocks.tile_rows, rows.count - begin - size);
        const RowSelection selection = rows.part(begin, size);
        if (begin % blocks.flush_rows == 0) {
            const RowSelection group =
                rows.part(begin, std::min(blocks.flush_rows, rows.count - begin));
            const RowSelection origin = origin_row(scratch.reader, blocks.tile_rows, data, group);
            scratch.start(scratch.reader.rows(data, origin, RowSelection{}, nullptr).row[0]);
        }
        const RowTile<T> tile =
            scratch.reader.rows(data, selection, rows.part(begin + size, after), nullptr);
        const T* weight = scratch.reader.row_weights(data, selection);
        kernels.moments(tile, weight, sums);
        if (weight == nullptr) {
            scratch.weight += static_cast<double>(size);
            block.least_weight = 1.0;
            block.weighing += size;
        }
        for (Index i = 0; i < size && weight != nullptr; ++i) {
            const double w = static_cast<double>(weight[i]);
            scratch.weight += w;
            if (w == 0.0) continue;
            block.least_weight = std::min(block.least_weight, w);
            ++block.weighing;
        }
        if ((begin + size) % blocks.flush_rows == 0 || begin + size == rows.count) {
            if (!scratch.finite() && !block.non_finite)
                block.non_finite = find_in_rows(scratch.reader, blocks.tile_rows, data, rows);
            scratch.add_to(block);
        }
    }
}

}  // namespace

template <class T>
ColumnMoments column_moments(const KernelTable<T>& kernels, const Data& data,
                             const RowSelection& rows, int threads, FunctionRef<bool()> keep_going,
                             Ranges ranges) {
    data.count_read(rows.count);
    if (data.X.sparse())
        return sparse_column_moments(kernels, data, rows, threads, keep_going, ranges);
    const Blocks blocks = Blocks::of<T>(data.columns());
    const auto columns = static_cast<std::size_t>(data.columns());
    const Index segment = blocks.segment_rows(data.X.row_bytes<T>());
    const int team = threads_for_work(threads, data.bytes_of<T>(rows.count));
    const int slots = team == 1 ? 1 : OrderedBlocks::slots_for(team);
    std::vector<std::unique_ptr<GroupScratch<T>>> scratch;
    for (int member = 0; member < team; ++member)
        scratch.push_back(std::make_unique<GroupScratch<T>>(kernels, data, blocks.tile_rows));
    std::vector<BlockMoments> partial(static_cast<std::size_t>(slots), BlockMoments(columns));
    BlockMoments total(columns);

    work_on_blocks(
        rows, blocks.block_rows, segment, team, slots, keep_going,
        [&](const RowSelection& block, int member, int slot) {
            BlockMoments& sums = partial[static_cast<std::size_t>(slot)];
            sums.clear();
            block_moments(kernels, blocks, data, block, *scratch[static_cast<std::size_t>(member)],
                          sums);
        },
        [&](int slot) { total.merge(partial[static_cast<std::size_t>(slot)]); });

    ColumnMoments moments;
    moments.weight = total.weight;
    moments.least_weight = total.least_weight;
    moments.weighing = total.weighing;
    moments.mean = std::move(total.mean);
    moments.variance = std::move(total.square);
    for (double& v : moments.variance) v /= total.weight;
    moments.smallest = std::move(total.smallest);
    moments.largest = std::move(total.largest);
    moments.non_finite = total.non_finite;
    return moments;
}

template <class T>
std::optional<CellPosition> find_non_finite(const KernelTable<T>& kernels, const Data& data,
                                            const RowSelection& rows) {
    const Blocks blocks = Blocks::of<T>(data.X);
    TileReader<T> reader(kernels, data, blocks.tile_rows);
    return find_in_rows(reader, blocks.tile_rows, data, rows);
}

template ColumnMoments column_moments(const KernelTable<float>&, const Data&, const RowSelection&,
                                      int, FunctionRef<bool()>, Ranges);
template ColumnMoments column_moments(const KernelTable<double>&, const Data&, const RowSelection&,
                                      int, FunctionRef<bool()>, Ranges);
template std::optional<CellPosition> find_non_finite(const KernelTable<float>&, const Data&,
                                                     const RowSelection&);
template std::optional<CellPosition> find_non_finite(const KernelTable<double>&, const Data&,
                                                     const RowSelection&);

}  // namespace fastgd

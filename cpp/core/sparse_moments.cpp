#include "sparse_moments.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "blocks.hpp"
#include "large_vector.hpp"
#include "parallel.hpp"
#include "tile_reader.hpp"

namespace fastgd {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// What rows that weigh something store of one column: sums about the first number.
template <class T>
struct StoredSums {
    double count = 0.0;
    double sum = 0.0;     // of w (x - origin)
    double square = 0.0;  // of w (x - origin)^2
    T origin = 0;

    void add(T x, double w) {
        if (count == 0.0) origin = x;
        const double difference = static_cast<double>(x) - static_cast<double>(origin);
        count += 1.0;
        sum += w * difference;
        square += w * difference * difference;
    }
};

template <class T>
struct StoredRange {
    T smallest = std::numeric_limits<T>::infinity();
    T largest = -std::numeric_limits<T>::infinity();

    void add(T x) {
        smallest = std::min(smallest, x);
        largest = std::max(largest, x);
    }
};

// What is summed of each column.
struct Asked {
    bool weights;  // else each row weighs 1
    bool ranges;
};

template <class T>
struct StoredBlock {
    double weight = 0.0;
    double least_weight = infinity;
    Index weighing = 0;
    std::optional<CellPosition> non_finite;
    LargeVector<StoredSums<T>> columns;
    LargeVector<double> weights;  // of columns; empty where not asked for, as the next
    LargeVector<StoredRange<T>> ranges;

    // Room for what start() makes nothing of: by the thread that adds to it first.
    void make_room(std::size_t size, Asked asked) {
        columns.reserve(size);
        if (asked.weights) weights.reserve(size);
        if (asked.ranges) ranges.reserve(size);
    }
    void start(std::size_t size, Asked asked) {
        columns.resize(size);
        if (asked.weights) weights.resize(size);
        if (asked.ranges) ranges.resize(size);
    }
    void fetch(std::size_t j) const {
        __builtin_prefetch(&columns[j], 1);
        if (!ranges.empty()) __builtin_prefetch(&ranges[j], 1);
    }
    void add(std::size_t j, T x, double w) {
        columns[j].add(x, w);
        if (!weights.empty()) weights[j] += w;
        if (!ranges.empty()) ranges[j].add(x);
    }
    double weight_of(std::size_t j) const {
        return weights.empty() ? columns[j].count : weights[j];
    }
    void clear(std::size_t j) {
        columns[j] = {};
        if (!weights.empty()) weights[j] = 0.0;
        if (!ranges.empty()) ranges[j] = {};
    }
};

// The same of many blocks, about the mean.
struct StoredMoments {
    double count = 0.0;
    double weight = 0.0;
    double mean = 0.0;
    double square = 0.0;
    double smallest = infinity;
    double largest = -infinity;

    // Chan, Golub, LeVeque 1983.
    void merge(double other_weight, double other_mean, double other_square) {
        const double total = weight + other_weight;
        const double difference = other_mean - mean;
        square += other_square + difference * difference * (weight * other_weight / total);
        mean += difference * (other_weight / total);
        weight = total;
    }
    template <class T>
    void merge(const StoredBlock<T>& block, std::size_t j) {
        const StoredSums<T>& other = block.columns[j];
        const double other_weight = block.weight_of(j);
        const double offset = other.sum / other_weight;
        merge(other_weight, static_cast<double>(other.origin) + offset,
              std::max(other.square - other.sum * offset, 0.0));
        count += other.count;
        if (block.ranges.empty()) return;
        smallest = std::min(smallest, static_cast<double>(block.ranges[j].smallest));
        largest = std::max(largest, static_cast<double>(block.ranges[j].largest));
    }
    // The zeros that are not stored.
    void merge_zeros(double zeros, double zeros_weight) {
        if (zeros <= 0.0) return;
        merge(zeros_weight, 0.0, 0.0);
        smallest = std::min(smallest, 0.0);
        largest = std::max(largest, 0.0);
    }
};

struct Total {
    double weight = 0.0;
    double least_weight = infinity;
    Index weighing = 0;
    std::optional<CellPosition> non_finite;
    LargeVector<StoredMoments> columns;

    template <class T>
    void merge_rows(const StoredBlock<T>& block) {
        weight += block.weight;
        least_weight = std::min(least_weight, block.least_weight);
        weighing += block.weighing;
        if (!non_finite) non_finite = block.non_finite;
    }
    // Leaves the block's columns clear for the next.
    template <class T>
    void merge_columns(StoredBlock<T>& block) {
        for (std::size_t j = 0; j < columns.size(); ++j) {
            if (block.columns[j].count == 0.0) continue;
            columns[j].merge(block, j);
            block.clear(j);
        }
    }
};

// Rows whose columns are on their way: sums of many columns lie far from the processor.
constexpr Index rows_ahead = 2;

template <class T>
[[gnu::always_inline]] inline void fetch_sums(const RowTile<T>& tile, Index i,
                                              const StoredBlock<T>& block) {
    if (i >= tile.rows) return;
    for (Index s = 0; s < tile.stored[i]; ++s)
        block.fetch(static_cast<std::size_t>(tile.column[i][s]));
}

template <class T>
void sum_block(const Data& data, const RowSelection& rows, Index tile_rows, TileReader<T>& reader,
               StoredBlock<T>& block) {
    block.weight = 0.0;
    block.least_weight = infinity;
    block.weighing = 0;
    block.non_finite.reset();
    for (Index begin = 0; begin < rows.count; begin += tile_rows) {
        const RowSelection part = rows.part(begin, std::min(tile_rows, rows.count - begin));
        const RowTile<T> tile = reader.rows(data, part, RowSelection{}, nullptr);
        const T* weight = reader.row_weights(data, part);
        for (Index i = 0; i < tile.rows; ++i) {
            fetch_sums(tile, i + rows_ahead, block);
            const double w = weight != nullptr ? static_cast<double>(weight[i]) : 1.0;
            for (Index s = 0; s < tile.stored[i]; ++s) {
                const T x = tile.row[i][s];
                const std::int32_t column = tile.column[i][s];
                if (!std::isfinite(x) && !block.non_finite)
                    block.non_finite = CellPosition{part.at(i), column};
                if (w > 0.0) block.add(static_cast<std::size_t>(column), x, w);
            }
            if (w == 0.0) continue;
            block.weight += w;
            block.least_weight = std::min(block.least_weight, w);
            ++block.weighing;
        }
    }
}

// Column j's sums over all rows are column_of(j).
template <class ColumnOf>
ColumnMoments with_zeros(const Total& total, std::size_t columns, bool ranges, int threads,
                         const ColumnOf& column_of) {
    ColumnMoments moments;
    moments.weight = total.weight;
    moments.least_weight = total.least_weight;
    moments.weighing = total.weighing;
    moments.non_finite = total.non_finite;
    for (LargeVector<double>* numbers : {&moments.stored_share, &moments.mean, &moments.variance})
        numbers->resize(columns);
    for (LargeVector<double>* numbers : {&moments.smallest, &moments.largest})
        if (ranges) numbers->resize(columns);
    constexpr double bytes = 4.0 * sizeof(StoredSums<double>);  // read and written of a column
    over_columns(threads, columns, bytes, [&](std::size_t begin, std::size_t end) {
        for (std::size_t j = begin; j < end; ++j) {
            StoredMoments column = column_of(j);
            moments.stored_share[j] = column.weight / total.weight;
            // a difference of sums: what rounding leaves of it must not pass for zeros
            const double zeros = static_cast<double>(total.weighing) - column.count;
            column.merge_zeros(zeros, std::max(total.weight - column.weight,
                                               std::min(total.least_weight, total.weight)));
            moments.mean[j] = column.mean;
            moments.variance[j] = column.square / total.weight;
            if (!ranges) continue;
            moments.smallest[j] = column.smallest;
            moments.largest[j] = column.largest;
        }
    });
    return moments;
}

}  // namespace

template <class T>
ColumnMoments sparse_column_moments(const KernelTable<T>& kernels, const Data& data,
                                    const RowSelection& rows, int threads,
                                    FunctionRef<bool()> keep_going, Ranges ranges) {
    const Blocks blocks = Blocks::of<T>(data.X).evenly(rows.count);
    const auto columns = static_cast<std::size_t>(data.columns());
    const Index segment = blocks.segment_rows(data.X.row_bytes<T>());
    const Index most_blocks = (rows.count + blocks.block_rows - 1) / blocks.block_rows;
    const int team = static_cast<int>(std::min<Index>(
        threads_for_work(threads, data.bytes_of<T>(rows.count)), std::max<Index>(most_blocks, 1)));
    const int slots = static_cast<int>(std::min<Index>(
        team == 1 ? 1 : OrderedBlocks::slots_for(team), std::max<Index>(most_blocks, 1)));
    std::vector<std::unique_ptr<TileReader<T>>> readers;
    for (int member = 0; member < team; ++member)
        readers.push_back(std::make_unique<TileReader<T>>(kernels, data, blocks.tile_rows));
    std::vector<StoredBlock<T>> partial(static_cast<std::size_t>(slots));
    const Asked asked{data.weight.data != nullptr, ranges == Ranges::asked};
    for (StoredBlock<T>& sums : partial) sums.make_room(columns, asked);
    // the columns of few blocks are merged by all threads in the end
    const bool few = most_blocks <= slots && rows.count <= segment;
    Total total;
    if (!few) total.columns.resize(columns);

    work_on_blocks(
        rows, blocks.block_rows, segment, team, slots, keep_going,
        [&](const RowSelection& block, int member, int slot) {
            StoredBlock<T>& sums = partial[static_cast<std::size_t>(slot)];
            sums.start(columns, asked);
            sum_block(data, block, blocks.tile_rows, *readers[static_cast<std::size_t>(member)],
                      sums);
        },
        [&](int slot) {
            StoredBlock<T>& block = partial[static_cast<std::size_t>(slot)];
            total.merge_rows(block);
            if (!few) total.merge_columns(block);
        });
    return with_zeros(total, columns, asked.ranges, threads, [&](std::size_t j) {
        if (!few) return total.columns[j];
        StoredMoments column;
        for (const StoredBlock<T>& block : partial)
            // no columns: the work was given up before the block's turn
            if (!block.columns.empty() && block.columns[j].count > 0.0) column.merge(block, j);
        return column;
    });
}

template ColumnMoments sparse_column_moments(const KernelTable<float>&, const Data&,
                                             const RowSelection&, int, FunctionRef<bool()>, Ranges);
template ColumnMoments sparse_column_moments(const KernelTable<double>&, const Data&,
                                             const RowSelection&, int, FunctionRef<bool()>, Ranges);

}  // namespace fastgd

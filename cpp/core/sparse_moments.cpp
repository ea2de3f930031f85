#include "sparse_moments.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <vector>

#include "blocks.hpp"
#include "large_vector.hpp"
#include "parallel.hpp"
#include "tile_reader.hpp"

namespace fastgd {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// Rows cut into blocks, and how many of them wait to be added up at most.
template <class T>
class Reading {
  public:
    Reading(const KernelTable<T>& kernels, const Data& data, const RowSelection& rows, int threads,
            FunctionRef<bool()> keep_going)
        : kernels_(kernels),
          data_(data),
          rows_(rows),
          keep_going_(keep_going),
          blocks_(Blocks::of<T>(data.X).evenly(rows.count)),
          segment_(blocks_.segment_rows(data.X.row_bytes<T>())) {
        const Index count =
            std::max<Index>((rows.count + blocks_.block_rows - 1) / blocks_.block_rows, 1);
        team_ = static_cast<int>(
            std::min<Index>(threads_for_work(threads, data.bytes_of<T>(rows.count)), count));
        const int most = team_ == 1 ? 1 : OrderedBlocks::slots_for(team_);
        slots_ = static_cast<int>(std::min<Index>(most, count));
        each_has_slot_ = count <= slots_ && rows.count <= segment_;
    }

    // Whether each block has a slot to itself.
    bool each_has_slot() const { return each_has_slot_; }

    // start(sums), then add(tile, weights or null, sums) of each tile of a block by any thread;
    // take(sums) of block after block.
    template <class Sums, class Start, class Add, class Take>
    void sum(const Start& start, const Add& add, const Take& take) const {
        std::vector<std::unique_ptr<TileReader<T>>> readers;
        for (int member = 0; member < team_; ++member)
            readers.push_back(std::make_unique<TileReader<T>>(kernels_, data_, blocks_.tile_rows));
        std::vector<Sums> partial(static_cast<std::size_t>(slots_));
        work_on_blocks(
            rows_, blocks_.block_rows, segment_, team_, slots_, keep_going_,
            [&](const RowSelection& block, int member, int slot) {
                TileReader<T>& reader = *readers[static_cast<std::size_t>(member)];
                Sums& sums = partial[static_cast<std::size_t>(slot)];
                start(sums);
                for (Index begin = 0; begin < block.count; begin += blocks_.tile_rows) {
                    const Index size = std::min(blocks_.tile_rows, block.count - begin);
                    const RowSelection part = block.part(begin, size);
                    const Index after = std::min(blocks_.tile_rows, block.count - begin - size);
                    const RowTile<T> tile =
                        reader.rows(data_, part, block.part(begin + size, after), nullptr);
                    add(tile, reader.row_weights(data_, part), sums);
                }
            },
            [&](int slot) { take(partial[static_cast<std::size_t>(slot)]); });
    }

  private:
    const KernelTable<T>& kernels_;
    const Data& data_;
    const RowSelection& rows_;
    FunctionRef<bool()> keep_going_;
    Blocks blocks_;
    Index segment_;
    int team_;
    int slots_;
    bool each_has_slot_;
};

struct RowTotals {
    double weight = 0.0;
    double least_weight = infinity;
    Index weighing = 0;

    void add(double w) {
        if (w == 0.0) return;
        weight += w;
        least_weight = std::min(least_weight, w);
        ++weighing;
    }
    void merge(const RowTotals& other) {
        weight += other.weight;
        least_weight = std::min(least_weight, other.least_weight);
        weighing += other.weighing;
    }
};

// Of what rows store of one column, about 0: two numbers, for many columns lie far from the
// processor.
struct PowerSums {
    double sum = 0.0;  // of w x
    double square = 0.0;  // of w x^2

    void add(double x, double w) {
        sum += w * x;
        square += w * x * x;
    }
    void merge(const PowerSums& other) {
        sum += other.sum;
        square += other.square;
    }
};

// Of what rows that weigh something store of one column.
struct StoredRange {
    double count = 0.0;
    double smallest = infinity;
    double largest = -infinity;

    void add(double x) {
        count += 1.0;
        smallest = std::min(smallest, x);
        largest = std::max(largest, x);
    }
    void merge(const StoredRange& other) {
        count += other.count;
        smallest = std::min(smallest, other.smallest);
        largest = std::max(largest, other.largest);
    }
};

struct BlockSums {
    RowTotals rows;
    LargeVector<PowerSums> columns;
    LargeVector<StoredRange> ranges;  // empty where nobody asked

    void start(std::size_t size, Ranges asked) {
        columns.resize(size);
        if (asked == Ranges::asked) ranges.resize(size);
    }
    template <class T>
    void add(const RowTile<T>& tile, const T* weight) {
        for (Index i = 0; i < tile.rows; ++i) {
            const double w = weight != nullptr ? static_cast<double>(weight[i]) : 1.0;
            rows.add(w);
            tile.fetch_upcoming(i);
            const T* x = tile.row[i];
            const std::int32_t* column = tile.column[i];
            for (Index s = 0; s < tile.stored[i]; ++s)
                columns[static_cast<std::size_t>(column[s])].add(static_cast<double>(x[s]), w);
            if (ranges.empty() || w == 0.0) continue;
            for (Index s = 0; s < tile.stored[i]; ++s)
                ranges[static_cast<std::size_t>(column[s])].add(static_cast<double>(x[s]));
        }
    }
    // Leaves the other clear.
    void take(BlockSums& other) {
        rows.merge(other.rows);
        other.rows = {};
        for (std::size_t j = 0; j < other.columns.size(); ++j) {
            columns[j].merge(other.columns[j]);
            other.columns[j] = {};
        }
        for (std::size_t j = 0; j < other.ranges.size(); ++j) {
            ranges[j].merge(other.ranges[j]);
            other.ranges[j] = {};
        }
    }
};

// Sums of all columns, in as many parts as saves adding them up column by column.
template <class T>
std::vector<BlockSums> sums_of_all(const Reading<T>& reading, std::size_t columns, Ranges asked) {
    std::vector<BlockSums> parts;
    if (!reading.each_has_slot()) parts.emplace_back().start(columns, asked);
    reading.template sum<BlockSums>(
        [&](BlockSums& sums) { sums.start(columns, asked); },
        [](const RowTile<T>& tile, const T* weight, BlockSums& sums) { sums.add(tile, weight); },
        [&](BlockSums& sums) {
            if (reading.each_has_slot())
                parts.push_back(std::move(sums));
            else
                parts.front().take(sums);
        });
    return parts;
}

// Sums about the first number: of columns whose numbers lie close together and far from 0.
template <class T>
struct CloseSums {
    T origin = 0;
    double count = 0.0;
    double weight = 0.0;
    double sum = 0.0;  // of w (x - origin)
    double square = 0.0;  // of w (x - origin)^2

    void add(T x, double w) {
        if (count == 0.0) origin = x;
        const double difference = static_cast<double>(x) - static_cast<double>(origin);
        count += 1.0;
        weight += w;
        sum += w * difference;
        square += w * difference * difference;
    }
};

// The same of many blocks, about the mean.
struct CloseMoments {
    double count = 0.0;
    double weight = 0.0;
    double mean = 0.0;
    double square = 0.0;

    // Chan, Golub, LeVeque 1983.
    void merge(double other_weight, double other_mean, double other_square) {
        const double total = weight + other_weight;
        const double difference = other_mean - mean;
        square += other_square + difference * difference * (weight * other_weight / total);
        mean += difference * (other_weight / total);
        weight = total;
    }
    template <class T>
    void merge(const CloseSums<T>& other) {
        if (other.count == 0.0) return;
        const double offset = other.sum / other.weight;
        merge(other.weight, static_cast<double>(other.origin) + offset,
              std::max(other.square - other.sum * offset, 0.0));
        count += other.count;
    }
    // The zeros that are not stored.
    void merge_zeros(const RowTotals& rows) {
        if (static_cast<double>(rows.weighing) <= count) return;
        // a difference of sums: what rounding leaves of it must not pass for no zeros
        merge(std::max(rows.weight - weight, std::min(rows.least_weight, rows.weight)), 0.0, 0.0);
    }
};

template <class T>
std::vector<CloseMoments> moments_of_close(const Reading<T>& reading, std::size_t columns,
                                           const std::vector<std::size_t>& close) {
    LargeVector<std::int32_t> place(columns, -1);
    for (std::size_t c = 0; c < close.size(); ++c) place[close[c]] = static_cast<std::int32_t>(c);
    std::vector<CloseMoments> moments(close.size());
    using Sums = std::vector<CloseSums<T>>;
    reading.template sum<Sums>(
        [&](Sums& sums) { sums.assign(close.size(), {}); },
        [&](const RowTile<T>& tile, const T* weight, Sums& sums) {
            for (Index i = 0; i < tile.rows; ++i) {
                tile.fetch_upcoming(i);
                const double w = weight != nullptr ? static_cast<double>(weight[i]) : 1.0;
                if (w == 0.0) continue;
                for (Index s = 0; s < tile.stored[i]; ++s) {
                    const auto at = place[static_cast<std::size_t>(tile.column[i][s])];
                    if (at >= 0) sums[static_cast<std::size_t>(at)].add(tile.row[i][s], w);
                }
            }
        },
        [&](const Sums& sums) {
            for (std::size_t c = 0; c < close.size(); ++c) moments[c].merge(sums[c]);
        });
    return moments;
}

// Whether rounding errors of sums about 0 are more than a few of the variance's own.
bool close_together(double mean, double variance) {
    return !(variance >= 0.1 * mean * mean) || !std::isfinite(variance);
}

ColumnMoments from_sums(const std::vector<BlockSums>& parts, std::size_t columns, Ranges asked,
                        int threads) {
    RowTotals rows;
    for (const BlockSums& part : parts) rows.merge(part.rows);
    ColumnMoments moments;
    moments.sparse = true;
    moments.weight = rows.weight;
    moments.least_weight = rows.least_weight;
    moments.weighing = rows.weighing;
    for (LargeVector<double>* numbers : {&moments.mean, &moments.variance})
        numbers->resize(columns);
    for (LargeVector<double>* numbers : {&moments.smallest, &moments.largest})
        if (asked == Ranges::asked) numbers->resize(columns);
    const double bytes = 2.0 * sizeof(PowerSums) * static_cast<double>(parts.size());
    over_columns(threads, columns, bytes, [&](std::size_t begin, std::size_t end) {
        for (std::size_t j = begin; j < end; ++j) {
            PowerSums column;
            for (const BlockSums& part : parts) column.merge(part.columns[j]);
            const double mean = column.sum / rows.weight;
            moments.mean[j] = mean;
            moments.variance[j] = column.square / rows.weight - mean * mean;
            if (asked == Ranges::left_out) continue;
            StoredRange range;
            for (const BlockSums& part : parts) range.merge(part.ranges[j]);
            if (range.count < static_cast<double>(rows.weighing)) range.add(0.0);
            moments.smallest[j] = range.smallest;
            moments.largest[j] = range.largest;
        }
    });
    return moments;
}

}  // namespace

template <class T>
ColumnMoments sparse_column_moments(const KernelTable<T>& kernels, const Data& data,
                                    const RowSelection& rows, int threads,
                                    FunctionRef<bool()> keep_going, Ranges ranges) {
    const auto columns = static_cast<std::size_t>(data.columns());
    const Reading<T> reading(kernels, data, rows, threads, keep_going);
    ColumnMoments moments =
        from_sums(sums_of_all(reading, columns, ranges), columns, ranges, threads);
    std::vector<std::size_t> close;
    bool finite = true;
    for (std::size_t j = 0; j < columns; ++j) {
        if (close_together(moments.mean[j], moments.variance[j])) close.push_back(j);
        finite = finite && std::isfinite(moments.variance[j]);
    }
    if (!finite) moments.non_finite = find_non_finite(kernels, data, rows);
    if (close.empty() || moments.weighing == 0 || moments.non_finite) return moments;

    data.count_read(rows.count);
    const RowTotals totals{moments.weight, moments.least_weight, moments.weighing};
    const std::vector<CloseMoments> of_close = moments_of_close(reading, columns, close);
    for (std::size_t c = 0; c < close.size(); ++c) {
        CloseMoments column = of_close[c];
        column.merge_zeros(totals);
        moments.mean[close[c]] = column.mean;
        moments.variance[close[c]] = column.square / totals.weight;
    }
    return moments;
}

template ColumnMoments sparse_column_moments(const KernelTable<float>&, const Data&,
                                             const RowSelection&, int, FunctionRef<bool()>, Ranges);
template ColumnMoments sparse_column_moments(const KernelTable<double>&, const Data&,
                                             const RowSelection&, int, FunctionRef<bool()>, Ranges);

}  // namespace fastgd

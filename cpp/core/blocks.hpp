// How rows are cut: tiles stay in the first cache level, blocks are one thread's unit of work.
#pragma once

#include <algorithm>

#include "matrix.hpp"

namespace fastgd {

// Depends on the shape alone, never on threads: sums keep their bits for any team.
struct Blocks {
    Index tile_rows;
    Index flush_rows;  // rows after which sums in T are added to sums in double
    Index block_rows;

    // Tiles of several outputs are longer, for each reads and writes all coefficients and fetches
    // lines column by column; where blocks begin depends on columns alone.
    template <class T>
    static Blocks of(Index columns, Index outputs = 1) {
        const double row_bytes = static_cast<double>(columns) * static_cast<double>(sizeof(T));
        const Index tile = std::clamp(static_cast<Index>(tile_bytes / row_bytes + 4.0) / 8 * 8,
                                      Index{4}, Index{128});
        const Index flush = (256 + tile - 1) / tile * tile;
        const Index block =
            std::clamp(static_cast<Index>(block_bytes / row_bytes), flush, Index{16384}) / flush *
            flush;
        if (outputs == 1) return {tile, flush, block};
        const Index longer = std::max(long_tile<T>(columns, outputs), tile);
        return {longer, (256 + longer - 1) / longer * longer, block};
    }

    // Tiles of sparse rows are longer: coefficients and gradients, wherever their columns lie, take
    // turns in the cache. Sums over a block are added up column by column, however few these are:
    // rows hold a multiple of that.
    template <class T>
    static Blocks of_sparse(Index columns, Index stored_a_row) {
        const double row_bytes = static_cast<double>(stored_a_row) *
                                 static_cast<double>(sizeof(T) + sizeof(std::int32_t));
        const Index tile = std::clamp(static_cast<Index>(sparse_tile_bytes / row_bytes) / 8 * 8,
                                      Index{8}, Index{512});
        const Index flush = (256 + tile - 1) / tile * tile;
        const Index least = std::max(static_cast<Index>(block_bytes / row_bytes),
                                     stored_a_column * columns / stored_a_row);
        return {tile, flush, (least + flush - 1) / flush * flush};
    }

    template <class T>
    static Blocks of(const MatrixView& X, Index outputs = 1) {
        return X.sparse() ? of_sparse<T>(X.columns, X.stored_a_row) : of<T>(X.columns, outputs);
    }

    // The same blocks in tiles of about two thousand rows, for a loss that is slow to call.
    Blocks in_long_tiles() const {
        constexpr Index rows = 2048;
        Blocks result = *this;
        result.tile_rows = std::min(block_rows, std::max(rows / flush_rows, Index{1}) * flush_rows);
        return result;
    }

    // The same tiles in blocks for work that adds up nothing column by column.
    Blocks without_sums(double row_bytes) const {
        Blocks result = *this;
        const auto rows = static_cast<Index>(block_bytes / row_bytes);
        result.block_rows =
            std::min(block_rows, std::max(rows / flush_rows, Index{1}) * flush_rows);
        return result;
    }

    // As many blocks of `rows` rows, one about as long as the other: where they are few, a short
    // last one keeps one thread waiting for another.
    Blocks evenly(Index rows) const {
        Blocks result = *this;
        const Index count = std::max((rows + block_rows - 1) / block_rows, Index{1});
        const Index each = (rows + count - 1) / count;
        result.block_rows = std::max((each + flush_rows - 1) / flush_rows, Index{1}) * flush_rows;
        return result;
    }

    // A few milliseconds of work, in whole blocks: how long a fit goes without looking up. Of
    // long blocks there are up to sixteen, for many threads, as far as they are a gigabyte, and
    // two.
    Index segment_rows(double row_bytes) const {
        const Index bytes = static_cast<Index>(row_bytes) * block_rows;
        const Index some = std::clamp(longest_segment_bytes / bytes, Index{2}, Index{16});
        return std::max(segment_bytes / bytes, some) * block_rows;
    }

  private:
    // Half as many rows until they fit, with predictors, targets and derivatives beside them.
    template <class T>
    static Index long_tile(Index columns, Index outputs) {
        const double row_bytes =
            static_cast<double>(columns + 3 * outputs) * static_cast<double>(sizeof(T));
        Index rows = 32;
        while (rows > 1 && static_cast<double>(rows) * row_bytes > long_tile_bytes) rows /= 2;
        return rows;
    }

    // measured on a busy machine: 10 to 20 % of gradients with 2^18 columns
    static constexpr double sparse_tile_bytes = 32.0 * 1024.0;
    static constexpr Index stored_a_column = 4;
    // measured: as long as memory needs to bring the next one, and well within the first level
    static constexpr double tile_bytes = 12.0 * 1024.0;
    // measured: a part of the second cache level, and beyond 32 rows memory waits
    static constexpr double long_tile_bytes = 160.0 * 1024.0;
    static constexpr double block_bytes = 512.0 * 1024.0;
    static constexpr Index segment_bytes = 64 * 1024 * 1024;
    static constexpr Index longest_segment_bytes = 1024 * 1024 * 1024;
};

}  // namespace fastgd

// How rows are cut, whatever their shape.
#include "check.hpp"
#include "core/blocks.hpp"

namespace fastgd::testing {
namespace {

template <class Body>
void for_shapes(const Body& body) {
    for (const Index columns : {1, 3, 16, 100, 2047, 4096, 20'000, 262'144, 1'000'000}) {
        body(Blocks::of<float>(columns), columns);
        body(Blocks::of<double>(columns), columns);
        for (const Index stored : {1, 9, 75})
            if (stored <= columns) body(Blocks::of_sparse<double>(columns, stored), columns);
    }
}

void blocks_are_whole_tiles_and_flushes() {
    for_shapes([](const Blocks& blocks, Index columns) {
        check(blocks.tile_rows >= 1 && blocks.flush_rows % blocks.tile_rows == 0, columns);
        check(blocks.block_rows >= blocks.flush_rows, columns);
        check(blocks.block_rows % blocks.flush_rows == 0, columns);
    });
}

void even_blocks_are_as_many_and_as_long_as_each_other() {
    for_shapes([](const Blocks& blocks, Index columns) {
        const Index unit = blocks.block_rows;
        for (const Index rows : {Index{1}, unit - 1, unit, unit + 1, 7 * unit / 4, 5 * unit + 3}) {
            const Blocks even = blocks.evenly(rows);
            const auto count = [&](const Blocks& of) {
                return (rows + of.block_rows - 1) / of.block_rows;
            };
            check(even.tile_rows == blocks.tile_rows && even.flush_rows == blocks.flush_rows);
            check(even.block_rows % even.flush_rows == 0, columns, " columns, rows ", rows);
            check(even.block_rows <= blocks.block_rows, columns, " columns, rows ", rows);
            check(count(even) <= count(blocks), columns, " columns, rows ", rows);
            const Index shortest = rows - (count(even) - 1) * even.block_rows;
            check(count(even) == 1 || even.block_rows - shortest <= count(even) * even.flush_rows,
                  columns, " columns, rows ", rows, ": last block of ", shortest);
        }
    });
}

void segments_have_blocks_for_many_threads() {
    for_shapes([](const Blocks& blocks, Index columns) {
        const double row_bytes = static_cast<double>(columns) * sizeof(double);
        const Index segment = blocks.segment_rows(row_bytes);
        check(segment % blocks.block_rows == 0, columns);
        const bool long_blocks = row_bytes * static_cast<double>(blocks.block_rows) > 64e6;
        check(segment >= (long_blocks ? 2 : 16) * blocks.block_rows, columns);
    });
}

}  // namespace
}  // namespace fastgd::testing

int main(int argc, char** argv) {
    using namespace fastgd::testing;
    return run({{"blocks are whole tiles and flushes", blocks_are_whole_tiles_and_flushes},
                {"even blocks", even_blocks_are_as_many_and_as_long_as_each_other},
                {"segments", segments_have_blocks_for_many_threads}},
               argc, argv);
}

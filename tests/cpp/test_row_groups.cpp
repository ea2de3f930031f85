// Rows of columns that lie apart: the right numbers, each group packed once while it is needed.
#include "check.hpp"
#include "core/data.hpp"
#include "core/row_groups.hpp"
#include "core/sampler.hpp"
#include "levels.hpp"

namespace fastgd::testing {
namespace {

using T = float;

constexpr Index rows = 30000;
constexpr Index columns = 100;
constexpr auto plain = static_cast<std::size_t>(element_type_of<T>);

Index packed_rows = 0;

void count_and_pack(const ColumnPiece* column, Index count, Index first, Index of, T* out,
                    Index leading, const ColumnFetch& fetch) noexcept {
    packed_rows += of;
    selected_kernels<T>().pack_columns[plain](column, count, first, of, out, leading, fetch);
}

// An array whose columns lie one after the other; number j of row i is i + j / 128.
LargeVector<T> numbers_by_columns() {
    LargeVector<T> numbers(static_cast<std::size_t>(rows * columns));
    for (Index j = 0; j < columns; ++j)
        for (Index i = 0; i < rows; ++i)
            numbers[static_cast<std::size_t>(j * rows + i)] =
                static_cast<T>(i) + static_cast<T>(j) / T(128);
    return numbers;
}

void each_group_is_packed_once_an_epoch() {
    const LargeVector<T> numbers = numbers_by_columns();
    constexpr auto item = static_cast<Index>(sizeof(T));
    const ColumnsView view(
        StridedView{numbers.data(), element_type_of<T>, rows, columns, item, rows * item});
    KernelTable<T> kernels = selected_kernels<T>();
    kernels.pack_columns[plain] = count_and_pack;
    for (const Index batch : {1, 32, 100, 256, 400, 600, 900, 4000})
        for (const Index tile : {4, 32}) {
            const BatchParts parts = BatchParts::of(batch);
            const Sampler sampler(rows, columns * item, Shuffle::block, 3, parts, 1);
            RowGroups<T> groups(kernels, view, tile);
            RowOrder order;
            std::vector<const T*> row(static_cast<std::size_t>(tile));
            packed_rows = 0;
            for (Index s = 0; s < sampler.segments(); ++s) {
                const RowSelection segment = sampler.segment(0, s, order);
                for (Index at = 0; at < segment.count; at += tile) {
                    const RowSelection part = segment.part(at, std::min(tile, segment.count - at));
                    // a buffer ahead, or the next tile of a batch of which two are too much
                    const Index ahead = std::min(at + tile, segment.count);
                    const RowSelection next =
                        batch <= 900 ? part.upcoming_rows()
                                     : segment.part(ahead, std::min(tile, segment.count - ahead));
                    groups.read(part, next, row.data());
                    for (Index i = 0; i < part.count; ++i) {
                        const T* numbers_of_row = row[static_cast<std::size_t>(i)];
                        check(numbers_of_row[0] == static_cast<T>(part.at(i)) &&
                                  numbers_of_row[99] == static_cast<T>(part.at(i)) + T(99) / T(128),
                              "batch ", batch, " row ", part.at(i));
                    }
                }
            }
            // but for those that two buffers share
            check(packed_rows <= rows + rows / 25, "batch ", batch, " tile ", tile, ": packed ",
                  packed_rows, " of ", rows);
        }
}

}  // namespace
}  // namespace fastgd::testing

int main(int argc, char** argv) {
    return fastgd::testing::run({{"each group is packed once an epoch",
                                  fastgd::testing::each_group_is_packed_once_an_epoch}},
                                argc, argv);
}

// Rows of columns that lie apart: the right numbers, each group packed once while it is needed.
#include "check.hpp"
#include "core/data.hpp"
#include "core/row_groups.hpp"
#include "core/row_sample.hpp"
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

constexpr auto item = static_cast<Index>(sizeof(T));

ColumnsView view_of(const LargeVector<T>& numbers) {
    return ColumnsView(
        StridedView{numbers.data(), element_type_of<T>, rows, columns, item, rows * item});
}

KernelTable<T> counting_kernels() {
    KernelTable<T> kernels = selected_kernels<T>();
    kernels.pack_columns[plain] = count_and_pack;
    return kernels;
}

void check_rows(const RowSelection& selection, const std::vector<const T*>& row) {
    for (Index i = 0; i < selection.count; ++i) {
        const T* numbers_of_row = row[static_cast<std::size_t>(i)];
        const T first = static_cast<T>(selection.at(i));
        check(numbers_of_row[0] == first && numbers_of_row[99] == first + T(99) / T(128), "row ",
              selection.at(i));
    }
}

void each_group_is_packed_once_an_epoch() {
    const LargeVector<T> numbers = numbers_by_columns();
    const ColumnsView view = view_of(numbers);
    const KernelTable<T> kernels = counting_kernels();
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
                    check_rows(part, row);
                }
            }
            // but for those that two buffers share
            check(packed_rows <= rows + rows / 25, "batch ", batch, " tile ", tile, ": packed ",
                  packed_rows, " of ", rows);
        }
}

// Of a sample's runs no more is packed than whole lines.
void runs_of_a_sample_are_packed_by_themselves() {
    const LargeVector<T> numbers = numbers_by_columns();
    const ColumnsView view = view_of(numbers);
    const KernelTable<T> kernels = counting_kernels();
    for (const Index left_out : {0, 3}) {
        std::vector<Index> sample = spread_rows(rows, 4000);
        sample.erase(sample.begin(), sample.begin() + left_out);  // a run that is cut short
        sample.push_back(rows - 1);
        const RowSelection all{sample.data(), 0, std::ssize(sample)};
        for (const Index tile : {8, 24, 32}) {
            RowGroups<T> groups(kernels, view, tile);
            std::vector<const T*> row(static_cast<std::size_t>(tile));
            packed_rows = 0;
            for (Index at = 0; at < all.count; at += tile) {
                const RowSelection part = all.part(at, std::min(tile, all.count - at));
                const Index ahead = std::min(at + tile, all.count);
                groups.read(part, all.part(ahead, std::min(tile, all.count - ahead)), row.data());
                check_rows(part, row);
            }
            // a tile may cut a run in two
            const Index pieces = all.count / 8 + all.count / tile + 3;
            check(packed_rows <= 16 * pieces, "tile ", tile, ": packed ", packed_rows, " for ",
                  all.count);
        }
    }
}

}  // namespace
}  // namespace fastgd::testing

int main(int argc, char** argv) {
    using namespace fastgd::testing;
    return run(
        {{"each group is packed once an epoch", each_group_is_packed_once_an_epoch},
         {"runs of a sample are packed by themselves", runs_of_a_sample_are_packed_by_themselves}},
        argc, argv);
}

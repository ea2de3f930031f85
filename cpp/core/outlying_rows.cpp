#include "outlying_rows.hpp"

#include <memory>

#include "blocks.hpp"
#include "parallel.hpp"
#include "tile_reader.hpp"

namespace fastgd {

namespace {

template <class T>
struct Outlier {
    Index row;
    T square;
};

template <class T>
void find_in_block(const KernelTable<T>& kernels, const Blocks& blocks, const Data& data,
                   const RowSelection& rows, std::span<const T> shift, std::span<const T> unit,
                   double least_square, TileReader<T>& reader, std::vector<Outlier<T>>& found) {
    found.clear();
    for (Index begin = 0; begin < rows.count; begin += blocks.tile_rows) {
        const Index size = std::min(blocks.tile_rows, rows.count - begin);
        const Index after = std::min(blocks.tile_rows, rows.count - begin - size);
        const RowTile<T> tile =
            reader.rows(data, rows.part(begin, size), rows.part(begin + size, after), shift.data());
        kernels.largest_squares(tile, unit.data(), reader.z());
        const T* weight = reader.row_weights(data, rows.part(begin, size));
        for (Index i = 0; i < size; ++i)
            if ((weight == nullptr || weight[i] > 0) &&
                static_cast<double>(reader.z()[i]) > least_square)
                found.push_back({rows.at(begin + i), reader.z()[i]});
    }
}

}  // namespace

template <class T>
std::vector<Index> outlying_rows(const KernelTable<T>& kernels, const Data& data,
                                 std::span<const T> shift, std::span<const T> unit,
                                 double least_square, Index most, int threads,
                                 FunctionRef<bool()> keep_going) {
    data.count_read(data.rows());
    const Blocks blocks = Blocks::of<T>(data.X);
    const Index segment = blocks.segment_rows(data.X.row_bytes<T>());
    const int team = threads_for_work(threads, data.bytes_of<T>(data.rows()));
    const int slots = team == 1 ? 1 : OrderedBlocks::slots_for(team);
    std::vector<std::unique_ptr<TileReader<T>>> readers;
    for (int member = 0; member < team; ++member)
        readers.push_back(std::make_unique<TileReader<T>>(kernels, data, blocks.tile_rows));
    std::vector<std::vector<Outlier<T>>> partial(static_cast<std::size_t>(slots));
    std::vector<Outlier<T>> found;
    double bound = least_square;

    work_on_blocks(
        {nullptr, 0, data.rows()}, blocks.block_rows, segment, team, slots, keep_going,
        [&](const RowSelection& block, int member, int slot) {
            find_in_block(kernels, blocks, data, block, shift, unit, least_square,
                          *readers[static_cast<std::size_t>(member)],
                          partial[static_cast<std::size_t>(slot)]);
        },
        [&](int slot) {
            const auto& more = partial[static_cast<std::size_t>(slot)];
            const auto outside = [&](const Outlier<T>& outlier) {
                return static_cast<double>(outlier.square) <= bound;
            };
            found.insert(found.end(), more.begin(), more.end());
            std::erase_if(found, outside);
            while (static_cast<Index>(found.size()) > most) {
                bound *= 2.0;
                std::erase_if(found, outside);
            }
        });
    std::vector<Index> rows;
    rows.reserve(found.size());
    for (const Outlier<T>& outlier : found) rows.push_back(outlier.row);
    return rows;
}

template std::vector<Index> outlying_rows(const KernelTable<float>&, const Data&,
                                          std::span<const float>, std::span<const float>, double,
                                          Index, int, FunctionRef<bool()>);
template std::vector<Index> outlying_rows(const KernelTable<double>&, const Data&,
                                          std::span<const double>, std::span<const double>, double,
                                          Index, int, FunctionRef<bool()>);

}  // namespace fastgd

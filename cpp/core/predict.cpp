#include "predict.hpp"

#include <algorithm>
#include <cmath>
#include <memory>

#include "parallel.hpp"
#include "tile_reader.hpp"

namespace fastgd {

namespace {

// Returns whether all are finite.
template <class T>
bool predict_block(const KernelTable<T>& kernels, const Blocks& blocks, const Data& data,
                   const RowSelection& rows, const LinearModel<T>& model, TileReader<T>& reader,
                   T* out) {
    const Index outputs = data.outputs();
    bool finite = true;
    for (Index begin = 0; begin < rows.count; begin += blocks.tile_rows) {
        const Index size = std::min(blocks.tile_rows, rows.count - begin);
        const Index after = std::min(blocks.tile_rows, rows.count - begin - size);
        const RowTile<T> tile =
            reader.rows(data, rows.part(begin, size), rows.part(begin + size, after), model.shift);
        T* z = out + (rows.first + begin) * outputs;
        kernels.forward(tile, model.coef, outputs, model.intercept, z);
        for (Index at = 0; at < size * outputs; ++at) finite &= std::isfinite(z[at]);
    }
    return finite;
}

}  // namespace

template <class T>
bool predict(const KernelTable<T>& kernels, const MatrixView& X, const LinearModel<T>& model,
             Index outputs, T* out, int threads, FunctionRef<bool()> keep_going) {
    Data data;
    data.X = X;
    data = with_zero_targets(data);
    data.y.columns = outputs;
    const Blocks blocks = Blocks::of<T>(X, outputs).without_sums(X.row_bytes<T>());
    const Index segment = blocks.segment_rows(X.row_bytes<T>());
    const Index block_count = (X.rows + blocks.block_rows - 1) / blocks.block_rows;
    const int team =
        static_cast<int>(std::min<Index>(threads_for_work(threads, data.bytes_to_share<T>(X.rows)),
                                         std::max<Index>(block_count, 1)));
    std::vector<std::unique_ptr<TileReader<T>>> readers;
    for (int member = 0; member < team; ++member)
        readers.push_back(std::make_unique<TileReader<T>>(kernels, data, blocks.tile_rows));
    std::vector<char> finite(static_cast<std::size_t>(team), 1);

    work_on_blocks(
        {nullptr, 0, data.rows()}, blocks.block_rows, segment, team, OrderedBlocks::slots_for(team),
        keep_going,
        [&](const RowSelection& block, int member, int) {
            const auto at = static_cast<std::size_t>(member);
            if (!predict_block(kernels, blocks, data, block, model, *readers[at], out))
                finite[at] = 0;
        },
        [](int) {});
    return std::all_of(finite.begin(), finite.end(), [](char all) { return all != 0; });
}

template bool predict(const KernelTable<float>&, const MatrixView&, const LinearModel<float>&,
                      Index, float*, int, FunctionRef<bool()>);
template bool predict(const KernelTable<double>&, const MatrixView&, const LinearModel<double>&,
                      Index, double*, int, FunctionRef<bool()>);

}  // namespace fastgd

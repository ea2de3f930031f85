#include "sgd.hpp"

#include <algorithm>

namespace fastgd {

namespace {

constexpr Index most_chunk_rows = 128;
// Rows that are packed stay in the first cache level.
constexpr Index packed_chunk_rows = 32;

// Rows fetched ahead of the one at work: about 16 KiB, the latency of memory many times over.
Index rows_ahead(Index columns, std::size_t item) {
    const auto row_bytes = columns * static_cast<Index>(item);
    return std::clamp(Index{16 * 1024} / row_bytes, Index{2}, Index{64});
}

// As many of `most` rows as make whole blocks; of a block cut in two, row after row, so that where
// chunks end plays no part.
Index in_blocks(Index begin, Index most) {
    if (begin % sgd_block_rows != 0 || most < sgd_block_rows) return 1;
    return most / sgd_block_rows * sgd_block_rows;
}

// While a chunk is worked on: rows as memory is best read, or from `ahead` on, or those right after
// the chunk, whose turn the kernel fetches them for.
RowSelection rows_to_fetch(const RowSelection& rows, Index begin, Index size, Index ahead,
                           bool in_turn) {
    const Index left = rows.count - begin;
    if (in_turn) return rows.part(begin + size, std::min(size, left - size));
    const RowSelection chunk = rows.part(begin, size);
    if (chunk.upcoming != nullptr) return chunk.upcoming_rows();
    return left - ahead < size ? RowSelection{} : rows.part(begin + ahead, size);
}

// PA-I passes rows of zeros by: what columns owe to a step is told by its length.
template <class T>
void pass_by_zeros(const RowTile<T>& tile, T* step) {
    for (Index i = 0; i < tile.rows; ++i) {
        const T* value = tile.row[i];
        // as it is summed up in the norm
        const auto counts = [](T x) { return x * x != 0; };
        if (std::none_of(value, value + tile.stored[i], counts)) step[i] = 0;
    }
}

}  // namespace

template <class T>
void Sgd<T>::process(const Data& data, const RowSelection& rows) {
    data.count_read(rows.count);
    const bool sparse = data.X.sparse();
    const KernelTable<T>& kernels = objective_.kernels();
    const LossKernels<T>& loss = objective_.loss();
    const bool scaled = !options_.preconditioner.identity();
    const Index ahead = rows_ahead(data.X.numbers_a_row(), sizeof(T));
    const bool packed = !sparse && !rows_in_place<T>(data.X);
    const Index chunk_rows = packed ? packed_chunk_rows : most_chunk_rows;
    const bool in_turn = rows.index != nullptr && data.X.numbers_a_row() >= long_sparse_row &&
                         sparse_in_place<T>(data.X);
    TileReader<T> reader(kernels, data, chunk_rows);
    const bool held = options_.schedule.kind == Schedule::Kind::held;
    const bool passing_by =
        sparse && options_.schedule.kind == Schedule::Kind::passive_aggressive_1;
    Buffer<T> step(chunk_rows);
    if (held) std::fill_n(step.data(), chunk_rows, static_cast<T>(this->rate()));
    if (!sparse) this->end_lazy_steps();
    for (Index begin = 0; begin < rows.count;) {
        const bool averaged = this->averaging();
        const Index most = this->steps_alike(std::min(chunk_rows, rows.count - begin));
        if (!held)
            for (Index i = 0; i < most; ++i) step[i] = this->step_at(steps_ + i);
        if (passing_by)
            pass_by_zeros(reader.rows(data, rows.part(begin, most), {}, nullptr), step.data());
        const Index size = sparse ? this->lazy_steps(averaged, false).take(step.data(), most)
                                  : in_blocks(begin, most);
        const RowSelection selection = rows.part(begin, size);
        const RowSelection next = rows_to_fetch(rows, begin, size, ahead, in_turn);
        const PointwiseTile<T> targets = reader.targets(
            data, selection, objective_.loss_parameters(), 1.0 / options_.mean_weight);
        SgdChunk<T> chunk{
            .tile = reader.rows(data, selection, next, this->shift()),
            .outputs = data.outputs(),
            .y = targets.y,
            .weight = targets.weight,
            .offset = targets.offset,
            .slope = loss.slope,
            .moves = loss.moves,
            .loss = targets.loss,
            .step = step.data(),
            .metric = this->metric(),
            .intercept_metric = static_cast<T>(options_.preconditioner.intercept_metric),
            .curvature = scaled ? static_cast<T>(objective_.curvature()) : T(0),
            .penalty = this->penalty(),
            .anchor = this->anchor(),
            .coef = this->coef_.data(),
            .intercept = this->intercept_.data(),
            .coef_sum = averaged && !sparse ? this->coef_sum_.data() : nullptr,
            .intercept_sum = averaged ? this->intercept_sum_.data() : nullptr,
            .damped = options_.schedule.kind == Schedule::Kind::passive_aggressive_2,
            .lazy = sparse ? this->lazy_columns(size, averaged) : LazyColumns<T>{},
        };
        chunk.tile.upcoming_in_turn = in_turn && next.count > 0;
        options_.schedule.passive_aggressive() ? kernels.passive_aggressive(chunk)
                                               : kernels.sgd(chunk);
        this->count_steps(size, averaged);
        begin += size;
    }
}

template class Sgd<float>;
template class Sgd<double>;

}  // namespace fastgd

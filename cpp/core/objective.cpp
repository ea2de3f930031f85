#include "objective.hpp"

#include <algorithm>
#include <memory>

#include "class_losses.hpp"
#include "dot.hpp"
#include "parallel.hpp"
#include "tile_gradient.hpp"
#include "tile_reader.hpp"

namespace fastgd {

void GradientSums::make_room(const Data& data, std::size_t coefs) {
    coef.reserve(coefs);
    intercept.resize(static_cast<std::size_t>(data.outputs()));
    class_loss.resize(data.classes.size());
}

void GradientSums::start(std::size_t coefs) {
    loss = 0.0;
    weight = 0.0;
    coef.assign(coefs, 0.0);
    std::fill(intercept.begin(), intercept.end(), 0.0);
    std::fill(class_loss.begin(), class_loss.end(), 0.0);
}

void GradientSums::add_but_coef(const GradientSums& other, double factor) {
    loss += factor * other.loss;
    weight += factor * other.weight;
    for (std::size_t k = 0; k < intercept.size(); ++k) intercept[k] += factor * other.intercept[k];
    for (std::size_t k = 0; k < class_loss.size(); ++k)
        class_loss[k] += factor * other.class_loss[k];
}

void GradientSums::add(const GradientSums& other, double factor) {
    add_but_coef(other, factor);
    for (std::size_t j = 0; j < other.coef.size(); ++j) coef[j] += factor * other.coef[j];
}

void GradientSums::add_all(std::span<const GradientSums> others, int threads) {
    if (others.empty()) return;
    for (const GradientSums& other : others) add_but_coef(other, 1.0);
    const double bytes = static_cast<double>((others.size() + 2) * sizeof(double));
    over_columns(threads, others[0].coef.size(), bytes, [&](std::size_t begin, std::size_t end) {
        for (const GradientSums& other : others)
            for (std::size_t j = begin; j < end; ++j) coef[j] += other.coef[j];
    });
}

namespace {

// Rows of no more bytes than this stay in the second cache level and need no fetching.
constexpr double cached_bytes = 512.0 * 1024.0;

// One member's scratch: a tile reader and gradient sums of a few tiles in T.
template <class T>
struct BlockScratch {
    TileReader<T> reader;
    TileGradient<T> gradient;
    ClassLosses<T> classes;

    BlockScratch(const KernelTable<T>& kernels, const Data& data, Index tile_rows)
        : reader(kernels, data, tile_rows), gradient(kernels, data), classes(data, tile_rows) {}
};

// shift . coef of each output, of sparse rows: once for all, and the rows need no shift.
template <class T>
LargeVector<double> shift_products(const Data& data, const LinearModel<T>& model) {
    if (!data.X.sparse() || model.shift == nullptr) return {};
    LargeVector<double> result;
    const auto columns = static_cast<std::size_t>(data.columns());
    for (Index k = 0; k < data.outputs(); ++k)
        result.push_back(dot_of(model.shift, model.coef + k * data.columns(), columns));
    return result;
}

// How rows come from memory to the kernels.
enum class Coming {
    cached,    // they are in cache
    in_turn,   // in order, so that the processor fetches them for itself
    asked_for  // by requests
};

template <class T>
Coming coming_of(const KernelTable<T>& kernels, const Data& data, const RowSelection& rows) {
    const Index outputs = data.outputs();
    if (data.bytes_of<T>(rows.count) * static_cast<double>(outputs) <= cached_bytes)
        return Coming::cached;
    const Index row_bytes = data.columns() * static_cast<Index>(sizeof(T));
    const bool in_order =
        rows.index == nullptr && rows_in_place<T>(data.X) && data.X.row_stride == row_bytes;
    const bool read_in_turn = outputs == 1 && row_bytes <= kernels.in_turn_bytes;
    return in_order && read_in_turn ? Coming::in_turn : Coming::asked_for;
}

template <bool Gradient, class T>
void sum_block(const KernelTable<T>& kernels, const LossSpec& loss, const Blocks& blocks,
               const Data& data, const RowSelection& rows, const LinearModel<T>& model,
               const LargeVector<double>& shifted_by, Coming coming, BlockScratch<T>& scratch,
               GradientSums& sums) {
    const LossKernels<T>& pointwise = kernels_of(kernels, loss);
    TileReader<T>& reader = scratch.reader;
    const Index outputs = data.outputs();
    for (Index begin = 0; begin < rows.count; begin += blocks.tile_rows) {
        const Index size = std::min(blocks.tile_rows, rows.count - begin);
        const Index left = coming == Coming::asked_for ? rows.count - begin - size : 0;
        const RowSelection selection = rows.part(begin, size);
        RowTile<T> tile =
            reader.rows(data, selection, rows.part(begin + size, std::min(blocks.tile_rows, left)),
                        shifted_by.empty() ? model.shift : nullptr);
        tile.backward_follows = Gradient;
        tile.in_turn = coming == Coming::in_turn;
        if (!shifted_by.empty()) tile.shifted_by = shifted_by.data();
        const PointwiseTile<T> targets = reader.targets(data, selection, loss.parameters);
        kernels.forward(tile, model.coef, outputs, model.intercept, reader.z());
        if constexpr (Gradient) {
            T* derivative = reader.derivative();
            if (data.classes.empty())
                sums.loss += pointwise.derivative(targets, derivative);
            else
                scratch.classes.differentiate(pointwise, targets, derivative, sums.class_loss);
            scratch.gradient.add(tile, derivative, outputs, sums.coef);
            add_derivatives(derivative, size, outputs, sums.intercept.data());
            if ((begin + size) % blocks.flush_rows == 0) scratch.gradient.flush(sums.coef);
        } else {
            sums.loss += pointwise.value(targets);
        }
        if (targets.weight == nullptr)
            sums.weight += static_cast<double>(size);
        else
            for (Index i = 0; i < size; ++i)
                sums.weight += static_cast<double>(targets.weight[i * targets.outputs]);
    }
    if constexpr (Gradient) scratch.gradient.flush(sums.coef);
}

}  // namespace

template <class T>
template <bool Gradient>
void Objective<T>::add(const Blocks& blocks, const Data& data, const RowSelection& rows,
                       const LinearModel<T>& model, GradientSums& sums,
                       BlockSums& of_blocks) const {
    data.count_read(rows.count);
    const Index block_count = (rows.count + blocks.block_rows - 1) / blocks.block_rows;
    const Coming coming = coming_of(kernels_, data, rows);
    const int threads = static_cast<int>(
        std::min<Index>(threads_for_work(threads_, data.bytes_to_share<T>(rows.count)),
                        std::max<Index>(block_count, 1)));
    const int slots = static_cast<int>(std::min<Index>(
        threads == 1 ? 1 : OrderedBlocks::slots_for(threads), std::max<Index>(block_count, 1)));

    std::vector<std::unique_ptr<BlockScratch<T>>> scratch;
    for (int member = 0; member < threads; ++member)
        scratch.push_back(std::make_unique<BlockScratch<T>>(kernels_, data, blocks.tile_rows));
    const auto coefs = static_cast<std::size_t>(Gradient ? data.outputs() * data.columns() : 0);
    of_blocks.resize(std::max(of_blocks.size(), static_cast<std::size_t>(slots)),
                     GradientSums(0, 0));
    for (GradientSums& sums_of_block : of_blocks) sums_of_block.make_room(data, coefs);
    // sums of few blocks and many columns are added up by the whole team in the end
    const bool few = block_count <= slots;

    const LargeVector<double> shifted_by = shift_products(data, model);
    const LargeVector<double> before = sums.intercept;
    OrderedBlocks order(block_count, slots);
    run_team(threads, [&](int member, int) {
        order.work(
            [&](Index block, int slot) {
                GradientSums& sum = of_blocks[static_cast<std::size_t>(slot)];
                sum.start(coefs);
                const Index begin = block * blocks.block_rows;
                sum_block<Gradient>(
                    kernels_, loss_, blocks, data,
                    rows.part(begin, std::min(blocks.block_rows, rows.count - begin)), model,
                    shifted_by, coming, *scratch[static_cast<std::size_t>(member)], sum);
            },
            [&](int slot) {
                if (!few) sums.add(of_blocks[static_cast<std::size_t>(slot)]);
            });
    });
    if (few)
        sums.add_all(std::span(of_blocks).first(static_cast<std::size_t>(block_count)), threads);
    if (!Gradient || shifted_by.empty()) return;
    const auto columns = static_cast<std::size_t>(data.columns());
    for (std::size_t k = 0; k < shifted_by.size(); ++k) {
        const double derivatives = sums.intercept[k] - before[k];
        for (std::size_t j = 0; j < columns; ++j)
            sums.coef[k * columns + j] -= derivatives * static_cast<double>(model.shift[j]);
    }
}

template <class T>
void Objective<T>::add_gradient(const Data& data, const RowSelection& rows,
                                const LinearModel<T>& model, GradientSums& sums) const {
    BlockSums of_blocks;
    add<true>(blocks(data.X, data.outputs()), data, rows, model, sums, of_blocks);
}

template <class T>
bool Objective<T>::add_gradient(const Data& data, const LinearModel<T>& model,
                                FunctionRef<bool()> keep_going, GradientSums& sums,
                                BlockSums& of_blocks) const {
    const Blocks even = blocks(data.X, data.outputs()).evenly(data.rows());
    const Index most = even.segment_rows(data.X.row_bytes<T>());
    for (Index begin = 0; begin < data.rows(); begin += most) {
        if (!keep_going()) return false;
        const RowSelection segment{nullptr, begin, std::min(most, data.rows() - begin)};
        add<true>(even, data, segment, model, sums, of_blocks);
    }
    return true;
}

template <class T>
void Objective<T>::add_value(const Data& data, const RowSelection& rows,
                             const LinearModel<T>& model, GradientSums& sums) const {
    BlockSums of_blocks;
    add<false>(blocks(data.X, data.outputs()), data, rows, model, sums, of_blocks);
}

template class Objective<float>;
template class Objective<double>;

}  // namespace fastgd

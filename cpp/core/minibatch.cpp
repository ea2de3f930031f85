#include "minibatch.hpp"

#include <algorithm>
#include <cmath>
#include <memory>

#include "adaptive.hpp"
#include "parallel.hpp"
#include "part_gradient.hpp"
#include "tile_reader.hpp"

namespace fastgd {

namespace {

// A batch up to this size is cut into parts however many its sums are.
constexpr double cached_batch_bytes = 2.0 * 1024.0 * 1024.0;

// While a batch up to this size is worked on, the next one is fetched: columns that lie apart keep
// the rows of two.
constexpr double fetched_batch_bytes = 384.0 * 1024.0;

// A larger batch is cut into parts only where their sums take no more than this.
constexpr double most_partial_bytes = 32.0 * 1024.0 * 1024.0;

// Fewer bytes of a batch than this a thread are not worth two meetings of the team.
constexpr double bytes_per_member = 16.0 * 1024.0;

// Numbers of one partial sum: coef, then intercept, in whole vectors.
constexpr Index partial_stride(Index columns, Index outputs) {
    constexpr Index unit = 16;
    return (outputs * (columns + 1) + unit - 1) / unit * unit;
}

}  // namespace

int members_of_batch(const BatchParts& parts, double batch_bytes, int team) {
    const auto most = std::min<Index>(team, parts.count());
    return static_cast<int>(
        std::clamp(static_cast<Index>(batch_bytes / bytes_per_member), Index{1}, most));
}

template <class T>
MiniBatch<T>::MiniBatch(const Objective<T>& objective, DescentOptions options,
                        const Coefficients& start)
    : Stochastic<T>(objective, std::move(options), start),
      parts_(BatchParts::of(options_.batch_size)),
      partial_stride_(partial_stride(options_.columns, options_.outputs)),
      partial_(partial_stride_ * (sparse() ? 1 : BatchParts::most)),
      touched_(sparse() ? options_.columns : 0),
      sums_(options_.outputs, options_.columns),
      anchor_sums_(options_.outputs, options_.columns) {
    if (sparse()) std::fill_n(partial_.data(), partial_stride_, T(0));
    if (!adaptive(options_.update)) return;
    for (const double metric : options_.preconditioner.metric)
        unit_.push_back(static_cast<T>(std::sqrt(metric)));
    intercept_unit_.assign(static_cast<std::size_t>(options_.outputs),
                           static_cast<T>(std::sqrt(options_.preconditioner.intercept_metric)));
}

// Threads share a batch of several blocks as it is.
template <class T>
bool MiniBatch<T>::sums_in_parts(Index batch_size, Index columns, Index outputs) {
    const double batch_bytes =
        static_cast<double>(batch_size) * static_cast<double>(columns) * sizeof(T);
    const double partial_bytes =
        static_cast<double>(partial_stride(columns, outputs) * BatchParts::most) * sizeof(T);
    return batch_bytes <= cached_batch_bytes ||
           (batch_size <= Blocks::of<T>(columns).block_rows && partial_bytes <= most_partial_bytes);
}

template <class T>
Index MiniBatch<T>::rows_to_boundary() const {
    const Index left = options_.batch_size - rows_in_batch_;
    return in_parts() || sparse() ? left
                                  : std::min(left, Blocks::of<T>(options_.columns).block_rows);
}

template <class T>
Index MiniBatch<T>::whole_blocks(Index rows) const {
    if (in_parts() || sparse()) return rows / options_.batch_size * options_.batch_size;
    const Index left = options_.batch_size - rows_in_batch_;
    if (rows >= left) return left;
    const Index block = Blocks::of<T>(options_.columns).block_rows;
    return rows / block * block;
}

template <class T>
void MiniBatch<T>::process(const Data& data, const RowSelection& rows) {
    if (sparse())
        process_sparse(data, rows);
    else if (in_parts())
        process_in_parts(data, rows);
    else
        process_in_blocks(data, rows);
}

template <class T>
BatchStep<T> MiniBatch<T>::step_of(const T* partial, Index partials, Index rows, std::int64_t step,
                                   bool averaged) {
    BatchStep<T> result{
        .partial = partial,
        .partials = partials,
        .partial_stride = partial_stride_,
        .outputs = options_.outputs,
        .columns = options_.columns,
        .scale = static_cast<T>(1.0 / static_cast<double>(rows)),
        .anchor_gradient = this->anchor().gradient,
        .step = static_cast<T>(options_.schedule.at(static_cast<double>(step + 1))),
        .momentum = static_cast<T>(options_.momentum),
        .nesterov = options_.update == Update::nesterov,
        .metric = this->metric(),
        .penalty = this->penalty(),
        .coef = this->coef_.data(),
        .velocity = this->velocity_.empty() ? nullptr : this->velocity_.data(),
        .coef_sum = averaged ? this->coef_sum_.data() : nullptr,
        .adaptive = {},
    };
    if (adaptive(options_.update)) {
        result.adaptive = adaptive_rule<T>(options_, step + 1 - this->restarted_at_);
        result.adaptive.unit = unit_.empty() ? nullptr : unit_.data();
        result.adaptive.square = this->square_.data();
    }
    return result;
}

template <class T>
void MiniBatch<T>::take_step(const BatchStep<T>& step) const {
    const KernelTable<T>& kernels = objective_.kernels();
    if (step.adaptive.square != nullptr)
        kernels.adaptive_step(step);
    else
        kernels.batch_step(step);
}

// The intercept is one more column, without penalty.
template <class T>
BatchStep<T> MiniBatch<T>::intercept_step(const BatchStep<T>& step) {
    BatchStep<T> result = step;
    result.partial = step.partial + step.outputs * step.columns;
    if (step.anchor_gradient != nullptr)
        result.anchor_gradient = step.anchor_gradient + step.outputs * step.columns;
    result.outputs = 1;
    result.columns = step.outputs;
    result.touched = nullptr;
    result.total = nullptr;
    if (step.adaptive.square == nullptr)
        result.step = step.step * static_cast<T>(options_.preconditioner.intercept_metric);
    result.metric = nullptr;
    result.penalty = {};
    result.coef = this->intercept_.data();
    if (step.velocity != nullptr) result.velocity = this->intercept_velocity_.data();
    if (step.coef_sum != nullptr || step.total != nullptr)
        result.coef_sum = this->intercept_sum_.data();
    if (step.adaptive.square != nullptr) {
        result.adaptive.unit = intercept_unit_.data();
        result.adaptive.square = this->intercept_square_.data();
    }
    return result;
}

template <class T>
void MiniBatch<T>::process_in_parts(const Data& data, const RowSelection& rows) {
    data.count_read(rows.count);
    const KernelTable<T>& kernels = objective_.kernels();
    const Index batch = options_.batch_size;
    const double batch_bytes = static_cast<double>(batch) * static_cast<double>(data.columns()) *
                               static_cast<double>(data.outputs()) * sizeof(T);
    // waking a team has to pay over all batches, and its meetings over each
    const int wanted =
        threads_for_work(objective_.threads(), batch_bytes * static_cast<double>(rows.count) /
                                                   static_cast<double>(batch));
    const int threads = members_of_batch(parts_, batch_bytes, wanted);
    const Index tile_rows = objective_.blocks(data.X, data.outputs()).tile_rows;
    std::vector<std::unique_ptr<TileReader<T>>> readers;
    for (int member = 0; member < threads; ++member)
        readers.push_back(std::make_unique<TileReader<T>>(kernels, data, tile_rows));
    const LinearModel<T> model{this->coef_.data(), this->intercept_.data(), this->shift()};
    // a batch is fetched while the one before is worked on, or a tile where that is too much
    const bool by_batches = data.bytes_of<T>(batch) <= fetched_batch_bytes;
    const Index rows_ahead = by_batches ? batch : tile_rows;

    const Index batches = (rows.count + batch - 1) / batch;
    for (Index first = 0; first < batches;) {
        const bool averaged = this->averaging();
        const Index count = this->steps_alike(batches - first);
        const Index parts_a_turn = parts_.a_member(threads);
        Rounds rounds(count, (parts_.count() + parts_a_turn - 1) / parts_a_turn);
        run_team(threads, [&](int member, int members) {
            TileReader<T>& reader = *readers[static_cast<std::size_t>(member)];
            const auto sum = [&](Index round, Index turn) {
                const Index b = first + round;
                const Index size = std::min(batch, rows.count - b * batch);
                const Index end = std::min((turn + 1) * parts_a_turn, parts_.count(size));
                for (Index p = turn * parts_a_turn; p < end; ++p) {
                    const Index at = p * parts_.part_rows;
                    const Index length = std::min(parts_.part_rows, size - at);
                    const RowSelection part = rows.part(b * batch + at, length);
                    const Index ahead = b * batch + at + rows_ahead;
                    const RowSelection next =
                        by_batches && part.upcoming != nullptr ? part.upcoming_rows()
                        : ahead < rows.count
                            ? rows.part(ahead, std::min(length, rows.count - ahead))
                            : RowSelection{};
                    T* partial = partial_.data() + p * partial_stride_;
                    std::fill_n(partial, partial_stride_, T(0));
                    sum_part(objective_, reader, data, part, next, model, this->anchor(),
                             1.0 / options_.mean_weight, partial, [](const RowTile<T>&) {});
                }
            };
            const auto finish_round = [&](Index round) {
                const Index b = first + round;
                const Index size = std::min(batch, rows.count - b * batch);
                const BatchStep<T> step =
                    step_of(partial_.data(), parts_.count(size), size, steps_ + round, averaged);
                take_step(intercept_step(step));
                take_step(step);
            };
            rounds.work(member, members, sum, finish_round);
        });
        this->count_steps(count, averaged);
        first += count;
    }
}

template <class T>
void MiniBatch<T>::process_sparse(const Data& data, const RowSelection& rows) {
    data.count_read(rows.count);
    const KernelTable<T>& kernels = objective_.kernels();
    // other steps go on moving columns that no row of the batch has, by no formula here
    const bool rests = options_.update == Update::adagrad && options_.penalty.zero() &&
                       this->anchor().gradient == nullptr;
    const bool lazily = data.X.sparse() && (options_.update == Update::plain || rests);
    if (!lazily) this->end_lazy_steps();
    const Index tile_rows = objective_.blocks(data.X, data.outputs()).tile_rows;
    TileReader<T> reader(kernels, data, tile_rows);
    const LinearModel<T> model{this->coef_.data(), this->intercept_.data(), this->shift()};
    T* sum = partial_.data();
    for (Index begin = 0; begin < rows.count; begin += options_.batch_size) {
        const Index size = std::min(options_.batch_size, rows.count - begin);
        const Index ahead = std::min(begin + tile_rows, rows.count);
        const RowSelection next = rows.part(ahead, std::min(size, rows.count - ahead));
        const bool averaged = this->averaging();
        LazyColumns<T> lazy;
        if (lazily) {
            const T length = this->step_at(steps_);
            this->lazy_steps(averaged, true).take(&length, 1);
            lazy = this->lazy_columns(1, averaged);
        }
        Index touched = 0;
        sum_part(objective_, reader, data, rows.part(begin, size), next, model, this->anchor(),
                 1.0 / options_.mean_weight, sum, [&](const RowTile<T>& tile) {
                     if (!lazily) return;
                     if (touched == 0)
                         touched =
                             std::copy_n(tile.centred, tile.centred_columns, touched_.data()) -
                             touched_.data();
                     touched = kernels.touch(tile, lazy, this->penalty(), this->metric(),
                                             this->anchor().gradient, data.outputs(),
                                             this->coef_.data(), touched_.data(), touched);
                 });
        BatchStep<T> step = step_of(sum, 1, size, steps_, averaged && !lazily);
        if (lazily) {
            step.touched = touched_.data();
            step.touched_count = touched;
            step.total = lazy.total;
        }
        take_step(intercept_step(step));
        take_step(step);
        if (lazily)
            for (Index k = 0; k < data.outputs(); ++k)
                for (Index n = 0; n < touched; ++n) sum[k * data.columns() + touched_[n]] = T(0);
        else
            std::fill_n(sum, data.outputs() * data.columns(), T(0));
        std::fill_n(sum + data.outputs() * data.columns(), data.outputs(), T(0));
        this->count_steps(1, averaged);
    }
}

template <class T>
void MiniBatch<T>::process_in_blocks(const Data& data, const RowSelection& rows) {
    objective_.add_gradient(data, rows,
                            {this->coef_.data(), this->intercept_.data(), this->shift()}, sums_);
    const Anchor<T> anchor = this->anchor();
    if (anchor.coef != nullptr)
        objective_.add_gradient(data, rows, {anchor.coef, anchor.intercept, this->shift()},
                                anchor_sums_);
    rows_in_batch_ += rows.count;
    if (rows_in_batch_ == options_.batch_size) finish_blocks();
}

template <class T>
void MiniBatch<T>::finish_blocks() {
    const auto coef_size = static_cast<std::ptrdiff_t>(sums_.coef.size());
    const double scale = 1.0 / options_.mean_weight;
    for (std::ptrdiff_t j = 0; j < coef_size; ++j)
        partial_[j] = static_cast<T>((sums_.coef[static_cast<std::size_t>(j)] -
                                      anchor_sums_.coef[static_cast<std::size_t>(j)]) *
                                     scale);
    for (std::size_t k = 0; k < sums_.intercept.size(); ++k)
        partial_[coef_size + static_cast<std::ptrdiff_t>(k)] =
            static_cast<T>((sums_.intercept[k] - anchor_sums_.intercept[k]) * scale);
    const bool averaged = this->averaging();
    const BatchStep<T> step = step_of(partial_.data(), 1, rows_in_batch_, steps_, averaged);
    take_step(intercept_step(step));
    take_step(step);
    this->count_steps(1, averaged);
    sums_.clear();
    anchor_sums_.clear();
    rows_in_batch_ = 0;
}

template <class T>
void MiniBatch<T>::end_epoch() {
    if (rows_in_batch_ > 0) finish_blocks();
}

template class MiniBatch<float>;
template class MiniBatch<double>;

}  // namespace fastgd

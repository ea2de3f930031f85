#include "minibatch.hpp"

#include <algorithm>
#include <cmath>
#include <memory>

#include "adaptive.hpp"
#include "parallel.hpp"
#include "tile_reader.hpp"

namespace fastgd {

namespace {

// A batch up to this size is summed part by part.
constexpr double small_batch_bytes = 2.0 * 1024.0 * 1024.0;

// Fewer bytes of a batch than this a thread are not worth two meetings of the team.
constexpr double bytes_per_member = 16.0 * 1024.0;

constexpr Index rounded_up(Index value, Index unit) { return (value + unit - 1) / unit * unit; }

// Sums the gradient of one part of a batch, less that at the anchor; `ahead` are rows to fetch
// meanwhile.
template <class T>
void sum_part(const Objective<T>& objective, TileReader<T>& reader, const Data& data,
              const RowSelection& part, const RowSelection& ahead, const LinearModel<T>& model,
              const Anchor<T>& anchor, double weight_scale, T* sum) {
    const Index outputs = data.outputs();
    const Index coef_size = outputs * data.columns();
    const Index tile_rows = objective.blocks(data.columns(), outputs).tile_rows;
    std::fill_n(sum, coef_size + outputs, T(0));
    for (Index begin = 0; begin < part.count; begin += tile_rows) {
        const Index size = std::min(tile_rows, part.count - begin);
        const RowSelection rows = part.part(begin, size);
        const RowSelection next =
            begin + size <= ahead.count ? ahead.part(begin, size) : RowSelection{};
        RowTile<T> tile = reader.rows(data, rows, next, model.shift);
        tile.backward_follows = true;
        const PointwiseTile<T> targets =
            reader.targets(data, rows, objective.loss_parameters(), weight_scale);
        objective.kernels().forward(tile, model.coef, outputs, model.intercept, reader.z());
        T* derivative = reader.derivative();
        objective.loss().derivative(targets, derivative);
        if (anchor.coef != nullptr) {
            RowTile<T> again = tile;
            again.next = nullptr;
            objective.kernels().forward(again, anchor.coef, outputs, anchor.intercept, reader.z());
            objective.loss().derivative(targets, reader.anchor_derivative());
            for (Index i = 0; i < size * outputs; ++i)
                derivative[i] -= reader.anchor_derivative()[i];
        }
        objective.kernels().backward(tile, derivative, outputs, sum);
        for (Index i = 0; i < size; ++i)
            for (Index k = 0; k < outputs; ++k) sum[coef_size + k] += derivative[i * outputs + k];
    }
}

}  // namespace

template <class T>
MiniBatch<T>::MiniBatch(const Objective<T>& objective, const DescentOptions& options,
                        const Coefficients& start)
    : Stochastic<T>(objective, options, start),
      parts_(BatchParts::of(options.batch_size)),
      partial_stride_(rounded_up(options.outputs * (options.columns + 1), 16)),
      partial_(partial_stride_ * BatchParts::most),
      sums_(options.outputs, options.columns),
      anchor_sums_(options.outputs, options.columns) {
    if (!adaptive(options.update)) return;
    for (const double metric : options.preconditioner.metric)
        unit_.push_back(static_cast<T>(std::sqrt(metric)));
    intercept_unit_.assign(static_cast<std::size_t>(options.outputs),
                           static_cast<T>(std::sqrt(options.preconditioner.intercept_metric)));
}

template <class T>
bool MiniBatch<T>::small() const {
    return static_cast<double>(options_.batch_size) * static_cast<double>(options_.columns) *
               sizeof(T) <=
           small_batch_bytes;
}

template <class T>
Index MiniBatch<T>::rows_to_boundary() const {
    const Index left = options_.batch_size - rows_in_batch_;
    return small() ? left : std::min(left, Blocks::of<T>(options_.columns).block_rows);
}

template <class T>
Index MiniBatch<T>::whole_blocks(Index rows) const {
    if (small()) return rows / options_.batch_size * options_.batch_size;
    const Index left = options_.batch_size - rows_in_batch_;
    if (rows >= left) return left;
    const Index block = Blocks::of<T>(options_.columns).block_rows;
    return rows / block * block;
}

template <class T>
void MiniBatch<T>::process(const Data& data, const RowSelection& rows) {
    if (small())
        process_small(data, rows);
    else
        process_large(data, rows);
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
    if (step.adaptive.square == nullptr)
        result.step = step.step * static_cast<T>(options_.preconditioner.intercept_metric);
    result.metric = nullptr;
    result.penalty = {};
    result.coef = this->intercept_.data();
    if (step.velocity != nullptr) result.velocity = this->intercept_velocity_.data();
    if (step.coef_sum != nullptr) result.coef_sum = this->intercept_sum_.data();
    if (step.adaptive.square != nullptr) {
        result.adaptive.unit = intercept_unit_.data();
        result.adaptive.square = this->intercept_square_.data();
    }
    return result;
}

template <class T>
void MiniBatch<T>::process_small(const Data& data, const RowSelection& rows) {
    data.count_read(rows.count);
    const KernelTable<T>& kernels = objective_.kernels();
    const Index batch = options_.batch_size;
    const double batch_bytes = static_cast<double>(batch) * static_cast<double>(data.columns()) *
                               static_cast<double>(data.outputs()) * sizeof(T);
    const Index parts = parts_.count();
    const int wanted = objective_.threads() > 0 ? objective_.threads() : available_threads();
    const int threads =
        static_cast<int>(std::clamp(static_cast<Index>(batch_bytes / bytes_per_member), Index{1},
                                    std::min<Index>(wanted, parts)));
    std::vector<std::unique_ptr<TileReader<T>>> readers;
    for (int member = 0; member < threads; ++member)
        readers.push_back(std::make_unique<TileReader<T>>(
            kernels, data, objective_.blocks(data.columns(), data.outputs()).tile_rows));
    const LinearModel<T> model{this->coef_.data(), this->intercept_.data(), this->shift()};

    const Index batches = (rows.count + batch - 1) / batch;
    for (Index first = 0; first < batches;) {
        const bool averaged = this->averaging();
        const Index count = this->steps_alike(batches - first);
        const Index parts_a_turn = (parts + threads - 1) / threads;
        Rounds rounds(count, (parts + parts_a_turn - 1) / parts_a_turn);
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
                    const Index ahead = (b + 1) * batch + at;
                    const RowSelection next = part.upcoming != nullptr ? part.upcoming_rows()
                                              : ahead + length <= rows.count
                                                  ? rows.part(ahead, length)
                                                  : RowSelection{};
                    sum_part(objective_, reader, data, part, next, model, this->anchor(),
                             1.0 / options_.mean_weight, partial_.data() + p * partial_stride_);
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
void MiniBatch<T>::process_large(const Data& data, const RowSelection& rows) {
    objective_.add_gradient(data, rows,
                            {this->coef_.data(), this->intercept_.data(), this->shift()}, sums_);
    const Anchor<T> anchor = this->anchor();
    if (anchor.coef != nullptr)
        objective_.add_gradient(data, rows, {anchor.coef, anchor.intercept, this->shift()},
                                anchor_sums_);
    rows_in_batch_ += rows.count;
    if (rows_in_batch_ == options_.batch_size) finish_large();
}

template <class T>
void MiniBatch<T>::finish_large() {
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
    if (rows_in_batch_ > 0) finish_large();
}

template class MiniBatch<float>;
template class MiniBatch<double>;

}  // namespace fastgd

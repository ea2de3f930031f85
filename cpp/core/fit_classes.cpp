#include "fit_classes.hpp"

#include <algorithm>
#include <chrono>
#include <numeric>
#include <span>

#include "columns_in_use.hpp"
#include "fit_run.hpp"
#include "parallel.hpp"
#include "quasi_newton_first.hpp"
#include "row_space.hpp"
#include "whitening_sample.hpp"

namespace fastgd {

namespace {

// Hessians of so many bytes are held at a time.
constexpr double hessian_bytes = 256.0 * 1024.0 * 1024.0;

// Rows that all classes step along one after the other stay in the second cache level meanwhile.
constexpr Index piece_bytes = 512 * 1024;

Data against_rest(Data data, double label) {
    data.binary = true;
    data.positive_label = label;
    return data;
}

template <class T>
class SideBySide {
  public:
    SideBySide(const KernelTable<T>& kernels, const Data& data, std::span<const ClassFit> classes)
        : data_(data) {
        for (const ClassFit& one : classes) {
            runs_.push_back(std::make_unique<FitRun<T>>(
                kernels, one.loss, against_rest(data, one.label), one.options, *one.monitor));
            targets_.push_back({one.label, one.loss.parameters});
        }
    }

    std::vector<FitOutcome> run(std::span<const ClassFit> classes) {
        for (std::size_t k = 0; k < runs_.size(); ++k) running_.push_back(k);
        each([&](std::size_t k) {
            return runs_[k]->begin(classes[k].start, k > 0 ? runs_[0].get() : nullptr);
        });
        evaluate([](const FitRun<T>& run) { return run.measures_start(); });
        each([&](std::size_t k) {
            return !runs_[k]->measures_start() ||
                   runs_[k]->accept_start(k > 0 ? runs_[0].get() : nullptr);
        });
        while (!running_.empty()) {
            each([&](std::size_t k) { return runs_[k]->begin_epoch() && runs_[k]->begin_steps(); });
            if (!running_.empty() && !first().batch()) feed();
            each([&](std::size_t k) { return runs_[k]->end_steps(); });
            evaluate([](const FitRun<T>& run) { return run.measures_epoch(); });
            each([&](std::size_t k) { return runs_[k]->end_epoch(); });
        }
        std::vector<FitOutcome> outcomes;
        for (const auto& run : runs_)
            outcomes.push_back(given_up_ != nullptr ? given_up_->outcome() : run->outcome());
        return outcomes;
    }

    FitRun<T>& fit_of(std::size_t k) { return *runs_[k]; }

  private:
    FitRun<T>& first() { return *runs_[running_.front()]; }

    // Calls `phase` for each class under way; those it is false for are over.
    template <class Phase>
    void each(const Phase& phase) {
        std::vector<std::size_t> left;
        for (const std::size_t k : running_) {
            if (phase(k)) left.push_back(k);
            if (!runs_[k]->abandoned()) continue;
            given_up_ = runs_[k].get();
            running_.clear();
            return;
        }
        running_ = std::move(left);
    }

    // A stochastic epoch of all: a member of the team works on some rows by one of its classes
    // after the other while they are in its cache. A meeting a segment: on a busy machine each may
    // cost a time slice.
    void feed() {
        const Sampler& sampler = first().sampler();
        const Index most = first().rows_a_piece();
        const Index cached = rows_in_cache();
        const int threads = team();
        RowOrder order;
        Index done = 0;
        for (Index s = 0; s < sampler.segments(); ++s) {
            const RowSelection segment = sampler.segment(first().epoch(), s, order);
            for (Index begin = 0; begin < segment.count; begin += most) {
                each([&](std::size_t k) { return runs_[k]->begin_piece(done + begin); });
                if (running_.empty()) return;
                const RowSelection rows =
                    segment.part(begin, std::min(most, segment.count - begin));
                run_team(threads, [&](int member, int members) {
                    for (Index at = 0; at < rows.count; at += cached)
                        for (auto own = static_cast<std::size_t>(member); own < running_.size();
                             own += static_cast<std::size_t>(members))
                            runs_[running_[own]]->consume(
                                rows.part(at, std::min(cached, rows.count - at)));
                });
            }
            done += segment.count;
        }
    }

    // Whole batches, so that none waits for its other rows.
    Index rows_in_cache() {
        const FitOptions& options = first().options();
        const Index unit = options.solver == Solver::minibatch ? options.batch_size : Index{1};
        const Index bytes = std::max(static_cast<Index>(data_.X.row_bytes<T>()), Index{1});
        return std::max(piece_bytes / bytes / unit, Index{1}) * unit;
    }

    // Steps of one row have no other use for threads; batches have, unless each gets classes
    // enough.
    int team() {
        const int threads =
            threads_for_work(first().options().threads, data_.bytes_of<T>(data_.rows()));
        const int classes = static_cast<int>(running_.size());
        if (first().options().solver == Solver::minibatch && classes < threads) return 1;
        return std::min(threads, classes);
    }

    // Of all classes that want it, in one reading of X.
    template <class Wanted>
    void evaluate(const Wanted& wanted) {
        std::vector<FitRun<T>*> runs;
        std::vector<ClassTarget> targets;
        LargeVector<T> coef;
        LargeVector<T> intercept;
        for (const std::size_t k : running_) {
            if (!wanted(*runs_[k])) continue;
            runs.push_back(runs_[k].get());
            targets.push_back(targets_[k]);
            const Coefficients& at = runs_[k]->coefficients();
            coef.insert(coef.end(), at.coef.begin(), at.coef.end());
            intercept.insert(intercept.end(), at.intercept.begin(), at.intercept.end());
        }
        if (runs.empty()) return;
        Data data = data_;
        data.classes = targets;
        const LargeVector<T> shift = Preconditioner::shift_of_kernels<T>(first().shift());
        GradientSums sums(data);
        const bool done = first().objective().add_gradient(
            data, {coef.data(), intercept.data(), shift.empty() ? nullptr : shift.data()},
            [&] { return first().keep_going(); }, sums, of_blocks_);
        if (done)
            for (std::size_t k = 0; k < runs.size(); ++k) runs[k]->take_reading(part_of(sums, k));
        each([&](std::size_t k) { return !runs_[k]->abandoned(); });
    }

    GradientSums part_of(const GradientSums& sums, std::size_t k) const {
        const auto columns = static_cast<std::ptrdiff_t>(data_.columns());
        const auto begin = sums.coef.begin() + static_cast<std::ptrdiff_t>(k) * columns;
        GradientSums part(1, data_.columns());
        part.loss = sums.class_loss[k];
        part.weight = sums.weight;
        part.coef.assign(begin, begin + columns);
        part.intercept[0] = sums.intercept[k];
        return part;
    }

    Data data_;
    std::vector<std::unique_ptr<FitRun<T>>> runs_;
    std::vector<ClassTarget> targets_;
    std::vector<std::size_t> running_;  // in order
    BlockSums of_blocks_;
    FitRun<T>* given_up_ = nullptr;
};

using Clock = std::chrono::steady_clock;

// Of the time left since `began`, if there is a limit, a share.
void share_time(Clock::time_point began, double share, FitOptions& options) {
    if (!options.max_time) return;
    const double spent = std::chrono::duration<double>(Clock::now() - began).count();
    options.max_time = std::max(*options.max_time - spent, 0.0) * share;
}

// Fits that take Hessians: in the space of the rows, where these cost little, one by one.
template <class T>
std::vector<FitOutcome> fit_with_hessians(const KernelTable<T>& kernels, const Data& data,
                                          const std::vector<ClassFit>& group) {
    if (!RowSpace<T>::pays(data, group.front().options))
        return SideBySide<T>(kernels, data, group).run(group);
    const Clock::time_point began = Clock::now();
    std::vector<FitOutcome> outcomes;
    for (ClassFit one : group) {
        share_time(began, 1.0 / static_cast<double>(group.size() - outcomes.size()), one.options);
        outcomes.push_back(fit_in_least_space(kernels, one.loss, against_rest(data, one.label),
                                              one.options, std::move(one.start), *one.monitor));
        const FitOutcome& last = outcomes.back();
        if (last.interrupted || last.non_finite) return std::vector<FitOutcome>(group.size(), last);
    }
    return outcomes;
}

// As `fit_quasi_newton_first`, for each class.
template <class T>
std::vector<FitOutcome> fit_group(const KernelTable<T>& kernels, const Data& data,
                                  const std::vector<ClassFit>& group) {
    const ClassFit& front = group.front();
    if (front.options.quasi_newton_first == 0) return fit_with_hessians(kernels, data, group);
    std::vector<EpochsOfParts> epochs;
    epochs.reserve(group.size());
    std::vector<ClassFit> left = group;
    for (ClassFit& one : left) {
        epochs.emplace_back(*one.monitor);
        one.monitor = &epochs.back();
    }
    std::vector<FitOutcome> outcomes(group.size());
    std::vector<std::size_t> running(group.size());
    std::iota(running.begin(), running.end(), std::size_t{0});
    const auto join = [&](std::size_t k, FitOutcome part) {
        outcomes[k] = epochs[k].joined(outcomes[k], std::move(part));
    };
    for (const double times : kink_widths(front.loss, front.options)) {
        std::vector<ClassFit> parts;
        for (const std::size_t k : running) {
            parts.push_back(left[k]);
            parts.back().loss = with_kinks(left[k].loss, times);
            parts.back().options = quasi_newton_part(left[k].options, left[k].loss, times);
        }
        SideBySide<T> quasi_newton(kernels, data, parts);
        std::vector<FitOutcome> ends = quasi_newton.run(parts);
        if (ends.front().interrupted || ends.front().non_finite)
            return std::vector<FitOutcome>(group.size(), ends.front());
        std::vector<std::size_t> going_on;
        for (std::size_t i = 0; i < running.size(); ++i) {
            const std::size_t k = running[i];
            const bool on = goes_on(quasi_newton.fit_of(i), times, left[k].options, ends[i]);
            if (on) left[k].options = left_after(ends[i], std::move(left[k].options));
            measure_with_kinks(kernels, left[k].loss, times, against_rest(data, left[k].label),
                               left[k].options.threads, ends[i]);
            left[k].start = ends[i].raw;
            join(k, std::move(ends[i]));
            if (!on) continue;
            epochs[k].begin_part(outcomes[k].history.back());
            going_on.push_back(k);
        }
        running = std::move(going_on);
        if (running.empty()) return outcomes;
    }
    std::vector<ClassFit> rest;
    for (const std::size_t k : running) rest.push_back(left[k]);
    std::vector<FitOutcome> ends = fit_with_hessians(kernels, data, rest);
    if (ends.front().interrupted || ends.front().non_finite)
        return std::vector<FitOutcome>(group.size(), ends.front());
    for (std::size_t i = 0; i < running.size(); ++i) join(running[i], std::move(ends[i]));
    return outcomes;
}

std::size_t classes_at_a_time(const Data& data) {
    const double size = static_cast<double>(data.columns()) + 1.0;
    return static_cast<std::size_t>(std::max(hessian_bytes / (8.0 * size * size), 1.0));
}

template <class T>
std::vector<FitOutcome> fit_all_columns(const KernelTable<T>& kernels, const Data& data,
                                        const std::vector<ClassFit>& classes) {
    const Clock::time_point began = Clock::now();
    const std::size_t most = classes_at_a_time(data);
    std::vector<FitOutcome> outcomes;
    while (outcomes.size() < classes.size()) {
        const std::size_t left = classes.size() - outcomes.size();
        const std::size_t count = std::min(most, left);
        const auto begin = classes.begin() + static_cast<std::ptrdiff_t>(outcomes.size());
        std::vector<ClassFit> group(begin, begin + static_cast<std::ptrdiff_t>(count));
        for (ClassFit& one : group)
            share_time(began, static_cast<double>(count) / static_cast<double>(left), one.options);
        for (FitOutcome& one : fit_group(kernels, data, group)) outcomes.push_back(std::move(one));
        if (outcomes.back().interrupted || outcomes.back().non_finite) {
            const FitOutcome last = outcomes.back();
            outcomes.assign(classes.size(), last);
        }
    }
    return outcomes;
}

}  // namespace

template <class T>
std::vector<FitOutcome> fit_classes(const KernelTable<T>& kernels, const Data& data,
                                    const std::vector<ClassFit>& classes) {
    const ColumnsInUse* in_use = data.X.in_use;
    const auto suffices = [&](const ClassFit& one) {
        return in_use->suffice(one.start, one.options.penalty);
    };
    if (in_use == nullptr || !std::all_of(classes.begin(), classes.end(), suffices))
        return fit_all_columns(kernels, data, classes);
    std::vector<ClassFit> own = classes;
    std::vector<MonitorInUse> monitors;
    monitors.reserve(classes.size());
    for (ClassFit& one : own) {
        monitors.emplace_back(*in_use, *one.monitor);
        one.monitor = &monitors.back();
        one.options = in_use->of(std::move(one.options));
        one.start = in_use->of(std::move(one.start));
    }
    std::vector<FitOutcome> outcomes = fit_all_columns(kernels, in_use->of(data), own);
    for (FitOutcome& one : outcomes) one = in_use->onto_all(std::move(one));
    return outcomes;
}

template std::vector<FitOutcome> fit_classes(const KernelTable<float>&, const Data&,
                                             const std::vector<ClassFit>&);
template std::vector<FitOutcome> fit_classes(const KernelTable<double>&, const Data&,
                                             const std::vector<ClassFit>&);

}  // namespace fastgd

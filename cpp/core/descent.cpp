#include "descent.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "batch.hpp"
#include "minibatch.hpp"
#include "sgd.hpp"

namespace fastgd {

template <class T>
Descent<T>::Descent(const Objective<T>& objective, DescentOptions options)
    : objective_(objective),
      options_(std::move(options)),
      steps_(options_.steps_before),
      stage_(objective.kernels()) {
    set_penalty(options_.penalty);
}

template <class T>
void Descent<T>::set_penalty(PenaltyStrength penalty) {
    penalty.box = penalty.box.within<T>();
    options_.penalty = std::move(penalty);
    const PenaltyStrength& own = options_.penalty;
    l1_factor_.assign(own.l1_factor.begin(), own.l1_factor.end());
    l2_factor_.assign(own.l2_factor.begin(), own.l2_factor.end());
    low_.assign(own.box.low.begin(), own.box.low.end());
    high_.assign(own.box.high.begin(), own.box.high.end());
    if (own.box.empty()) return;
    // kernels know bounds beside factors alone
    if (!l1_factor_.empty()) return;
    l1_factor_.assign(static_cast<std::size_t>(options_.columns), T(1));
    l2_factor_ = l1_factor_;
}

template <class T>
Penalty<T> Descent<T>::penalty() const {
    const auto strength = [](double s) { return static_cast<T>(s); };
    if (l1_factor_.empty()) return {strength(options_.penalty.l1), strength(options_.penalty.l2)};
    return {strength(options_.penalty.l1),
            strength(options_.penalty.l2),
            l1_factor_.data(),
            l2_factor_.data(),
            low_.empty() ? nullptr : low_.data(),
            high_.empty() ? nullptr : high_.data()};
}

template <class T>
void Descent<T>::consume(const Data& data, const RowSelection& rows) {
    for (Index done = 0; done < rows.count;) {
        const Index left = rows.count - done;
        const Index boundary = rows_to_boundary();
        if (stage_.size() == 0 && left >= boundary) {
            const Index whole = whole_blocks(left);
            process(data, rows.part(done, whole));
            done += whole;
            continue;
        }
        const Index taken = std::min(boundary - stage_.size(), left);
        stage_.append(data, rows.part(done, taken), boundary);
        done += taken;
        if (stage_.size() == boundary) {
            process(stage_.data(), {nullptr, 0, boundary});
            stage_.clear();
        }
    }
}

template <class T>
void Descent<T>::finish_rows() {
    if (stage_.size() == 0) return;
    process(stage_.data(), {nullptr, 0, stage_.size()});
    stage_.clear();
}

template <class T>
void Descent<T>::finish_epoch() {
    finish_rows();
    end_epoch();
}

template <class T>
std::unique_ptr<Descent<T>> make_descent(Solver solver, const Objective<T>& objective,
                                         DescentOptions options, const Coefficients& start) {
    // per-sample steps with any other update, or of outputs together, are mini-batches of one row
    const bool joint = objective.loss().targets == Targets::classes;
    if (solver == Solver::sgd && options.update == Update::plain && !joint)
        return std::make_unique<Sgd<T>>(objective, std::move(options), start);
    if (solver == Solver::batch) {
        if (adaptive(options.update))
            throw std::invalid_argument("adaptive updates step by mini-batches or rows");
        return std::make_unique<Batch<T>>(objective, std::move(options), start);
    }
    if (solver == Solver::sgd) options.batch_size = 1;
    return std::make_unique<MiniBatch<T>>(objective, std::move(options), start);
}

template class Descent<float>;
template class Descent<double>;
template std::unique_ptr<Descent<float>> make_descent(Solver, const Objective<float>&,
                                                      DescentOptions, const Coefficients&);
template std::unique_ptr<Descent<double>> make_descent(Solver, const Objective<double>&,
                                                       DescentOptions, const Coefficients&);

}  // namespace fastgd

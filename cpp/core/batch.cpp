#include "batch.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "parallel.hpp"

namespace fastgd {

namespace {

double dot(const LargeVector<double>& a, const LargeVector<double>& b,
           const LargeVector<double>& c) {
    double sum = 0.0;
    for (std::size_t j = 0; j < a.size(); ++j) sum += a[j] * (b[j] - c[j]);
    return sum;
}

}  // namespace

template <class T>
Batch<T>::Batch(const Objective<T>& objective, DescentOptions options, const Coefficients& start)
    : Descent<T>(objective, std::move(options)),
      blocks_(options_.stored_a_row > 0
                  ? Blocks::of_sparse<T>(options_.columns, options_.stored_a_row)
                  : Blocks::of<T>(options_.columns)),
      coef_size_(static_cast<std::size_t>(options_.outputs * options_.columns)),
      sums_(options_.outputs, options_.columns) {
    const Preconditioner& preconditioner = options_.preconditioner;
    LargeVector<double> metric(coef_size_ + static_cast<std::size_t>(options_.outputs),
                               preconditioner.intercept_metric);
    const auto columns = static_cast<std::size_t>(options_.columns);
    for (std::size_t first = 0; first < coef_size_; first += columns) {
        double* const own = &metric[first];
        if (preconditioner.identity())
            std::fill_n(own, columns, 1.0);
        else
            std::copy_n(preconditioner.metric.data(), columns, own);
    }
    if (searches())
        lbfgs_ = Lbfgs(std::move(metric), options_.whitened.get(), objective.threads());
    else
        metric_all_ = std::move(metric);
    restart_from(start);
}

template <class T>
void Batch<T>::over_coefficients(FunctionRef<void(std::size_t, std::size_t)> part) const {
    constexpr double bytes = 3.0 * sizeof(double);  // read and written of one
    over_columns(objective_.threads(), coef_size_, bytes, part);
}

template <class T>
void Batch<T>::begin_sums() {
    sums_.clear();
    shift_ = Preconditioner::shift_of_kernels<T>(options_.preconditioner.shift);
    coef_.resize(coef_size_);
    over_coefficients([&](std::size_t begin, std::size_t end) {
        for (std::size_t j = begin; j < end; ++j) coef_[j] = static_cast<T>(point_[j]);
    });
    intercept_.assign(point_.begin() + static_cast<std::ptrdiff_t>(coef_size_), point_.end());
}

template <class T>
void Batch<T>::process(const Data& data, const RowSelection& rows) {
    if (sums_.weight <= 0.0) begin_sums();
    objective_.add_gradient(
        data, rows, {coef_.data(), intercept_.data(), shift_.empty() ? nullptr : shift_.data()},
        sums_);
}

template <class T>
double Batch<T>::value() const {
    return sums_.loss / sums_.weight + options_.penalty.value(std::span(point_).first(coef_size_));
}

template <class T>
void Batch<T>::smooth_gradient(LargeVector<double>& gradient) const {
    gradient.resize(point_.size());
    over_coefficients([&](std::size_t begin, std::size_t end) {
        for (std::size_t j = begin; j < end; ++j)
            gradient[j] = sums_.coef[j] / sums_.weight + options_.penalty.l2_of(j) * point_[j];
    });
    for (std::size_t k = 0; k < sums_.intercept.size(); ++k)
        gradient[coef_size_ + k] = sums_.intercept[k] / sums_.weight;
}

template <class T>
Measure Batch<T>::measure() const {
    return fastgd::measure(sums_, options_.penalty, std::span(point_).first(coef_size_),
                           options_.preconditioner.shift,
                           options_.preconditioner.intercept_metric > 0.0, objective_.threads());
}

template <class T>
LargeVector<double> Batch<T>::moved_along(const LargeVector<double>& gradient, double step) const {
    LargeVector<double> moved(point_.size());
    for (std::size_t j = 0; j < point_.size(); ++j) {
        const double t = step * metric_all_[j];
        moved[j] = point_[j] - t * gradient[j];
        if (j < coef_size_ && options_.penalty.l1 > 0.0)
            moved[j] = soft_threshold(moved[j], t * options_.penalty.l1_of(j));
    }
    options_.penalty.box.project(std::span(moved).first(coef_size_));
    return moved;
}

// Proximal heavy ball (Ochs, Chen, Brox and Pock 2014) and Nesterov's step with it: velocities are
// differences of iterates, so that only the optimum is at rest.
template <class T>
void Batch<T>::step_momentum(const LargeVector<double>& gradient) {
    const bool nesterov = options_.update == Update::nesterov;
    const double rate = this->rate();
    for (std::size_t j = 0; j < point_.size(); ++j) {
        const double t = rate * metric_all_[j];
        const auto proximal = [&](double step) {
            if (j >= coef_size_ || options_.penalty.smooth()) return step;
            const double left = proximal_step(point_[j], step, t * options_.penalty.l1_of(j));
            if (options_.penalty.box.empty()) return left;
            return options_.penalty.box.projected(j, point_[j] + left) - point_[j];
        };
        double move = -t * gradient[j];
        if (nesterov) move = proximal(move);
        previous_[j] = options_.momentum * previous_[j] + move;
        if (!nesterov) previous_[j] = proximal(previous_[j]);
        point_[j] += nesterov ? options_.momentum * previous_[j] + move : previous_[j];
    }
    options_.penalty.box.project(std::span(point_).first(coef_size_));
}

// Momentum that led uphill is undone: back to the lowest point, whose gradient is kept.
template <class T>
void Batch<T>::undo_growth(double value, LargeVector<double>& gradient) {
    const double noise = 4.0 * static_cast<double>(std::numeric_limits<T>::epsilon());
    const bool grown = !(value <= lowest_value_ + noise * std::abs(lowest_value_));
    if (grown && !lowest_point_.empty()) {
        // a plain step downhill that grew the objective was too long
        if (momentum_used_ == 0.0) this->set_rate(0.5 * this->rate());
        point_ = lowest_point_;
        previous_ = lowest_point_;
        gradient = lowest_gradient_;
        momentum_counter_ = 1.0;
        return;
    }
    lowest_point_ = point_;
    lowest_gradient_ = gradient;
    lowest_value_ = value;
}

// Beck and Teboulle 2009; momentum starts anew when the step turns back (O'Donoghue and Candes
// 2015).
template <class T>
void Batch<T>::step_accelerated(const LargeVector<double>& gradient) {
    const LargeVector<double> end = moved_along(gradient, this->rate());
    if (dot(gradient, end, previous_) > 0.0) momentum_counter_ = 1.0;
    const double next = 0.5 * (1.0 + std::sqrt(1.0 + 4.0 * momentum_counter_ * momentum_counter_));
    momentum_used_ = (momentum_counter_ - 1.0) / next;
    for (std::size_t j = 0; j < point_.size(); ++j)
        point_[j] = end[j] + momentum_used_ * (end[j] - previous_[j]);
    options_.penalty.box.project(std::span(point_).first(coef_size_));
    previous_ = end;
    momentum_counter_ = next;
}

template <class T>
void Batch<T>::end_epoch() {
    if (sums_.weight <= 0.0) return;  // no row, or none that weighs: nothing to step along
    smooth_gradient(gradient_);
    if (options_.update == Update::accelerated) undo_growth(value(), gradient_);
    switch (options_.update) {
        case Update::plain: point_ = moved_along(gradient_, this->rate()); break;
        case Update::momentum:
        case Update::nesterov: step_momentum(gradient_); break;
        case Update::accelerated: step_accelerated(gradient_); break;
        case Update::lbfgs: lbfgs_.step(point_, value(), gradient_, this->rate()); break;
        default: break;  // make_descent refuses the others
    }
    ++this->steps_;
    sums_.weight = 0.0;
}

template <class T>
void Batch<T>::read(Coefficients& model) const {
    const auto middle = point_.begin() + static_cast<std::ptrdiff_t>(coef_size_);
    model.coef.assign(point_.begin(), middle);
    model.intercept.assign(middle, point_.end());
}

template <class T>
void Batch<T>::restart_from(const Coefficients& start) {
    point_.reserve(coef_size_ + start.intercept.size());
    point_.assign(start.coef.begin(), start.coef.end());
    point_.insert(point_.end(), start.intercept.begin(), start.intercept.end());
    if (options_.update == Update::accelerated) previous_ = point_;
    if (options_.update == Update::momentum || options_.update == Update::nesterov)
        previous_.assign(point_.size(), 0.0);
    momentum_counter_ = 1.0;
    momentum_used_ = 0.0;
    lowest_value_ = std::numeric_limits<double>::infinity();
    lowest_point_.clear();
    lowest_gradient_.clear();
    lbfgs_.forget();
    sums_.weight = 0.0;
}

template <class T>
DescentState Batch<T>::state() const {
    DescentState state{{"point", point_},
                       {"previous", previous_},
                       {"lowest_point", lowest_point_},
                       {"lowest_gradient", lowest_gradient_},
                       {"scalars",
                        {static_cast<double>(this->steps_), options_.schedule.rate,
                         momentum_counter_, momentum_used_, lowest_value_}}};
    lbfgs_.save(state);
    return state;
}

template <class T>
void Batch<T>::restore(const DescentState& state) {
    point_ = state.at("point");
    previous_ = state.at("previous");
    const LargeVector<double>& scalars = state.at("scalars");
    this->steps_ = static_cast<std::int64_t>(scalars.at(0));
    options_.schedule.rate = scalars.at(1);
    momentum_counter_ = scalars.at(2);
    momentum_used_ = scalars.at(3);
    lowest_value_ = scalars.at(4);
    lowest_point_ = state.at("lowest_point");
    lowest_gradient_ = state.at("lowest_gradient");
    if (searches()) lbfgs_.load(state);
    sums_.weight = 0.0;
}

template class Batch<float>;
template class Batch<double>;

}  // namespace fastgd

#include "row_space.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <memory>
#include <utility>

#include "dot.hpp"
#include "fit_run.hpp"
#include "monitor_onto.hpp"
#include "parallel.hpp"
#include "predict.hpp"
#include "quasi_newton_first.hpp"
#include "tile_reader.hpp"

namespace fastgd {

namespace {

// Columns of all rows that are packed at once.
constexpr double packed_bytes = 16.0 * 1024.0 * 1024.0;

double square(double x) { return x * x; }

// Of a centred row with such a square, `shift` being that of what was taken off: so little is left
// of one that others make up.
template <class T>
double rounding_of(Index rows, double centred, double shift) {
    const double of_sums =
        64.0 * static_cast<double>(rows + 16) * std::numeric_limits<double>::epsilon();
    const double of_numbers = square(8.0 * static_cast<double>(std::numeric_limits<T>::epsilon()));
    return of_sums * centred + of_numbers * (centred + shift);
}

double seconds_since(std::chrono::steady_clock::time_point begin) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

template <class T>
StridedView columns_of(const T* values, Index rows, Index columns) {
    constexpr auto size = static_cast<Index>(sizeof(T));
    return {values, element_type_of<T>, rows, columns, columns * size, size};
}

}  // namespace

template <class T>
bool RowSpace<T>::pays(const Data& data, const FitOptions& options) {
    const PenaltyStrength& penalty = options.penalty;
    return !data.X.sparse() && data.rows() < data.columns() &&
           data.columns() <= most_gram_columns && penalty.smooth() && penalty.l2 > 0.0 &&
           options.rate == Rate::automatic &&
           chosen_precondition(options, true) == Precondition::whiten;
}

template <class T>
RowSpace<T>::RowSpace(const KernelTable<T>& kernels, const Data& data, const FitOptions& options,
                      const ColumnMoments& moments)
    : kernels_(kernels),
      data_(data),
      fit_intercept_(options.fit_intercept),
      threads_(options.threads),
      penalty_(penalty_on_columns(options, moments)) {
    for (std::size_t j = 0; j < moments.mean.size(); ++j) {
        const bool constant = fit_intercept_ && moments.smallest[j] == moments.largest[j];
        shift_T_.push_back(fit_intercept_ ? static_cast<T>(moments.mean[j]) : T(0));
        root_.push_back(constant ? 0.0 : std::sqrt(penalty_.l2 / penalty_.l2_of(j)));
    }
    shift_.assign(shift_T_.begin(), shift_T_.end());
    if (data.weight.data == nullptr) return;
    TileReader<T> reader(kernels, data, 1);
    for (Index i = 0; i < data.rows(); ++i)
        weighs_.push_back(*reader.row_weights(data, {nullptr, i, 1}) > T(0) ? 1.0 : 0.0);
}

template <class T>
std::optional<RowSpace<T>> RowSpace<T>::of(const KernelTable<T>& kernels, const Data& data,
                                           const FitOptions& options,
                                           FunctionRef<bool()> keep_going) {
    const ColumnMoments moments =
        column_moments(kernels, data, {nullptr, 0, data.rows()}, options.threads, keep_going);
    if (moments.non_finite || !keep_going()) return std::nullopt;
    RowSpace space(kernels, data, options, moments);
    const auto finite = [](double x) { return std::isfinite(x); };
    if (!std::all_of(space.root_.begin(), space.root_.end(), finite)) return std::nullopt;
    SymmetricMatrix products = space.inner_products(keep_going);
    if (!keep_going()) return std::nullopt;
    const Index rows = data.rows();
    LargeVector<double> least;
    double shift = 0.0;
    for (std::size_t j = 0; j < space.root_.size(); ++j)
        shift += square(space.root_[j] * space.shift_[j]);
    for (Index i = 0; i < rows; ++i) {
        least.push_back(rounding_of<T>(rows, products.row(i)[i], shift));
        if (!finite(least.back())) return std::nullopt;
    }
    const double work = std::pow(static_cast<double>(rows), 3);
    space.factor_ = Cholesky(std::move(products), 0.0, kernels.add_products,
                             threads_for_work(space.threads_, work), least);
    space.lower_ = Buffer<T>(rows * rows);
    for (Index i = 0; i < rows; ++i)
        for (Index k = 0; k < rows; ++k)
            space.lower_[i * rows + k] = static_cast<T>(space.factor_.upper(k, i));
    return space;
}

template <class T>
SymmetricMatrix RowSpace<T>::inner_products(FunctionRef<bool()> keep_going) const {
    const Index rows = data_.rows();
    const Index columns = data_.columns();
    SymmetricMatrix result(rows);
    const auto most = static_cast<Index>(packed_bytes / sizeof(double)) / result.stride();
    const Index width = std::clamp<Index>(most, 1, columns);
    const Index panel = width * panel_columns;
    Buffer<double> packed(result.panels() * panel);
    const double work = static_cast<double>(rows) * data_.bytes_of<T>(rows);
    const int team = threads_for_work(threads_, work);
    std::vector<std::unique_ptr<TileReader<T>>> readers;
    for (int member = 0; member < team; ++member)
        readers.push_back(std::make_unique<TileReader<T>>(kernels_, data_, panel_columns));

    const auto pack = [&](Index p, Index first, Index last, TileReader<T>& reader) {
        double* to = packed.data() + p * panel;
        std::fill_n(to, panel, 0.0);
        const Index begin = p * panel_columns;
        const Index count = std::min(panel_columns, rows - begin);
        const RowTile<T> tile = reader.rows(data_, {nullptr, begin, count}, {}, nullptr);
        for (Index i = 0; i < count; ++i) {
            if (!weighs(begin + i)) continue;
            for (Index j = first; j < last; ++j) {
                const auto at = static_cast<std::size_t>(j);
                to[(j - first) * panel_columns + i] =
                    root_[at] * (static_cast<double>(tile.row[i][j]) - shift_[at]);
            }
        }
    };
    for (Index first = 0; first < columns && keep_going(); first += width) {
        const Index last = std::min(first + width, columns);
        data_.count_read(rows);
        run_team(team, [&](int member, int members) {
            for (Index p = member; p < result.panels(); p += members)
                pack(p, first, last, *readers[static_cast<std::size_t>(member)]);
        });
        run_team(team, [&](int member, int members) {
            for (Index p = member; p < result.panels(); p += members)
                for (Index q = p; q < result.panels(); ++q)
                    kernels_.add_products(
                        packed.data() + p * panel, packed.data() + q * panel, last - first,
                        result.row(p * panel_columns) + q * panel_columns, result.stride());
        });
    }
    return result;
}

template <class T>
Data RowSpace<T>::of(Data data) const {
    data.X = columns_of(lower_.data(), data.rows(), data.rows());
    return data;
}

template <class T>
FitOptions RowSpace<T>::of(FitOptions options) const {
    options.penalty = PenaltyStrength{.l2 = options.penalty.l2};
    options.penalty_scale = PenaltyScale::raw;
    return options;
}

template <class T>
Coefficients RowSpace<T>::of(const Coefficients& all, FunctionRef<bool()> keep_going) const {
    const auto rows = static_cast<std::size_t>(data_.rows());
    const std::size_t outputs = all.intercept.size();
    Coefficients own{LargeVector<double>(outputs * rows, 0.0), all.intercept};
    if (all.zero()) return own;
    own.intercept = all.onto_shifted(shift_).intercept;
    const LargeVector<T> coef(all.coef.begin(), all.coef.end());
    const LargeVector<T> intercept(outputs, T(0));
    LargeVector<T> predicted(rows * outputs);
    predict(kernels_, data_.X, {coef.data(), intercept.data(), shift_T_.data()},
            static_cast<Index>(outputs), predicted.data(), threads_, keep_going);
    for (std::size_t k = 0; k < outputs; ++k) {
        LargeVector<double> of_rows(rows);
        for (std::size_t i = 0; i < rows; ++i)
            of_rows[i] = weighs(static_cast<Index>(i)) ? predicted[i * outputs + k] : 0.0;
        factor_.solve_transposed(of_rows);
        std::copy(of_rows.begin(), of_rows.end(), own.coef.begin() + std::ptrdiff_t(k * rows));
    }
    return own;
}

// The gradient of squared errors with targets -a where all is predicted 0 is X^T a.
template <class T>
Coefficients RowSpace<T>::onto_all(const Coefficients& own) const {
    const auto rows = static_cast<std::size_t>(data_.rows());
    const auto columns = static_cast<std::size_t>(data_.columns());
    const std::size_t outputs = own.intercept.size();
    LargeVector<double> targets(rows * outputs);
    for (std::size_t k = 0; k < outputs; ++k) {
        const auto begin = own.coef.begin() + std::ptrdiff_t(k * rows);
        LargeVector<double> share(begin, begin + std::ptrdiff_t(rows));
        factor_.solve_upper(share);
        for (std::size_t i = 0; i < rows; ++i) targets[i * outputs + k] = -share[i];
    }
    Data data = data_;
    data.y = columns_of(targets.data(), data.rows(), static_cast<Index>(outputs));
    data.weight = {};
    if (!weighs_.empty()) data.weight = columns_of(weighs_.data(), data.rows(), 1);
    data.offset = {};
    data.binary = false;
    const LargeVector<T> zeros(outputs * columns, T(0));
    GradientSums sums(data);
    const Objective<T> squares(kernels_, {find_loss(kernels_, "squared_error")}, threads_);
    squares.add_gradient(data, {nullptr, 0, data.rows()},
                         {zeros.data(), zeros.data(), shift_T_.data()}, sums);
    Coefficients all{std::move(sums.coef), own.intercept};
    for (std::size_t at = 0; at < all.coef.size(); ++at) {
        const double root = root_[at % columns];
        // as the caller gets them: the intercept makes up for digits lost
        all.coef[at] = static_cast<double>(static_cast<T>(root * root * all.coef[at]));
    }
    return std::move(all).onto_raw(shift_);
}

template <class T>
Measure RowSpace<T>::measure_at(const Coefficients& all, const LossSpec& loss) const {
    const Coefficients at = all.onto_shifted(shift_);
    const LargeVector<T> coef(at.coef.begin(), at.coef.end());
    const LargeVector<T> intercept(at.intercept.begin(), at.intercept.end());
    GradientSums sums(data_);
    Objective<T>(kernels_, loss, threads_)
        .add_gradient(data_, {nullptr, 0, data_.rows()},
                      {coef.data(), intercept.data(), shift_T_.data()}, sums);
    return measure(sums, penalty_, at.coef, shift_, fit_intercept_, threads_);
}

template <class T>
FitOutcome fit_in_least_space(const KernelTable<T>& kernels, const LossSpec& loss, const Data& data,
                              const FitOptions& options, Coefficients start, FitMonitor& monitor) {
    const auto on_columns = [&](const FitOptions& asked, Coefficients from, FitMonitor& told) {
        return FitRun<T>(kernels, loss, data, asked, told).run(std::move(from));
    };
    if (!RowSpace<T>::pays(data, options)) return on_columns(options, std::move(start), monitor);
    const auto begin = std::chrono::steady_clock::now();
    const auto go_on = [&] { return !monitor.interrupted(); };
    Index rows_read = 0;
    Data counted = data;
    counted.rows_read = &rows_read;
    const auto space = RowSpace<T>::of(kernels, counted, options, go_on);
    if (!space) return on_columns(options, std::move(start), monitor);

    FitOptions in_space = space->of(options);
    if (in_space.max_time)
        *in_space.max_time = std::max(*in_space.max_time - seconds_since(begin), 0.0);
    EpochsOfParts epochs(monitor);
    MonitorOnto onto_all(*space, static_cast<FitMonitor&>(epochs));
    FitOutcome outcome =
        FitRun<T>(kernels, loss, space->of(data), in_space, onto_all).run(space->of(start, go_on));
    if (outcome.interrupted || outcome.non_finite) return outcome;
    outcome.raw = space->onto_all(outcome.raw);
    outcome.dependent.clear();
    outcome.told_apart.clear();
    const Measure measured = space->measure_at(outcome.raw, loss);
    const double reached = std::exchange(outcome.measure.objective, measured.objective);
    outcome.measure.gradient_norm = measured.gradient_norm;
    outcome.passes += static_cast<double>(rows_read) / static_cast<double>(data.rows());
    const double tolerance = std::max(
        options.tol.value_or(0.0), 64.0 * static_cast<double>(std::numeric_limits<T>::epsilon()));
    const bool holds = measured.objective <= reached + tolerance * std::abs(reached);
    if (holds || outcome.status != Status::converged || outcome.epochs == options.max_iter)
        return outcome;
    epochs.begin_part(outcome.history.back());
    return epochs.joined(outcome, on_columns(left_after(outcome, options), outcome.raw, epochs));
}

template class RowSpace<float>;
template class RowSpace<double>;
template FitOutcome fit_in_least_space(const KernelTable<float>&, const LossSpec&, const Data&,
                                       const FitOptions&, Coefficients, FitMonitor&);
template FitOutcome fit_in_least_space(const KernelTable<double>&, const LossSpec&, const Data&,
                                       const FitOptions&, Coefficients, FitMonitor&);

}  // namespace fastgd

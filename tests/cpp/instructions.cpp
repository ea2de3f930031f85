// Fixed pieces of work on one thread, whose instructions check_instructions.py counts: by name, or
// the list of names.
#include <cstdio>
#include <string_view>

#include "core/fit.hpp"
#include "core/gram.hpp"
#include "core/predict.hpp"
#include "dispatch/dispatch.hpp"
#include "sparse_problem.hpp"

// What is counted, by this name: nothing before it, nothing after.
extern "C" [[gnu::noinline]] void counted(fastgd::FunctionRef<void()> work) { work(); }

namespace fastgd::testing {
namespace {

// Called where no compiler sees what for, so that it makes no copies of other names.
void (*volatile count)(FunctionRef<void()>) = counted;

constexpr Index rows = 2048;
constexpr Index few_rows = 256;  // of many columns

class Nobody final : public FitMonitor {
  public:
    bool interrupted() override { return false; }
    EpochAnswer epoch_done(const EpochReport&, FunctionRef<Coefficients()>) override { return {}; }
    double rate_of(double) override { return 0.0; }
};

template <class T>
Problem<T> problem_for(const char* loss, Index columns, Index outputs = 1) {
    Numbers numbers(1);
    const LossKernels<T>& kernels =
        selected_kernels<T>().losses[find_loss(selected_kernels<T>(), loss)];
    Problem<T> problem = make_problem<T>(numbers, columns > 1000 ? few_rows : rows, columns,
                                         outputs, kind_for(kernels));
    if (kernels.targets != Targets::classes) return problem;
    for (std::size_t at = 0; at < problem.y.size(); ++at)
        problem.y[at] = static_cast<T>(at / static_cast<std::size_t>(outputs * 7) %
                                       static_cast<std::size_t>(outputs));
    problem.binary = true;
    return problem;
}

template <class T>
Objective<T> objective_of(const char* loss) {
    return {selected_kernels<T>(), {find_loss(selected_kernels<T>(), loss)}, 1};
}

template <class T>
void count_gradient(const char* loss, const Data& data) {
    const Objective<T> objective = objective_of<T>(loss);
    Numbers numbers(2);
    const LargeVector<T> coef = numbers.normals<T>(data.outputs() * data.columns());
    const LargeVector<T> intercept(static_cast<std::size_t>(data.outputs()));
    GradientSums sums(data);
    count([&] {
        objective.add_gradient(data, {nullptr, 0, data.rows()}, {coef.data(), intercept.data()},
                               sums);
    });
}

template <class T>
void gradient(const char* loss, Index columns, Index outputs = 1) {
    const Problem<T> problem = problem_for<T>(loss, columns, outputs);
    count_gradient<T>(loss, problem.data());
}

// Rows of numbers of another type, or column by column.
template <class T>
void packed_gradient(bool by_columns) {
    const Problem<float> problem = problem_for<float>("squared_error", 100);
    LargeVector<T> X(problem.X.size());
    const std::size_t columns = 100;
    for (std::size_t i = 0; i < rows; ++i)
        for (std::size_t j = 0; j < columns; ++j)
            X[by_columns ? j * rows + i : i * columns + j] =
                static_cast<T>(10.0F * std::abs(problem.X[i * columns + j]));
    Data data = problem.data();
    StridedView view = view_of(X, rows, 100);
    if (by_columns) {
        view.row_stride = sizeof(T);
        view.column_stride = rows * static_cast<Index>(sizeof(T));
    }
    data.X = view;
    count_gradient<float>("squared_error", data);
}

FitOptions one_epoch(Solver solver) {
    FitOptions options;
    options.solver = solver;
    options.rate = Rate::constant;
    options.eta0 = 1e-4;
    options.precondition = Precondition::none;
    options.max_iter = 1;
    options.threads = 1;
    options.penalty = PenaltyStrength::of(1e-3, 0.0);
    return options;
}

template <class T>
void count_fit(const char* loss, const Data& data, const FitOptions& options) {
    const KernelTable<T>& kernels = selected_kernels<T>();
    Coefficients start;
    start.coef.resize(static_cast<std::size_t>(data.outputs() * data.columns()));
    start.intercept.resize(static_cast<std::size_t>(data.outputs()));
    Nobody nobody;
    count([&] { fit(kernels, {find_loss(kernels, loss)}, data, options, start, nobody); });
}

template <class T>
void epoch(const char* loss, Solver solver) {
    const Problem<T> problem = problem_for<T>(loss, 100);
    count_fit<T>(loss, problem.data(), one_epoch(solver));
}

// About a tenth of the columns in a row.
template <class Work>
void on_sparse_rows(Work work) {
    Problem<double> problem = problem_for<double>("log_loss", 300);
    Numbers numbers(3);
    for (double& x : problem.X)
        if (numbers.uniform(0, 1) > 0.1) x = 0.0;
    const SparseRows<double> sparse(problem, sparse_kinds[0], numbers);
    work(with_rows(problem, sparse));
}

void sparse_epoch(double l1_ratio) {
    on_sparse_rows([&](const Data& data) {
        FitOptions options = one_epoch(Solver::sgd);
        options.penalty = PenaltyStrength::of(1e-3, l1_ratio);
        count_fit<double>("log_loss", data, options);
    });
}

void second_moments() {
    const Problem<double> problem = problem_for<double>("log_loss", 100);
    const Objective<double> objective = objective_of<double>("log_loss");
    const LargeVector<double> scale(100, 1.0);
    const LargeVector<double> shift(100, 0.0);
    Gram gram(100);
    count([&] {
        add_gram<double>(objective, problem.data(), problem.all(), 1.0, nullptr, {scale, shift},
                         keep_going, gram);
    });
}

void predictions() {
    const Problem<float> problem = problem_for<float>("squared_error", 100);
    const std::vector<float> coef(100, 0.5F);
    const float intercept = 0.0F;
    std::vector<float> out(rows);
    const LinearModel<float> model{coef.data(), &intercept};
    count([&] {
        predict(selected_kernels<float>(), problem.data().X, model, 1, out.data(), 1, keep_going);
    });
}

struct Work {
    const char* name;
    void (*run)();
};

constexpr Work works[] = {
    {"gradient, float64, 100 columns, log loss", [] { gradient<double>("log_loss", 100); }},
    {"gradient, float32, 100 columns, log loss", [] { gradient<float>("log_loss", 100); }},
    {"gradient, float32, 10 columns", [] { gradient<float>("squared_error", 10); }},
    {"gradient, float64, 4,096 columns", [] { gradient<double>("squared_error", 4096); }},
    {"gradient, float64, softmax of 10", [] { gradient<double>("softmax", 100, 10); }},
    {"gradient, uint8", [] { packed_gradient<std::uint8_t>(false); }},
    {"gradient, float32 by columns", [] { packed_gradient<float>(true); }},
    {"gradient, sparse",
     [] { on_sparse_rows([](const Data& data) { count_gradient<double>("log_loss", data); }); }},
    {"per-sample, float64, log loss", [] { epoch<double>("log_loss", Solver::sgd); }},
    {"per-sample, float32", [] { epoch<float>("squared_error", Solver::sgd); }},
    {"per-sample, sparse, l2", [] { sparse_epoch(0.0); }},
    {"per-sample, sparse, l1", [] { sparse_epoch(1.0); }},
    {"mini-batch, float32", [] { epoch<float>("squared_error", Solver::minibatch); }},
    {"second moments, float64, log loss", second_moments},
    {"predictions, float32", predictions},
};

int run(int given, char** arguments) {
    for (const Work& work : works) {
        if (given == 1) std::printf("%s\n", work.name);
        if (given != 2 || work.name != std::string_view(arguments[1])) continue;
        work.run();
        return 0;
    }
    return given == 1 ? 0 : 2;
}

}  // namespace
}  // namespace fastgd::testing

int main(int given, char** arguments) { return fastgd::testing::run(given, arguments); }

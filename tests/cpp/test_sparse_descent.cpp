// Stochastic descent on sparse rows: the iterates of the same rows with their zeros, whatever
// chunks they come in and wherever a state is taken.
#include <algorithm>

#include "check.hpp"
#include "core/descent.hpp"
#include "core/fit.hpp"
#include "core/stochastic.hpp"
#include "levels.hpp"
#include "sparse_problem.hpp"

namespace fastgd::testing {
namespace {

struct Kind {
    const char* name;
    Solver solver = Solver::sgd;
    Update update = Update::plain;
    Index batch_size = 16;
    bool average = false;
    Index average_after = 0;
    bool scaled = false;
    double l1 = 0.0;
    double l2 = 0.0;
    Schedule::Kind schedule = Schedule::Kind::held;
    bool anchored = false;
    bool bounded = false;
};

constexpr auto invscaling = Schedule::Kind::invscaling;
constexpr auto passive_aggressive_1 = Schedule::Kind::passive_aggressive_1;
constexpr auto passive_aggressive_2 = Schedule::Kind::passive_aggressive_2;
const Kind kinds[] = {
    {.name = "sgd"},
    {.name = "sgd scaled", .scaled = true, .l1 = 0.01, .l2 = 0.1},
    {.name = "sgd averaged", .average = true, .l2 = 0.01},
    {.name = "sgd averaged late",
     .average = true,
     .average_after = 333,
     .scaled = true,
     .l1 = 0.01},
    {.name = "sgd invscaling", .l1 = 0.01, .l2 = 0.1, .schedule = invscaling},
    {.name = "sgd invscaling, averaged", .average = true, .l2 = 0.1, .schedule = invscaling},
    {.name = "sgd anchored", .scaled = true, .l2 = 0.01, .anchored = true},
    {.name = "sgd anchored, plain", .anchored = true},
    {.name = "sgd in bounds", .l1 = 0.01, .bounded = true},
    {.name = "passive-aggressive", .schedule = passive_aggressive_1},
    {.name = "passive-aggressive, ridge", .l2 = 0.5, .schedule = passive_aggressive_1},
    {.name = "passive-aggressive, elastic net",
     .l1 = 0.1,
     .l2 = 0.5,
     .schedule = passive_aggressive_1},
    {.name = "passive-aggressive in bounds", .schedule = passive_aggressive_1, .bounded = true},
    {.name = "passive-aggressive averaged",
     .average = true,
     .average_after = 333,
     .l1 = 0.1,
     .schedule = passive_aggressive_1},
    {.name = "passive-aggressive, damped", .l1 = 0.1, .schedule = passive_aggressive_2},
    {.name = "passive-aggressive, damped, averaged",
     .average = true,
     .l2 = 0.5,
     .schedule = passive_aggressive_2},
    {.name = "minibatch", .solver = Solver::minibatch},
    {.name = "minibatch scaled",
     .solver = Solver::minibatch,
     .scaled = true,
     .l1 = 0.01,
     .l2 = 0.1},
    {.name = "minibatch averaged",
     .solver = Solver::minibatch,
     .batch_size = 3,
     .average = true,
     .average_after = 20,
     .l2 = 0.1},
    {.name = "minibatch invscaling",
     .solver = Solver::minibatch,
     .average = true,
     .scaled = true,
     .l1 = 0.01,
     .l2 = 0.1,
     .schedule = invscaling},
    {.name = "minibatch anchored",
     .solver = Solver::minibatch,
     .scaled = true,
     .l1 = 0.001,
     .l2 = 0.1,
     .anchored = true},
    {.name = "minibatch in bounds", .solver = Solver::minibatch, .l2 = 0.1, .bounded = true},
    {.name = "minibatch of all", .solver = Solver::minibatch, .batch_size = 5000, .l2 = 0.1},
    {.name = "momentum", .solver = Solver::minibatch, .update = Update::momentum, .l1 = 0.01},
    {.name = "nesterov",
     .solver = Solver::minibatch,
     .update = Update::nesterov,
     .average = true,
     .scaled = true,
     .l2 = 0.1},
    {.name = "adagrad",
     .solver = Solver::minibatch,
     .update = Update::adagrad,
     .scaled = true,
     .l2 = 0.1},
    {.name = "adagrad, averaged",
     .solver = Solver::minibatch,
     .update = Update::adagrad,
     .average = true,
     .average_after = 20,
     .scaled = true},
    {.name = "adagrad anchored",
     .solver = Solver::minibatch,
     .update = Update::adagrad,
     .anchored = true},
    {.name = "adam", .solver = Solver::minibatch, .update = Update::adam, .l1 = 0.01},
    {.name = "adamw by row", .update = Update::adamw, .average = true, .l2 = 0.1},
};

template <class T>
DescentOptions options_for(const Kind& kind, const Problem<T>& problem) {
    DescentOptions options;
    options.columns = problem.columns;
    options.outputs = problem.outputs;
    options.batch_size = kind.batch_size;
    options.update = kind.update;
    options.momentum = 0.7;
    options.penalty = {kind.l1, kind.l2};
    options.schedule = {.kind = kind.schedule, .rate = 0.02, .power = 0.25};
    options.average = kind.average;
    options.average_after = kind.average_after;
    options.preconditioner = Preconditioner::none(true);
    if (kind.bounded)
        for (Index j = 0; j < problem.columns * problem.outputs; ++j) {
            options.penalty.box.low.push_back(-0.03);
            options.penalty.box.high.push_back(j % 2 == 0 ? 0.02 : 0.5);
        }
    if (kind.scaled)
        for (Index j = 0; j < problem.columns; ++j) {
            const bool centred = j > problem.columns / 2 && j % 3 == 0;
            options.preconditioner.shift.push_back(centred ? 0.25 : 0.0);
            options.preconditioner.metric.push_back(0.5 + 0.25 * static_cast<double>(j % 4));
        }
    return options;
}

template <class T>
Coefficients start_of(const Problem<T>& problem) {
    return {LargeVector<double>(static_cast<std::size_t>(problem.outputs * problem.columns)),
            LargeVector<double>(static_cast<std::size_t>(problem.outputs))};
}

// An anchor and the sums there: any will do, as long as both descents have them.
template <class T>
void set_anchor(Descent<T>& descent, const Problem<T>& problem) {
    Numbers numbers(5);
    Coefficients anchor = start_of(problem);
    GradientSums sums(problem.outputs, problem.columns);
    sums.weight = 1.0;
    for (double& c : anchor.coef)
        c = static_cast<double>(static_cast<float>(numbers.uniform(-1, 1)));
    for (double& g : sums.coef) g = numbers.uniform(-0.2, 0.2);
    for (double& g : sums.intercept) g = numbers.uniform(-0.2, 0.2);
    static_cast<Stochastic<T>&>(descent).anchor_at(anchor, sums, descent.coefficients());
}

template <class T>
void check_kind(const KernelTable<T>& kernels, const Kind& kind, Index outputs) {
    constexpr Index rows = 531, columns = 37;
    Numbers numbers(3);
    Problem<T> problem = sparse_problem<T>(numbers, rows, columns, outputs);
    // some rows store nothing
    for (Index i = 3; i < rows; i += 21) problem.X[static_cast<std::size_t>(i * columns + 1)] = 0;
    const SparseRows<T> stored(problem, sparse_kinds[0], numbers);
    const Data dense = problem.data();
    const Data sparse = with_rows(problem, stored);
    const Schedule rule{.kind = kind.schedule};
    const char* name = rule.passive_aggressive() ? "epsilon_insensitive" : "squared_error";
    const Objective<T> objective(kernels, {find_loss(kernels, name)}, 1);
    DescentOptions options = options_for(kind, problem);
    const auto make = [&](bool on_sparse) {
        options.stored_a_row = on_sparse ? sparse.X.stored_a_row : 0;
        return make_descent(kind.solver, objective, options, start_of(problem));
    };
    const auto epochs = [&](Descent<T>& descent, const Data& data, Index longest) {
        for (int epoch = 0; epoch < 3; ++epoch) {
            if (epoch == 1 && kind.anchored) set_anchor(descent, problem);
            if (epoch == 2) descent.set_rate(0.5 * descent.rate());
            for (Index begin = 0; begin < rows;) {
                const Index size = std::min(1 + numbers.below(longest), rows - begin);
                descent.consume(data, {nullptr, begin, size});
                begin += size;
                if (longest < rows) static_cast<void>(descent.coefficients());
            }
            descent.finish_epoch();
        }
        return descent.coefficients();
    };
    const auto on_dense = make(false), whole = make(true), chunked = make(true),
               resumed = make(true);
    const Coefficients expected = epochs(*on_dense, dense, rows);
    const Coefficients found = epochs(*whole, sparse, rows);
    const std::string says = std::string(kind.name) + " " + kernels.isa;
    double furthest = 0.0;
    for (std::size_t at = 0; at < expected.coef.size(); ++at)
        furthest = std::fmax(furthest, std::abs(found.coef[at] - expected.coef[at]));
    for (std::size_t k = 0; k < expected.intercept.size(); ++k)
        furthest = std::fmax(furthest, std::abs(found.intercept[k] - expected.intercept[k]));
    check(furthest < 2000.0 * static_cast<double>(std::numeric_limits<T>::epsilon()), says, ": ",
          furthest);
    check(epochs(*chunked, sparse, 90).coef == found.coef, says, " in chunks");
    if (kind.anchored) return;  // is part of no state
    // 96 rows make whole batches of 16 and of 3; a batch of all waits for its end
    const Index part = kind.batch_size > rows ? rows : 96;
    const auto begin_epoch = make(true);
    begin_epoch->consume(sparse, {nullptr, 0, part});
    if (part == rows) begin_epoch->finish_epoch();
    resumed->restore(begin_epoch->state());
    for (Descent<T>* descent : {begin_epoch.get(), resumed.get()}) {
        descent->consume(sparse, {nullptr, 0, rows});
        descent->finish_epoch();
    }
    check(resumed->coefficients().coef == begin_epoch->coefficients().coef, says, " resumed");
}

void as_on_rows_with_zeros() {
    each_precision([](const auto& kernels) {
        for (const Kind& kind : kinds)
            for (const Index outputs : {1, 2}) check_kind(kernels, kind, outputs);
    });
}

class QuietMonitor final : public FitMonitor {
  public:
    bool interrupted() override { return false; }
    EpochAnswer epoch_done(const EpochReport&, FunctionRef<Coefficients()>) override { return {}; }
    double rate_of(double epoch) override { return 0.05 / (1.0 + epoch); }
};

// Whole fits, whose anchors, averages and rates follow each other as they do for users. Columns of
// sparse rows may be centred otherwise: then the optimum alone is the same.
void fits_end_where_those_of_dense_rows_do() {
    each_precision([](const auto& kernels) {
        using T = Number<decltype(kernels)>;
        Numbers numbers(9);
        const auto problem = sparse_problem<T>(numbers, 3000, 23, 1, {.binary = true});
        const SparseRows<T> stored(problem, sparse_kinds[0], numbers);
        const LossSpec loss{find_loss(kernels, "log_loss")};
        const Coefficients start{LargeVector<double>(23), {0.0}};
        for (const Solver solver : {Solver::sgd, Solver::minibatch})
            for (const Rate rate : {Rate::automatic, Rate::invscaling, Rate::schedule})
                for (const double l1 : {0.0, 0.002}) {
                    FitOptions options;
                    options.solver = solver;
                    options.batch_size = 20;
                    options.penalty = {l1, 0.01};
                    options.rate = rate;
                    options.max_iter = rate == Rate::automatic ? 60 : 4;
                    if (rate == Rate::automatic) options.tol = 1e-7;
                    options.threads = 1;
                    // shuffled by bytes a row, rows of the two would come in another order
                    options.shuffle = Shuffle::none;
                    QuietMonitor monitor;
                    const auto objective_of = [&](const Data& data) {
                        return fit(kernels, loss, data, options, start, monitor).measure.objective;
                    };
                    const double dense = objective_of(problem.data());
                    const double sparse = objective_of(with_rows(problem, stored));
                    const double most = rate == Rate::automatic || sizeof(T) == 4 ? 1e-5 : 1e-9;
                    check(std::abs(sparse - dense) < most * dense, kernels.isa, " solver ",
                          static_cast<int>(solver), " rate ", static_cast<int>(rate), " l1 ", l1,
                          ": ", sparse, ", dense ", dense);
                }
    });
}

}  // namespace
}  // namespace fastgd::testing

int main(int argc, char** argv) {
    using namespace fastgd::testing;
    return run({{"as on rows with zeros", as_on_rows_with_zeros},
                {"fits end where those of dense rows do", fits_end_where_those_of_dense_rows_do}},
               argc, argv);
}

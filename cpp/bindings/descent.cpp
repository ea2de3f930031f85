// Descent: the resumable fit, fed chunk by chunk.
#include "../core/descent.hpp"

#include "../core/stream_steps.hpp"
#include "problem.hpp"
#include "topics.hpp"

namespace fastgd::bindings {

namespace {

// One descent with the objective it needs: on raw columns or, once told of the first rows, in the
// metric and with the step that these ask for.
template <class T>
class BoundDescent {
  public:
    BoundDescent(const std::string& loss, const BoundParameters& parameters,
                 const FitOptions& options, const py::array_t<double>& coef,
                 const py::array_t<double>& intercept)
        : loss_(loss, parameters),
          objective_(selected_kernels<T>(), loss_.spec(std::is_same_v<T, float>), options.threads),
          options_(options) {
        if (penalises_deviations(options))
            throw py::value_error("penalty_scale: rows still to come tell no deviation of columns");
        outputs_ = coef.shape(0);
        columns_ = coef.shape(1);
        check_penalty(options.penalty, outputs_, columns_);
        start_ = coefficients_of(coef, intercept, outputs_, columns_);
        options_.penalty.box = options_.penalty.box.template within<T>();
        options_.penalty.box.project(start_.coef);
        begin({Preconditioner::none(options.fit_intercept), options.eta0});
    }

    // Takes from the first rows, before they are consumed, what the options leave open.
    void adapt_to(const py::object& X, const py::array& y,
                  const std::optional<py::array>& sample_weight,
                  std::optional<double> positive_label) {
        const Data data = data_of(X, y, sample_weight, std::nullopt, positive_label);
        stored_a_row_ = data.X.stored_a_row;
        {
            const py::gil_scoped_release released;
            begin(stream_steps(objective_, data, options_));
        }
        loss_.rethrow();
    }

    void consume(const py::object& X, const py::array& y,
                 const std::optional<py::array>& sample_weight,
                 const std::optional<py::array>& offset, std::optional<double> positive_label) {
        const Data data = data_of(X, y, sample_weight, offset, positive_label);
        if (data.columns() != columns_ || data.outputs() != outputs_)
            throw py::value_error("X and y must have the columns the descent was made for");
        {
            const py::gil_scoped_release released;
            descent_->consume(data, {nullptr, 0, data.rows()});
        }
        loss_.rethrow();
    }

    void finish_epoch() {
        const py::gil_scoped_release released;
        descent_->finish_epoch();
    }

    py::tuple coefficients() const {
        Coefficients now = descent_->coefficients();
        // as the caller gets them: the intercept makes up for no digits that he does not
        for (double& w : now.coef) w = static_cast<double>(static_cast<T>(w));
        now = now.onto_raw(preconditioner_.shift);
        return py::make_tuple(matrix_of(now.coef, outputs_), vector_of(now.intercept));
    }

    // Chunks that end on these rows, counted from the first, leave none waiting.
    Index block_rows() const {
        return options_.solver == Solver::minibatch ? options_.batch_size : sgd_block_rows;
    }

    DescentState state() const {
        DescentState state = descent_->state();
        state["shift"] = preconditioner_.shift;
        state["metric"] = preconditioner_.metric;
        state["intercept_metric"] = {preconditioner_.intercept_metric};
        state["stored_a_row"] = {static_cast<double>(stored_a_row_)};
        return state;
    }

    // A step size of the caller's stays that of the options.
    void restore(const DescentState& state) {
        stored_a_row_ = static_cast<Index>(state.at("stored_a_row").at(0));
        begin({{.shift = state.at("shift"),
                .metric = state.at("metric"),
                .intercept_metric = state.at("intercept_metric").at(0)},
               options_.eta0});
        descent_->restore(state);
        if (options_.rate != Rate::automatic) descent_->set_rate(options_.eta0);
    }

  private:
    void begin(const StreamSteps& steps) {
        preconditioner_ = steps.preconditioner;
        DescentOptions d = descent_options(options_, columns_, outputs_);
        d.preconditioner = preconditioner_;
        d.stored_a_row = stored_a_row_;
        d.schedule.rate = steps.rate;
        descent_ = make_descent(options_.solver, objective_, d,
                                start_.onto_shifted(preconditioner_.shift));
    }

    CalledLoss loss_;
    Objective<T> objective_;
    FitOptions options_;
    Preconditioner preconditioner_;
    Coefficients start_;
    Index columns_ = 0;
    Index outputs_ = 0;
    Index stored_a_row_ = 0;  // of the first rows
    std::unique_ptr<Descent<T>> descent_;
};

template <class T>
void register_as(py::module_& module, const char* name) {
    py::class_<BoundDescent<T>>(module, name)
        .def(py::init<const std::string&, const BoundParameters&, const FitOptions&,
                      const py::array_t<double>&, const py::array_t<double>&>(),
             py::arg("loss"), py::arg("parameters"), py::arg("options"), py::arg("coef"),
             py::arg("intercept"))
        .def("adapt_to", &BoundDescent<T>::adapt_to, py::arg("X"), py::arg("y").noconvert(),
             py::arg("sample_weight") = py::none(), py::arg("positive_label") = py::none())
        .def("consume", &BoundDescent<T>::consume, py::arg("X"), py::arg("y").noconvert(),
             py::arg("sample_weight") = py::none(), py::arg("offset") = py::none(),
             py::arg("positive_label") = py::none())
        .def("finish_epoch", &BoundDescent<T>::finish_epoch)
        .def("coefficients", &BoundDescent<T>::coefficients)
        .def("block_rows", &BoundDescent<T>::block_rows)
        .def("state", &BoundDescent<T>::state)
        .def("restore", &BoundDescent<T>::restore, py::arg("state"));
}

}  // namespace

void register_descent(py::module_& module) {
    register_as<float>(module, "DescentFloat32");
    register_as<double>(module, "DescentFloat64");
}

}  // namespace fastgd::bindings

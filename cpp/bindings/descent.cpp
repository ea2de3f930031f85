// Descent: the resumable fit, fed chunk by chunk.
#include "../core/descent.hpp"

#include "../core/fit.hpp"
#include "problem.hpp"
#include "topics.hpp"

namespace fastgd::bindings {

namespace {

// One descent with the objective it needs; plain steps on raw columns, as a stream allows.
template <class T>
class BoundDescent {
  public:
    BoundDescent(const std::string& loss, LossParameters parameters, const FitOptions& options,
                 const py::array_t<double>& coef, const py::array_t<double>& intercept)
        : objective_(selected_kernels<T>(), loss_of<T>(loss, parameters), options.threads) {
        if (penalises_deviations(options))
            throw py::value_error("penalty_scale: rows still to come tell no deviation of columns");
        DescentOptions d;
        d.outputs = coef.shape(0);
        d.columns = coef.shape(1);
        check_penalty(options.penalty, d.outputs, d.columns);
        d.batch_size = options.batch_size;
        d.update = options.update;
        d.momentum = options.momentum;
        d.beta2 = options.beta2;
        d.penalty = options.penalty;
        d.preconditioner = Preconditioner::none(options.fit_intercept);
        d.schedule.rate = options.eta0;
        d.average = options.average;
        d.average_after = options.average_after;
        columns_ = d.columns;
        outputs_ = d.outputs;
        descent_ = make_descent(options.solver, objective_, d,
                                coefficients_of(coef, intercept, outputs_, columns_));
    }

    void consume(const py::array& X, const py::array& y,
                 const std::optional<py::array>& sample_weight,
                 const std::optional<py::array>& offset, std::optional<double> positive_label) {
        const Data data = data_of(X, y, sample_weight, offset, positive_label);
        if (data.columns() != columns_ || data.outputs() != outputs_)
            throw py::value_error("X and y must have the columns the descent was made for");
        const py::gil_scoped_release released;
        descent_->consume(data, {nullptr, 0, data.rows()});
    }

    void finish_epoch() {
        const py::gil_scoped_release released;
        descent_->finish_epoch();
    }

    py::tuple coefficients() const {
        const Coefficients now = descent_->coefficients();
        return py::make_tuple(matrix_of(now.coef, outputs_), vector_of(now.intercept));
    }

    DescentState state() const { return descent_->state(); }
    void restore(const DescentState& state) { descent_->restore(state); }

  private:
    Objective<T> objective_;
    Index columns_ = 0;
    Index outputs_ = 0;
    std::unique_ptr<Descent<T>> descent_;
};

template <class T>
void register_as(py::module_& module, const char* name) {
    py::class_<BoundDescent<T>>(module, name)
        .def(py::init<const std::string&, LossParameters, const FitOptions&,
                      const py::array_t<double>&, const py::array_t<double>&>(),
             py::arg("loss"), py::arg("parameters"), py::arg("options"), py::arg("coef"),
             py::arg("intercept"))
        .def("consume", &BoundDescent<T>::consume, py::arg("X").noconvert(),
             py::arg("y").noconvert(), py::arg("sample_weight") = py::none(),
             py::arg("offset") = py::none(), py::arg("positive_label") = py::none())
        .def("finish_epoch", &BoundDescent<T>::finish_epoch)
        .def("coefficients", &BoundDescent<T>::coefficients)
        .def("state", &BoundDescent<T>::state)
        .def("restore", &BoundDescent<T>::restore, py::arg("state"));
}

}  // namespace

void register_descent(py::module_& module) {
    register_as<float>(module, "DescentFloat32");
    register_as<double>(module, "DescentFloat64");
}

}  // namespace fastgd::bindings

// linear_predictor: X W^T + b of all rows.
#include "../core/predict.hpp"

#include "monitor.hpp"
#include "problem.hpp"
#include "topics.hpp"

namespace fastgd::bindings {

namespace {

template <class T>
py::tuple predictor_of(const MatrixView& X, const Coefficients& at, Index outputs, int threads) {
    py::array_t<T> out({X.rows, outputs});
    const LargeVector<T> coef(at.coef.begin(), at.coef.end());
    const LargeVector<T> intercept(at.intercept.begin(), at.intercept.end());
    T* values = out.mutable_data();
    Monitor monitor{py::none(), py::none()};
    const auto keep_going = [&] { return !monitor.interrupted(); };
    const bool finite = [&] {
        const py::gil_scoped_release released;
        return predict<T>(selected_kernels<T>(), X, {coef.data(), intercept.data()}, outputs,
                          values, threads, keep_going);
    }();
    monitor.rethrow();
    return py::make_tuple(out, finite);
}

py::tuple linear_predictor(const py::object& X, const py::array_t<double>& coef,
                           const py::array_t<double>& intercept, bool single_precision,
                           int n_threads) {
    const MatrixView features = features_of(X);
    const Index outputs = intercept.size();
    const Coefficients at = coefficients_of(coef, intercept, outputs, features.columns);
    return single_precision ? predictor_of<float>(features, at, outputs, n_threads)
                            : predictor_of<double>(features, at, outputs, n_threads);
}

}  // namespace

void register_predict(py::module_& module) {
    module.def("linear_predictor", &linear_predictor, py::arg("X"), py::arg("coef"),
               py::arg("intercept"), py::arg("single_precision"), py::arg("n_threads"));
}

}  // namespace fastgd::bindings

#include "monitor.hpp"

namespace fastgd::bindings {

bool Monitor::interrupted() {
    if (failed()) return true;
    const Clock::time_point now = Clock::now();
    if (now - looked_ < period) return false;
    looked_ = now;
    const py::gil_scoped_acquire acquired;
    if (PyErr_CheckSignals() == 0) return false;
    error_ = std::make_exception_ptr(py::error_already_set());
    return true;
}

EpochAnswer Monitor::epoch_done(const EpochReport& report, FunctionRef<Coefficients()> raw) {
    if (on_epoch_.is_none() || failed()) return {};
    const Coefficients model = raw();
    const py::gil_scoped_acquire acquired;
    try {
        const auto [stop, keep] =
            on_epoch_(report.epoch,
                      matrix_of(model.coef, static_cast<Index>(model.intercept.size())),
                      vector_of(model.intercept), report.objective, report.gradient_norm,
                      report.rate, report.seconds, report.passes)
                .cast<std::pair<bool, bool>>();
        return {stop, keep};
    } catch (...) {
        error_ = std::current_exception();
        return {.stop = true};
    }
}

double Monitor::rate_of(double epoch) {
    if (failed()) return 0.0;
    const py::gil_scoped_acquire acquired;
    try {
        return on_rate_(epoch).cast<double>();
    } catch (...) {
        error_ = std::current_exception();
        return 0.0;
    }
}

}  // namespace fastgd::bindings

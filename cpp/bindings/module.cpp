// The compiled module: a table of contents.
#include "topics.hpp"

PYBIND11_MODULE(_core, module) {
    namespace topics = fastgd::bindings;
    topics::register_environment(module);
    topics::register_sparse_rows(module);
    topics::register_losses(module);
    topics::register_options(module);  // signatures name its enumerations
    topics::register_columns(module);
    topics::register_objective(module);
    topics::register_plain_objective(module);
    topics::register_duality(module);
    topics::register_predict(module);
    topics::register_conditioning(module);
    topics::register_fit(module);
    topics::register_descent(module);
}

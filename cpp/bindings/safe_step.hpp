// A safe step and what keeps it short, as Python takes it.
#pragma once

#include <pybind11/pybind11.h>

#include "../core/step_size.hpp"

namespace fastgd::bindings {

inline pybind11::dict dict_of(const SafeStep& step) {
    pybind11::dict result;
    result["rate"] = step.rate;
    result["limit"] = step.limit;
    result["index"] = step.index;
    result["share"] = step.share;
    return result;
}

}  // namespace fastgd::bindings

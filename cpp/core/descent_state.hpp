// Everything a descent carries from step to step, by name; all numbers exact in double.
#pragma once

#include <map>
#include <string>

#include "large_vector.hpp"

namespace fastgd {

using DescentState = std::map<std::string, LargeVector<double>>;

}  // namespace fastgd

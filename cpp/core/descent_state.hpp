// Everything a descent carries from step to step, by name; all numbers exact in double.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace fastgd {

using DescentState = std::map<std::string, std::vector<double>>;

}  // namespace fastgd

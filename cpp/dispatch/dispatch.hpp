// Picks the kernels of the best ISA level this processor runs, once; FASTGD_ISA overrides.
#pragma once

#include <string>
#include <vector>

#include "../kernels/table.hpp"

namespace fastgd {

// Levels built in and supported by this processor, best first.
std::vector<std::string> available_isa_levels();

// The level in use. Throws std::runtime_error naming the available ones if FASTGD_ISA names
// one that is unknown or unsupported here.
const std::string& selected_isa_level();

// The kernels of the selected level.
template <class T>
const KernelTable<T>& selected_kernels();

// The kernels of a level by name: for tests that compare levels.
template <class T>
const KernelTable<T>& kernels_of_level(const std::string& level);

}  // namespace fastgd

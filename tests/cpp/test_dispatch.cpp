// Which kernels are picked: the best of this processor, or what FASTGD_ISA says.
#include <algorithm>
#include <cstdlib>
#include <stdexcept>

#include "check.hpp"
#include "dispatch/dispatch.hpp"

namespace fastgd::testing {
namespace {

void baseline_is_always_there() {
    const std::vector<std::string> levels = available_isa_levels();
    check(!levels.empty() && levels.back() == "baseline");
    for (const std::string& level : levels) {
        check(level == kernels_of_level<float>(level).isa);
        check(level == kernels_of_level<double>(level).isa);
    }
}

void best_level_matches_the_processor() {
#if defined(__x86_64__)
    const std::vector<std::string> levels = available_isa_levels();
    const auto listed = [&](const char* name) {
        return std::find(levels.begin(), levels.end(), name) != levels.end();
    };
    check(listed("avx2") ==
          (__builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0));
    check(!listed("avx512") || __builtin_cpu_supports("avx512vl") != 0);
    check(!listed("avx512") || levels.front() == "avx512");
#endif
}

// ctest runs this with FASTGD_ISA unset, at each level and at one that does not exist.
void selected_level_is_the_forced_or_the_best() {
    const char* forced = std::getenv("FASTGD_ISA");
    const std::vector<std::string> levels = available_isa_levels();
    if (forced != nullptr && std::find(levels.begin(), levels.end(), forced) == levels.end()) {
        // never a silent fallback
        check_throws<std::runtime_error>([] { selected_isa_level(); }, "FASTGD_ISA");
        return;
    }
    const std::string expected = forced != nullptr ? forced : levels.front();
    check(selected_isa_level() == expected, selected_isa_level(), " for ", expected);
    check(selected_kernels<float>().isa == expected);
    check(selected_kernels<double>().isa == expected);
}

void unknown_levels_are_refused_by_name() {
    check_throws<std::runtime_error>([] { kernels_of_level<float>("sse9"); }, "got 'sse9'");
    check_throws<std::runtime_error>([] { kernels_of_level<double>(""); }, "'baseline'");
}

}  // namespace
}  // namespace fastgd::testing

int main(int argc, char** argv) {
    using namespace fastgd::testing;
    return run({{"baseline is always there", baseline_is_always_there},
                {"best level matches the processor", best_level_matches_the_processor},
                {"selected level is forced or best", selected_level_is_the_forced_or_the_best},
                {"unknown levels are refused by name", unknown_levels_are_refused_by_name}},
               argc, argv);
}

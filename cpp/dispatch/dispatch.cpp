#include "dispatch.hpp"

#include <cstdlib>
#include <stdexcept>

namespace fastgd {

// Defined by kernels.cpp, compiled once for each level.
#define FASTGD_DECLARE_LEVEL(level)                 \
    namespace level {                               \
    extern const KernelTable<float> table_float32;  \
    extern const KernelTable<double> table_float64; \
    }
FASTGD_DECLARE_LEVEL(baseline)
#if defined(FASTGD_X86_LEVELS)
FASTGD_DECLARE_LEVEL(avx2)
FASTGD_DECLARE_LEVEL(avx512)
#endif
#undef FASTGD_DECLARE_LEVEL

namespace {

struct Level {
    const char* name;
    bool (*supported)();
    const KernelTable<float>& float32;
    const KernelTable<double>& float64;
};

// In priority order: the first supported one is taken. The builtin asks CPU and OS both.
const Level levels[] = {
#if defined(FASTGD_X86_LEVELS)
    {"avx512", [] { return __builtin_cpu_supports("x86-64-v4") != 0; }, avx512::table_float32,
     avx512::table_float64},
    {"avx2", [] { return __builtin_cpu_supports("x86-64-v3") != 0; }, avx2::table_float32,
     avx2::table_float64},
#endif
    {"baseline", [] { return true; }, baseline::table_float32, baseline::table_float64},
};

const Level& find_level(const std::string& name) {
    for (const Level& level : levels)
        if (name == level.name && level.supported()) return level;
    std::string text = "FASTGD_ISA: expected one of";
    for (const std::string& available : available_isa_levels()) text += " '" + available + "'";
    throw std::runtime_error(text + " (available on this processor), got '" + name +
                             "'; unset it to take the best");
}

const Level& selected_level() {
    static const Level& level = []() -> const Level& {
        const char* forced = std::getenv("FASTGD_ISA");
        if (forced != nullptr && *forced != '\0') return find_level(forced);
        return find_level(available_isa_levels().front());
    }();
    return level;
}

const KernelTable<float>& table_of(const Level& level, float) { return level.float32; }
const KernelTable<double>& table_of(const Level& level, double) { return level.float64; }

}  // namespace

std::vector<std::string> available_isa_levels() {
    std::vector<std::string> names;
    for (const Level& level : levels)
        if (level.supported()) names.emplace_back(level.name);
    return names;
}

const std::string& selected_isa_level() {
    static const std::string name = selected_level().name;
    return name;
}

template <class T>
const KernelTable<T>& selected_kernels() {
    return table_of(selected_level(), T{});
}

template <class T>
const KernelTable<T>& kernels_of_level(const std::string& level) {
    return table_of(find_level(level), T{});
}

template const KernelTable<float>& selected_kernels();
template const KernelTable<double>& selected_kernels();
template const KernelTable<float>& kernels_of_level(const std::string&);
template const KernelTable<double>& kernels_of_level(const std::string&);

}  // namespace fastgd

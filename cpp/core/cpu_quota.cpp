#include "cpu_quota.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <string>
#include <thread>

#if defined(__linux__)
#include <sched.h>
#endif

namespace fastgd {

namespace {

// cgroup v2 writes "<quota|max> <period>" in one file, v1 two files with -1 for no quota.
double read_cgroup_quota() {
    double quota = 0.0;
    double period = 0.0;
    std::string word;
    if (std::ifstream v2("/sys/fs/cgroup/cpu.max"); v2 >> word >> period) {
        if (word == "max" || period <= 0.0) return 0.0;
        return std::stod(word) / period;
    }
    std::ifstream v1_quota("/sys/fs/cgroup/cpu/cpu.cfs_quota_us");
    std::ifstream v1_period("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
    if (v1_quota >> quota && v1_period >> period && quota > 0.0 && period > 0.0)
        return quota / period;
    return 0.0;
}

int processors_by_affinity() {
#if defined(__linux__)
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
#endif
    return static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

}  // namespace

double cpu_quota() {
    static const double quota = [] {
        try {
            return read_cgroup_quota();
        } catch (const std::exception&) {
            return 0.0;  // a quota that cannot be read does not bind
        }
    }();
    return quota;
}

int usable_processors() {
    const int by_affinity = processors_by_affinity();
    if (cpu_quota() <= 0.0) return by_affinity;
    return std::max(1, std::min(by_affinity, static_cast<int>(std::ceil(cpu_quota()))));
}

}  // namespace fastgd

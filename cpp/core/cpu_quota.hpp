// Processors this process may use: affinity mask and cgroup CPU quota.
#pragma once

namespace fastgd {

// At least 1. The quota is rounded up; it is read once, the affinity at each call.
int usable_processors();

// The cgroup quota in processors, or 0 where none is set.
double cpu_quota();

}  // namespace fastgd

// Checks that say what failed and where, and a runner of cases: all the framework these tests need.
#pragma once

#include <chrono>
#include <cstdio>
#include <exception>
#include <functional>
#include <initializer_list>
#include <iostream>
#include <source_location>
#include <string_view>

namespace fastgd::testing {

// A condition that knows where it was stated.
struct Claim {
    bool holds;
    std::source_location where;

    // NOLINTNEXTLINE(google-explicit-constructor): any condition is a claim
    Claim(bool condition, std::source_location location = std::source_location::current())
        : holds(condition), where(location) {}
};

struct Tally {
    long checks = 0;
    long failures = 0;
};

inline Tally& tally() {
    static Tally counts;
    return counts;
}

// Counts the claim; if it does not hold, prints `details` one after the other.
template <class... Details>
void check(Claim claim, const Details&... details) {
    constexpr long most_printed = 20;  // a broken kernel fails in thousands of cases
    ++tally().checks;
    if (claim.holds) return;
    if (++tally().failures > most_printed) return;
    std::cout << claim.where.file_name() << ':' << claim.where.line() << ": failed";
    if constexpr (sizeof...(Details) > 0) {
        std::cout << ": ";
        (std::cout << ... << details);
    }
    std::cout << '\n';
}

template <class Error, class Action>
void check_throws(const Action& action, std::string_view expected_in_text,
                  std::source_location where = std::source_location::current()) {
    try {
        action();
    } catch (const Error& error) {
        check({std::string_view(error.what()).find(expected_in_text) != std::string_view::npos,
               where},
              "expected '", expected_in_text, "' in '", error.what(), "'");
        return;
    }
    check({false, where}, "nothing was thrown");
}

struct Case {
    const char* name;
    std::function<void()> body;
};

// Runs the cases, or those whose name is an argument; returns the exit code of main.
inline int run(std::initializer_list<Case> cases, int argc, char** argv) {
    std::cout.precision(17);
    for (const Case& one : cases) {
        bool wanted = argc <= 1;
        for (int i = 1; i < argc; ++i) wanted = wanted || std::string_view(argv[i]) == one.name;
        if (!wanted) continue;
        const Tally before = tally();
        const auto began = std::chrono::steady_clock::now();
        try {
            one.body();
        } catch (const std::exception& error) {
            check(false, one.name, " threw: ", error.what());
        }
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
        const long failures = tally().failures - before.failures;
        std::printf("%-48s %9ld checks %6.2f s  %s\n", one.name, tally().checks - before.checks,
                    took.count(), failures == 0 ? "ok" : "FAILED");
        std::fflush(stdout);
    }
    if (tally().checks == 0) {
        std::puts("no case of this name");
        return 2;
    }
    return tally().failures == 0 ? 0 : 1;
}

}  // namespace fastgd::testing

// SPDX-License-Identifier: BSD-2-Clause
// The few macros that the C++ tests need: CHECK(condition), CHECK_EQUAL(a, b), CHECK_THROWS(type, words, statement).
#ifndef COMA_TESTS_CHECK_HPP
#define COMA_TESTS_CHECK_HPP

#include <cstdio>
#include <cstdlib>
#include <string>

namespace check {

inline int failures = 0;

inline void report(bool good, const char* file, int line, const std::string& what) {
    if (good) return;
    ++failures;
    std::printf("%s:%d: %s\n", file, line, what.c_str());
}

/// What main() returns.
inline int result() { return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE; }

/// A fresh directory, removed by nobody: the caller of the test runs it in a temporary one.
inline std::string directory() {
    char name[] = "check-XXXXXX";
    return mkdtemp(name) ? name : "";
}

}  // namespace check

#define CHECK(condition) check::report(static_cast<bool>(condition), __FILE__, __LINE__, "CHECK(" #condition ")")
#define CHECK_EQUAL(a, b) check::report((a) == (b), __FILE__, __LINE__, "CHECK_EQUAL(" #a ", " #b ")")
#define CHECK_THROWS(type, words, statement)                                                              \
    do {                                                                                                  \
        std::string message = "nothing";                                                                  \
        try {                                                                                             \
            static_cast<void>(statement);                                                                 \
        } catch (const type& thrown) {                                                                    \
            message = thrown.what();                                                                      \
        }                                                                                                 \
        check::report(message.find(words) != std::string::npos, __FILE__, __LINE__, "threw: " + message); \
    } while (false)

#endif

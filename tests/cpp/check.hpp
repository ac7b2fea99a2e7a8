// SPDX-License-Identifier: BSD-2-Clause
// The few macros that the C++ tests need: CHECK(condition), CHECK_EQUAL(a, b), CHECK_THROWS(type, words, statement).
#ifndef COMA_TESTS_CHECK_HPP
#define COMA_TESTS_CHECK_HPP

#include <coma/json.hpp>

#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>
#include <type_traits>
#include <utility>

namespace check {

inline int failures = 0;

template <class T, class = void>
struct is_printable : std::false_type {};
template <class T>
struct is_printable<T, std::void_t<decltype(std::declval<std::ostream&>() << std::declval<const T&>())>>
    : std::true_type {};

/// A value as a message shows it; what is no text and no number is shown as JSON.
template <class T>
std::string shown(const T& value) {
    std::ostringstream words;
    words.precision(17);
    if constexpr (std::is_enum_v<T>)
        words << static_cast<long long>(value);
    else if constexpr (is_printable<T>::value)
        words << '"' << value << '"';
    else
        words << coma::to_json("value", value);
    return words.str();
}

inline void report(bool good, const char* file, int line, const std::string& what) {
    if (good) return;
    ++failures;
    std::printf("%s:%d: %s\n", file, line, what.c_str());
}

template <class A, class B>
void equal(const A& a, const B& b, const char* file, int line, const char* what) {
    if (!(a == b)) report(false, file, line, what + ("\n    " + shown(a) + "\n    " + shown(b)));
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
#define CHECK_EQUAL(a, b) check::equal(a, b, __FILE__, __LINE__, "CHECK_EQUAL(" #a ", " #b ")")
#define CHECK_THROWS(type, words, statement)                                               \
    do {                                                                                   \
        std::string message = "nothing";                                                   \
        try {                                                                              \
            static_cast<void>(statement);                                                  \
        } catch (const type& thrown) {                                                     \
            message = thrown.what();                                                       \
        }                                                                                  \
        check::report(message.find(words) != std::string::npos, __FILE__, __LINE__,        \
                      std::string("expected: ") + (words) + "\n    threw:    " + message); \
    } while (false)

#endif

// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// Every error Coma raises.
///
///     coma::error (a std::runtime_error)
///       parse_error     text that is no XML, JSON or number, or not what was expected
///       path_error      a path that leads nowhere
///       type_error      a value of another kind than the one asked for
///       format_error    a value that the file format cannot hold
///       file_error      a file that cannot be read or written
///         lock_error    a lock that another process holds
///       experiment_error  a directory that is no experiment that can be added to
///       usage_error     a wrong command line or input file of a program
#ifndef COMA_ERRORS_HPP
#define COMA_ERRORS_HPP

#include <cerrno>
#include <cstring>
#include <initializer_list>
#include <stdexcept>
#include <string_view>

#include "detail/text.hpp"

namespace coma {

/// The base of every error Coma raises.
class error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Text that is no XML, JSON or number, or holds something else than was expected.
class parse_error : public error {
public:
    using error::error;
};

/// A path that leads nowhere.
class path_error : public error {
public:
    using error::error;
};

/// A value of another kind than the one asked for.
class type_error : public error {
public:
    using error::error;
};

/// A value that the file format cannot hold.
class format_error : public error {
public:
    using error::error;
};

/// A file that cannot be read or written.
class file_error : public error {
public:
    using error::error;

    /// Says what failed for which file, and the system's reason.
    file_error(std::string_view what, std::string_view file, int number)
        : error(detail::concat({what, " '", file, "': ", std::strerror(number)})) {}
};

/// A lock that another process holds.
class lock_error : public file_error {
public:
    using file_error::file_error;
};

/// A directory that is no experiment to which measurements can be added.
class experiment_error : public error {
public:
    using error::error;
};

/// A wrong command line or a wrong input file of a program.
class usage_error : public error {
public:
    using error::error;
};

namespace detail {

/// Throws an error whose message has several parts; cheaper to compile where it is called than a throw.
template <class Error>
[[noreturn]] void raise(std::initializer_list<std::string_view> parts) {
    throw Error(concat(parts));
}

/// Throws file_error with the system's present reason.
[[noreturn]] inline void raise_file_error(std::string_view what, std::string_view file, int number = errno) {
    throw file_error(what, file, number);
}

}  // namespace detail
}  // namespace coma

#endif

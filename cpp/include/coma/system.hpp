// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// What the operating system knows: time, host, process.
#ifndef COMA_SYSTEM_HPP
#define COMA_SYSTEM_HPP

#include <unistd.h>

#include <cstdlib>
#include <ctime>
#include <string>

#include "numbers.hpp"

namespace coma::system {

/// A time as UTC in whole seconds, e.g. 2014-02-25T22:50:11Z.
inline std::string utc(std::time_t time) {
    std::tm parts{};
    ::gmtime_r(&time, &parts);
    std::string text = numbers::to_text(parts.tm_year + 1900);
    const auto two_digits = [&text](char separator, int value) {
        text += separator;
        if (value < 10) text += '0';
        numbers::append(text, value);
    };
    two_digits('-', parts.tm_mon + 1);
    two_digits('-', parts.tm_mday);
    two_digits('T', parts.tm_hour);
    two_digits(':', parts.tm_min);
    two_digits(':', parts.tm_sec);
    return text + "Z";
}

/// The present time as UTC.
inline std::string utc_now() { return utc(std::time(nullptr)); }

/// The name of this computer.
inline std::string host_name() {
    char name[256] = {};
    if (::gethostname(name, sizeof name - 1) != 0) name[0] = '\0';
    return name;
}

/// An environment variable, empty if it is not set.
inline std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value ? value : "";
}

/// Seconds of a clock that only moves forward.
inline double monotonic_seconds() noexcept {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// Sleeps for some milliseconds, below a second.
inline void sleep_milliseconds(long milliseconds) noexcept {
    const timespec duration{0, milliseconds * 1000000};
    ::nanosleep(&duration, nullptr);
}

}  // namespace coma::system

#endif

// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// What the operating system knows: time, host, process.
#ifndef COMA_DETAIL_SYSTEM_HPP
#define COMA_DETAIL_SYSTEM_HPP

#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>

#include "text.hpp"

namespace coma::detail {

/// A time as UTC in whole seconds, e.g. 2014-02-25T22:50:11Z.
[[gnu::noinline]] inline std::string utc(std::time_t time) {
    std::tm parts{};
    ::gmtime_r(&time, &parts);
    char text[64];
    return concat({{text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts)}});
}

/// The present time as UTC.
inline std::string utc_now() { return utc(std::time(nullptr)); }

/// The name of this computer.
[[gnu::noinline]] inline std::string host_name() {
    char name[256];
    name[sizeof name - 1] = '\0';
    if (::gethostname(name, sizeof name - 1) != 0) return {};
    return concat({name});
}

/// What tells this process's space of process ids from others of its host; 0 where the system has but one.
[[gnu::noinline]] inline std::uint64_t process_space() noexcept {
    struct stat status{};
    return ::stat("/proc/self/ns/pid", &status) == 0 ? status.st_ino : 0;
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

}  // namespace coma::detail

#endif

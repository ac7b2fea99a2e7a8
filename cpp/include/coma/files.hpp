// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// Whole files: read, published under a name without ever overwriting, replaced at once.
#ifndef COMA_FILES_HPP
#define COMA_FILES_HPP

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <string>
#include <string_view>
#include <utility>

#include "errors.hpp"
#include "numbers.hpp"
#include "system.hpp"

namespace coma::files {

/// A file descriptor that is closed at the end of its scope.
class descriptor {
public:
    explicit descriptor(int number = -1) noexcept : number_(number) {}
    descriptor(descriptor&& other) noexcept : number_(other.number_) { other.number_ = -1; }
    descriptor& operator=(descriptor&& other) noexcept {
        const int old = number_;
        number_ = other.number_;
        other.number_ = old;
        return *this;
    }
    ~descriptor() {
        if (number_ >= 0) ::close(number_);
    }
    explicit operator bool() const noexcept { return number_ >= 0; }
    int get() const noexcept { return number_; }

private:
    int number_;
};

/// Opens a file, trying again when a signal interrupts.
inline descriptor open(const std::string& path, int flags, mode_t mode = 0666) noexcept {
    for (;;) {
        const int number = ::open(path.c_str(), flags | O_CLOEXEC, mode);
        if (number >= 0 || errno != EINTR) return descriptor(number);
    }
}

/// Writes all bytes; false, with errno set, if that fails.
inline bool write_all(const descriptor& to, std::string_view text) noexcept {
    while (!text.empty()) {
        const ssize_t written = ::write(to.get(), text.data(), text.size());
        if (written < 0 && errno != EINTR) return false;
        if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

/// The directory of a path, with its last slash; "./" for the present one.
inline std::string directory_of(const std::string& path) {
    const std::size_t end = path.rfind('/') + 1;
    return coma::detail::concat({end ? std::string_view(path.data(), end) : "./"});
}

/// A path below a directory.
inline std::string join(std::string_view directory, std::string_view name) {
    std::string path(directory);
    if (!path.empty() && path.back() != '/') path += '/';
    coma::detail::add(path, name);
    return path;
}

inline bool exists(const std::string& path) noexcept {
    struct stat status {};
    return ::lstat(path.c_str(), &status) == 0;
}

/// Reads a whole file.
inline std::string read(const std::string& path) {
    const descriptor file = open(path, O_RDONLY);
    if (!file) coma::detail::raise_file_error("cannot open", path);
    struct stat status {};
    std::string text;
    if (::fstat(file.get(), &status) == 0 && status.st_size > 0)
        text.reserve(static_cast<std::size_t>(status.st_size) + 1);
    for (;;) {
        const std::size_t old = text.size();
        text.resize(text.capacity() > old + 4096 ? text.capacity() : old + 65536);
        const ssize_t count = ::read(file.get(), text.data() + old, text.size() - old);
        if (count < 0 && errno != EINTR) coma::detail::raise_file_error("cannot read", path);
        text.resize(old + (count > 0 ? static_cast<std::size_t>(count) : 0));
        if (count == 0) return text;
    }
}

namespace detail {

/// A number that differs between processes and calls.
inline std::uint64_t unique_number() noexcept {
    static std::uint64_t counter = 0;
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    const auto seed = static_cast<std::uint64_t>(now.tv_nsec) + (static_cast<std::uint64_t>(now.tv_sec) << 30);
    const std::uint64_t call = __atomic_add_fetch(&counter, 1, __ATOMIC_RELAXED);
    return (seed + (call << 56)) ^ (static_cast<std::uint64_t>(::getpid()) << 40);
}

/// The name of a file that becomes `path`: whose it is, so that it can be removed when its process was killed.
inline std::string temporary_name(const std::string& path) {
    std::string host = system::host_name();
    for (std::size_t i = 0; i < host.size(); ++i) {
        const char c = host[i];
        if (!(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z') && c != '.') host[i] = '_';
    }
    const std::string last(path, path.rfind('/') + 1, 100);
    const std::string process = numbers::to_text(std::int64_t{::getpid()});
    return coma::detail::concat(
        {directory_of(path), ".", last, "~", host, "~", process, "~", numbers::to_text(unique_number()), ".tmp"});
}

/// Makes a new name in a directory durable; not every file system can, which is no error.
inline void sync_directory(const std::string& path) noexcept {
    const descriptor opened = open(directory_of(path), O_RDONLY | O_DIRECTORY);
    if (opened) ::fsync(opened.get());
}

inline void write_and_sync(const descriptor& file, std::string_view text, const std::string& path) {
    if (!write_all(file, text) || ::fsync(file.get()) != 0) coma::detail::raise_file_error("cannot write", path);
}

/// A file beside its later name, removed at the end of the scope unless it was renamed.
class temporary {
public:
    temporary(const std::string& path, std::string_view text) : temporary(path) { write_and_sync(file_, text, path); }
    temporary(const temporary&) = delete;
    temporary& operator=(const temporary&) = delete;
    ~temporary() {
        if (!renamed_) ::unlink(name_.c_str());
    }

    /// Gives the file a second name; some network file systems report failure although it worked.
    int link(const std::string& path) const noexcept {
        if (::link(name_.c_str(), path.c_str()) == 0) return 0;
        const int reason = errno;
        struct stat status {};
        return ::fstat(file_.get(), &status) == 0 && status.st_nlink == 2 ? 0 : reason;
    }

    void rename(const std::string& path) {
        if (::rename(name_.c_str(), path.c_str()) != 0) coma::detail::raise_file_error("cannot replace", path);
        renamed_ = true;
    }

private:
    explicit temporary(const std::string& path) {
        do {
            name_ = temporary_name(path);
            file_ = open(name_, O_WRONLY | O_CREAT | O_EXCL);
        } while (!file_ && errno == EEXIST);
        if (!file_) coma::detail::raise_file_error("cannot create a file beside", path);
    }

    std::string name_;
    descriptor file_;
    bool renamed_ = false;
};

/// Publishes through a file without a name; an errno if that is not possible here, 0 on success.
inline int publish_nameless(const std::string& path, std::string_view text) {
#if defined(O_TMPFILE) && defined(__linux__)
    const descriptor file = open(directory_of(path), O_TMPFILE | O_WRONLY);
    if (!file) return ENOTSUP;
    write_and_sync(file, text, path);
    const std::string name = coma::detail::concat({"/proc/self/fd/", numbers::to_text(std::int64_t{file.get()})});
    if (::linkat(AT_FDCWD, name.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) == 0) return 0;
    return errno;
#else
    static_cast<void>(path), static_cast<void>(text);
    return ENOTSUP;
#endif
}

/// Publishes where links are not allowed: the name is ours from the start.
inline int publish_exclusively(const std::string& path, std::string_view text) {
    const descriptor file = open(path, O_WRONLY | O_CREAT | O_EXCL);
    if (!file) return errno;
    try {
        write_and_sync(file, text, path);
    } catch (...) {
        ::unlink(path.c_str());
        throw;
    }
    return 0;
}

inline int publish_linked(const std::string& path, std::string_view text) {
    const int reason = temporary(path, text).link(path);
    return reason == 0 || reason == EEXIST ? reason : publish_exclusively(path, text);
}

}  // namespace detail

/// Publishes a text under a name, whole or not at all; false if the name exists already.
inline bool try_publish(const std::string& path, std::string_view text) {
    int reason = detail::publish_nameless(path, text);
    if (reason != 0 && reason != EEXIST) reason = detail::publish_linked(path, text);
    if (reason != 0 && reason != EEXIST) coma::detail::raise_file_error("cannot create", path, reason);
    if (reason == 0) detail::sync_directory(path);
    return reason == 0;
}

/// Publishes a text under a name; throws file_error if the name exists already.
inline void publish(const std::string& path, std::string_view text) {
    if (!try_publish(path, text))
        coma::detail::raise<file_error>(
            {"the file '", path, "' exists already and is never overwritten: move it away or use another name"});
}

/// Replaces a file, or creates it, at once.
inline void replace(const std::string& path, std::string_view text) {
    detail::temporary(path, text).rename(path);
    detail::sync_directory(path);
}

}  // namespace coma::files

#endif

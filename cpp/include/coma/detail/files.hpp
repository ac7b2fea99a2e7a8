// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// Whole files: read, published under a name without ever overwriting.
#ifndef COMA_DETAIL_FILES_HPP
#define COMA_DETAIL_FILES_HPP

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

#include "../errors.hpp"
#include "numbers.hpp"
#include "system.hpp"
#include "text.hpp"

namespace coma::detail {

/// An open file that is closed at the end of its scope.
class file_descriptor {
public:
    explicit file_descriptor(int number = -1) noexcept : number_(number) {}
    file_descriptor(file_descriptor&& other) noexcept : number_(other.number_) { other.number_ = -1; }
    file_descriptor& operator=(file_descriptor&& other) noexcept {
        const int old = number_;
        number_ = other.number_;
        other.number_ = old;
        return *this;
    }
    ~file_descriptor() {
        if (number_ >= 0) ::close(number_);
    }
    explicit operator bool() const noexcept { return number_ >= 0; }
    int get() const noexcept { return number_; }

private:
    int number_;
};

/// Opens a file, trying again when a signal interrupts.
[[gnu::noinline]] inline file_descriptor open_file(const std::string& path, int flags, mode_t mode = 0666) noexcept {
    for (;;) {
        const int number = ::open(path.c_str(), flags | O_CLOEXEC, mode);
        if (number >= 0 || errno != EINTR) return file_descriptor(number);
    }
}

/// Writes all bytes; false, with errno set, if that fails.
inline bool write_all(const file_descriptor& to, std::string_view text) noexcept {
    const char* last = text.data() + text.size();
    for (const char* at = text.data(); at != last;) {
        const ssize_t written = ::write(to.get(), at, static_cast<std::size_t>(last - at));
        if (written < 0 && errno != EINTR) return false;
        if (written > 0) at += written;
    }
    return true;
}

/// The directory of a path, with its last slash; "./" for the present one.
[[gnu::noinline]] inline std::string directory_of(const std::string& path) {
    const std::size_t end = path.rfind('/') + 1;
    std::string directory(path, 0, end);
    if (end == 0) directory.append("./");
    return directory;
}

/// A path below a directory.
inline std::string join_path(std::string_view directory, std::string_view name) {
    std::string path(directory);
    if (!path.empty() && path.back() != '/') path += '/';
    add(path, name);
    return path;
}

inline bool file_exists(const std::string& path) noexcept {
    struct stat status{};
    return ::lstat(path.c_str(), &status) == 0;
}

/// Reads a whole file; what is none, a pipe say, is an error and not waited for.
inline std::string read_file(const std::string& path) {
    const file_descriptor file = open_file(path, O_RDONLY | O_NONBLOCK);
    struct stat status{};
    if (!file || ::fstat(file.get(), &status) != 0) raise_file_error("cannot open", path);
    if (!S_ISREG(status.st_mode))
        raise<file_error>({"cannot read '", path, "': it is a directory, a pipe or a device; name a file"});
    std::string text;
    if (status.st_size > 0) text.reserve(static_cast<std::size_t>(status.st_size) + 1);
    for (;;) {
        const std::size_t old = text.size();
        text.resize(text.capacity() > old + 4096 ? text.capacity() : old + 65536);
        const ssize_t count = ::read(file.get(), text.data() + old, text.size() - old);
        if (count < 0 && errno != EINTR) raise_file_error("cannot read", path);
        text.resize(old + (count > 0 ? static_cast<std::size_t>(count) : 0));
        if (count == 0) return text;
    }
}

/// A number that differs between processes and calls.
[[gnu::noinline]] inline std::uint64_t unique_number() noexcept {
    static std::uint64_t counter = 0;
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    const auto seed = static_cast<std::uint64_t>(now.tv_nsec) + (static_cast<std::uint64_t>(now.tv_sec) << 30);
    const std::uint64_t call = __atomic_add_fetch(&counter, 1, __ATOMIC_RELAXED);
    return (seed + (call << 56)) ^ (static_cast<std::uint64_t>(::getpid()) << 40);
}

/// The name of a file that becomes `path`: whose it is, so that it can be removed when its process was killed. Process
/// ids are told from those of another boot, or of another space of ids, on a host of the same name.
[[gnu::noinline]] inline std::string temporary_name(const std::string& path) {
    std::string name = directory_of(path);
    name.append(1, '.').append(path, path.rfind('/') + 1, 100).append(1, '~');
    const std::string host = host_name();
    for (std::size_t i = 0; i < host.size(); ++i) {
        const char c = host[i];
        const bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
        name.append(1, letter || is_digit(c) || c == '.' ? c : '_');
    }
    char boot[9] = "0";  // the first eight characters of what tells it from others
    const file_descriptor about_boot(::open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC));
    if (about_boot && ::read(about_boot.get(), boot, 8) < 1) boot[0] = '0';
    char rest[128];
    const int size = std::snprintf(rest, sizeof rest, "~%.8s-%jx~%jd~%jx.tmp", boot, std::uintmax_t{process_space()},
                                   std::intmax_t{::getpid()}, std::uintmax_t{unique_number()});
    return name.append(rest, static_cast<std::size_t>(size));
}

/// Makes a new name in a directory durable; not every file system can, and not every directory that may be written may
/// be read, which are no errors.
[[gnu::noinline]] inline void sync_directory(const std::string& path) {
    const file_descriptor opened = open_file(directory_of(path), O_RDONLY | O_DIRECTORY);
    if (opened && ::fsync(opened.get()) == 0) return;
    if (errno != EINVAL && errno != EACCES && errno != EPERM) raise_file_error("cannot sync the directory of", path);
}

[[gnu::noinline]] inline void write_and_sync(const file_descriptor& file, std::string_view text,
                                             const std::string& path) {
    if (!write_all(file, text) || ::fsync(file.get()) != 0) raise_file_error("cannot write", path);
}

/// A new file, removed at the end of the scope unless it is kept.
class new_file {
public:
    /// Creates the file if the name is free.
    [[gnu::noinline]] explicit new_file(const std::string& name)
        : name_(name), file_(open_file(name, O_WRONLY | O_CREAT | O_EXCL)) {}
    new_file(const new_file&) = delete;
    new_file& operator=(const new_file&) = delete;
    ~new_file() {
        if (file_ && !kept_) ::unlink(name_.c_str());
    }
    bool is_created() const noexcept { return file_.get() >= 0; }

    /// Writes what is to be the content of `path`.
    void write(std::string_view text, const std::string& path) const {
        if (!is_created()) raise_file_error("cannot create a file beside", path);
        write_and_sync(file_, text, path);
    }

    /// Gives the file a second name; some network file systems report failure although it worked.
    int link(const std::string& path) const noexcept {
        if (::link(name_.c_str(), path.c_str()) == 0) return 0;
        const int reason = errno;
        struct stat status{};
        return ::fstat(file_.get(), &status) == 0 && status.st_nlink == 2 ? 0 : reason;
    }

    const std::string& name() const noexcept { return name_; }
    const file_descriptor& file() const noexcept { return file_; }
    void keep() noexcept { kept_ = true; }

private:
    std::string name_;
    file_descriptor file_;
    bool kept_ = false;
};

/// Publishes through a file without a name; an errno if that is not possible here, 0 on success.
inline int publish_nameless(const std::string& path, std::string_view text) {
#if defined(O_TMPFILE) && defined(__linux__)
    const file_descriptor file = open_file(directory_of(path), O_TMPFILE | O_WRONLY);
    if (!file) return ENOTSUP;
    write_and_sync(file, text, path);
    char name[40];
    std::snprintf(name, sizeof name, "/proc/self/fd/%d", file.get());
    if (::linkat(AT_FDCWD, name, AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) == 0) return 0;
    return errno;
#else
    static_cast<void>(path), static_cast<void>(text);
    return ENOTSUP;
#endif
}

/// Publishes where links are not allowed: the name is ours from the start.
inline int publish_exclusively(const std::string& path, std::string_view text) {
    new_file file(path);
    if (!file.is_created()) return errno;
    file.write(text, path);
    file.keep();
    return 0;
}

/// Publishes through a second name where that is possible.
inline int publish_linked(const std::string& path, std::string_view text) {
    const new_file temporary(temporary_name(path));
    temporary.write(text, path);
    const int reason = temporary.link(path);
    return reason == 0 || reason == EEXIST ? reason : publish_exclusively(path, text);
}

/// Publishes a text under a name, whole or not at all; false if the name exists already.
inline bool try_publish_file(const std::string& path, std::string_view text) {
    int reason = publish_nameless(path, text);
    if (reason != 0 && reason != EEXIST) reason = publish_linked(path, text);
    if (reason != 0 && reason != EEXIST) raise_file_error("cannot create", path, reason);
    if (reason == 0) sync_directory(path);
    return reason == 0;
}

/// Publishes a text under a name; throws file_error if the name exists already.
inline void publish_file(const std::string& path, std::string_view text) {
    if (!try_publish_file(path, text))
        raise<file_error>(
            {"the file '", path, "' exists already and is never overwritten: move it away or use another name"});
}

}  // namespace coma::detail

#endif

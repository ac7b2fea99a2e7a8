// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// The lock file, in the protocol of Python's filelock.SoftFileLock.
#ifndef COMA_DETAIL_LOCK_HPP
#define COMA_DETAIL_LOCK_HPP

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/syscall.h>
#endif

#include <cerrno>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

#include "../errors.hpp"
#include "files.hpp"
#include "numbers.hpp"
#include "system.hpp"

namespace coma::detail {

/// This host as it stands in lock files: unusual bytes escaped, the process namespace added if it is not the first.
inline std::string lock_host_name() {
    std::string name;
    for (const char c : host_name()) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte > 0x20 && byte < 0x7F && c != '?')
            name += c;
        else
            add(name, {"?", hexadecimal(byte, 2)});
    }
    struct stat status{};
    constexpr unsigned long first_namespace = 0xEFFFFFFC;
    if (::stat("/proc/self/ns/pid", &status) == 0 && status.st_ino != first_namespace) {
        add(name, {"?pidns-", hexadecimal(status.st_ino)});
    }
    return name.empty() ? "?" : name.substr(0, 253);
}

/// Who holds a lock, as far as its file says.
struct lock_owner {
    std::string content;
    std::string host;
    int process = 0;
    struct stat file{};

    bool is_readable() const noexcept { return process > 0; }

    /// Whether the process certainly is no longer alive.
    bool is_dead() const {
        return is_readable() && host == lock_host_name() && ::getpgid(process) < 0 && errno == ESRCH;
    }

    /// Whether nothing has changed; whole seconds do, since only a lock that stays for longer is judged by this.
    bool is_same_file(const lock_owner& other) const noexcept {
        return file.st_ino == other.file.st_ino && file.st_size == other.file.st_size &&
               file.st_mtime == other.file.st_mtime && file.st_ctime == other.file.st_ctime;
    }

    std::string in_words() const {
        return is_readable() ? concat({"process ", number_text(process), " on ", host}) : "an unknown process";
    }

    /// Reads "process\nhost\n" and perhaps a third line.
    void parse() {
        const std::size_t first = content.find('\n');
        if (first == content.npos || content.back() != '\n') return;
        const std::size_t second = content.find('\n', first + 1);
        if (second == content.npos) return;
        const std::string_view rest = std::string_view(content).substr(second + 1);
        int number = 0;
        const bool digits = first > 0 && content.find_first_not_of("0123456789") == first;
        const bool third = rest.empty() || rest.find_first_not_of("0123456789") == rest.size() - 1;
        if (!digits || !third || !parse_number(std::string_view(content).substr(0, first), number)) return;
        host = content.substr(first + 1, second - first - 1);
        if (!host.empty()) process = number;
    }
};

/// Swaps two names in one step; false where that is not possible.
inline bool exchange_names(const std::string& a, const std::string& b) noexcept {
#if defined(SYS_renameat2)
    constexpr unsigned exchange = 2;
    return ::syscall(SYS_renameat2, AT_FDCWD, a.c_str(), AT_FDCWD, b.c_str(), exchange) == 0;
#elif defined(RENAME_SWAP)
    return ::renamex_np(a.c_str(), b.c_str(), RENAME_SWAP) == 0;
#else
    static_cast<void>(a), static_cast<void>(b);
    return false;
#endif
}

/// Holds a lock file from construction to destruction.
class file_lock {
public:
    /// Waits for the lock `path` at most `limit` seconds, then throws lock_error.
    explicit file_lock(std::string path, double limit = 30) : path_(std::move(path)) {
        const double deadline = monotonic_seconds() + limit;
        for (long pause = 1; !try_create(); pause = pause < 32 ? 2 * pause : 50) {
            break_if_dead();
            if (monotonic_seconds() > deadline) refuse(limit);
            sleep_milliseconds(pause);
        }
    }
    file_lock(const file_lock&) = delete;
    file_lock& operator=(const file_lock&) = delete;
    ~file_lock() { remove_own(path_, file_); }

private:
    static constexpr double dead_after = 2;

    bool try_create() {
        file_ = open_file(path_, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0644);
        if (!file_) {
            if (errno == EEXIST) return false;
            raise_file_error("cannot create the lock file", path_);
        }
        const std::string process = number_text(::getpid());
        if (write_all(file_, concat({process, "\n", lock_host_name(), "\n"}))) return true;
        const int reason = errno;
        remove_own(path_, file_);
        raise_file_error("cannot write the lock file", path_, reason);
    }

    static bool names_file(const std::string& path, const file_descriptor& file) noexcept {
        struct stat named{}, opened{};
        return ::lstat(path.c_str(), &named) == 0 && ::fstat(file.get(), &opened) == 0 &&
               named.st_dev == opened.st_dev && named.st_ino == opened.st_ino;
    }

    static void remove_own(const std::string& path, const file_descriptor& file) noexcept {
        if (names_file(path, file)) ::unlink(path.c_str());
    }

    /// Judges the present lock file; it stays open meanwhile, so that its number names no other file.
    void break_if_dead() {
        const file_descriptor pin = open_file(path_, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
        lock_owner owner;
        if (!pin || ::fstat(pin.get(), &owner.file) != 0 || !S_ISREG(owner.file.st_mode)) return;
        char content[1024];
        const ssize_t count = ::read(pin.get(), content, sizeof content);
        owner.content.assign(content, count > 0 ? static_cast<std::size_t>(count) : 0);
        owner.parse();
        const double now = monotonic_seconds();
        if (!seen_.is_same_file(owner)) seen_since_ = now;
        seen_ = std::move(owner);
        const bool abandoned = !seen_.is_readable() && now - seen_since_ >= dead_after;
        if (abandoned || seen_.is_dead()) take_away(pin);
    }

    /// Removes the judged file: swaps it with a placeholder, so that the path never stands empty while we look.
    void take_away(const file_descriptor& judged) {
        const std::string process = number_text(::getpid());
        const std::string aside = concat({path_, ".break.", process, ".", hexadecimal_name()});
        const file_descriptor placeholder = open_file(aside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
        if (!placeholder) return;
        const bool swapped = names_file(path_, judged) &&
                             write_all(placeholder, concat({"filelock/break\n", process, "\n"})) &&
                             exchange_names(aside, path_);
        if (swapped && !names_file(aside, judged)) exchange_names(aside, path_);
        if (!swapped || names_file(aside, placeholder)) {
            remove_own(aside, placeholder);
            return;
        }
        remove_own(aside, judged);
        remove_own(path_, placeholder);
    }

    /// 32 hexadecimal digits that no other process uses.
    static std::string hexadecimal_name() {
        const std::string first = hexadecimal(unique_number(), 16);
        return concat({first, hexadecimal(unique_number(), 16)});
    }

    [[noreturn]] void refuse(double limit) const {
        raise<lock_error>({"the lock '", path_, "' was not free within ", number_text(limit), " s: it is held by ",
                           seen_.in_words(), "; wait for that process, or remove the file if it no longer runs"});
    }

    std::string path_;
    file_descriptor file_;
    lock_owner seen_;
    double seen_since_ = 0;
};

}  // namespace coma::detail

#endif

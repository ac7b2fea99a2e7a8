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
#include <cstddef>
#include <cstdint>
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
    constexpr std::uint64_t first_space = 0xEFFFFFFC;
    const std::uint64_t space = process_space();
    if (space != 0 && space != first_space) add(name, {"?pidns-", hexadecimal(space)});
    return name.empty() ? "?" : name.substr(0, 253);
}

/// Who holds a lock, as far as its file says.
struct lock_owner {
    std::string content;
    std::string host;
    int process = 0;
    struct stat file{};

    bool is_readable() const noexcept { return process > 0; }

    /// Whether the process lives where nobody here can see it: on another host, or in another space of process ids.
    bool is_foreign() const { return is_readable() && host != lock_host_name(); }

    /// Whether the process certainly is no longer alive.
    bool is_dead() const { return is_readable() && !is_foreign() && ::getpgid(process) < 0 && errno == ESRCH; }

    /// Whether nothing has changed; whole seconds do, since only a lock that stays for longer is judged by this.
    bool is_same(const lock_owner& other) const noexcept {
        return file.st_ino == other.file.st_ino && file.st_mtime == other.file.st_mtime && content == other.content;
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
    /// Waits for the lock `path`. Each of its owners is waited for at most `limit` seconds, then lock_error is thrown;
    /// the lock of an owner elsewhere, of whom nothing is known, is taken over when it did not change for `patience`.
    explicit file_lock(std::string path, double limit = 30, double patience = 60) : path_(std::move(path)) {
        double unchanged = 0;
        for (long pause = shortest_pause; !try_create();
             pause = 3 * pause < 2 * longest_pause ? 3 * pause / 2 : longest_pause) {
            const double longest = seen_.is_foreign() ? patience + limit : limit;
            if (unchanged > longest) refuse(longest);
            sleep_milliseconds(pause / 2 + static_cast<long>(unique_number() % 1024) * pause / 2048);  // never in step
            unchanged = look(patience);
        }
    }
    file_lock(const file_lock&) = delete;
    file_lock& operator=(const file_lock&) = delete;
    ~file_lock() { remove_own(path_, file_); }

    /// Throws lock_error if another process took the lock over, which what it protects may show, too.
    void require(bool is_as_it_was) const {
        if (!is_as_it_was || !names_file(path_, file_))
            raise<lock_error>({"the lock '", path_,
                               "' was taken over by another process while this one stood still, "
                               "and nothing was written: do it again"});
    }

private:
    static constexpr double dead_after = 2;
    static constexpr long shortest_pause = 10;
    static constexpr long longest_pause = 500;

    bool try_create() {
        file_ = open_file(path_, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0644);
        if (!file_) {
            if (errno == EEXIST) return false;
            raise_file_error("cannot create the lock file", path_);
        }
        const std::string process = number_text(::getpid());
        if (write_all(file_, concat({process, "\n", lock_host_name(), "\n"}))) {
            open_file(path_, O_WRONLY | O_NOFOLLOW);  // as it is closed, a network file system sends what it holds back
            return true;
        }
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

    /// Looks at the present lock file, which stays open meanwhile, so that its number names no other file; takes it
    /// away if its owner is gone. Returns for how many seconds it has not changed.
    double look(double patience) {
        const file_descriptor pin = open_file(path_, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
        lock_owner owner;
        if (pin && ::fstat(pin.get(), &owner.file) == 0 && S_ISREG(owner.file.st_mode)) {
            char content[1024];
            const ssize_t count = ::read(pin.get(), content, sizeof content);
            owner.content.assign(content, count > 0 ? static_cast<std::size_t>(count) : 0);
            owner.parse();
        }
        const double now = monotonic_seconds();
        if (since_ == 0 || !seen_.is_same(owner)) since_ = now;
        seen_ = std::move(owner);
        const double unchanged = now - since_;
        const bool abandoned = !seen_.is_readable() && unchanged >= dead_after;
        const bool silent = seen_.is_foreign() && unchanged >= patience;
        if (S_ISREG(seen_.file.st_mode) && (abandoned || silent || seen_.is_dead())) take_away(pin);
        return unchanged;
    }

    /// Removes the judged file: swaps it with a placeholder, so that the path never stands empty while we look, or just
    /// moves it where the file system cannot swap. Another one that came in its place meanwhile is put back.
    void take_away(const file_descriptor& judged) {
        const std::string process = number_text(::getpid());
        const std::string aside = concat({path_, ".break.", process, ".", hexadecimal_name()});
        const file_descriptor placeholder = open_file(aside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
        if (!placeholder) return;
        const bool moved = names_file(path_, judged) &&
                           write_all(placeholder, concat({"filelock/break\n", process, "\n"})) &&
                           (exchange_names(aside, path_) || ::rename(path_.c_str(), aside.c_str()) == 0);
        if (moved && !names_file(aside, judged) && !exchange_names(aside, path_)) ::link(aside.c_str(), path_.c_str());
        ::unlink(aside.c_str());
        remove_own(path_, placeholder);
    }

    /// 32 hexadecimal digits that no other process uses.
    static std::string hexadecimal_name() {
        const std::string first = hexadecimal(unique_number(), 16);
        return concat({first, hexadecimal(unique_number(), 16)});
    }

    [[noreturn]] void refuse(double longest) const {
        raise<lock_error>({"the lock '", path_, "' was not free within ", number_text(longest), " s: it is held by ",
                           seen_.in_words(), "; wait for that process, or remove the file if it no longer runs"});
    }

    std::string path_;
    file_descriptor file_;
    lock_owner seen_;
    double since_ = 0;  ///< when the present lock file was seen first
};

}  // namespace coma::detail

#endif

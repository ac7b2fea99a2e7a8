// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// Files replaced at once: a reader sees the old one or the new one.
#ifndef COMA_DETAIL_REPLACE_FILE_HPP
#define COMA_DETAIL_REPLACE_FILE_HPP

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "../errors.hpp"
#include "files.hpp"

namespace coma::detail {

/// The file that a link leads to; the path itself where it is no link.
inline std::string end_of_links(const std::string& path) {
    struct stat status{};
    if (::lstat(path.c_str(), &status) != 0 || !S_ISLNK(status.st_mode)) return path;
    char* resolved = ::realpath(path.c_str(), nullptr);
    if (!resolved) raise_file_error("cannot replace what this link leads to (remove the link)", path);
    std::string end = resolved;
    std::free(resolved);
    return end;
}

/// Gives a file owner, group and mode of another, as far as that is permitted.
inline void make_like(const struct stat& old, const file_descriptor& file) noexcept {
    constexpr auto unchanged_group = static_cast<gid_t>(-1);
    constexpr auto unchanged_owner = static_cast<uid_t>(-1);
    const bool done[] = {::fchown(file.get(), old.st_uid, unchanged_group) == 0,
                         ::fchown(file.get(), unchanged_owner, old.st_gid) == 0,
                         ::fchmod(file.get(), old.st_mode & 07777) == 0};
    static_cast<void>(done);
}

/// Replaces a file, or creates it; where the path is a link, the file that it leads to.
inline void replace_file(const std::string& path, std::string_view text) {
    const std::string target = end_of_links(path);
    new_file temporary(temporary_name(target));
    struct stat old{};
    if (temporary.is_created() && ::stat(target.c_str(), &old) == 0) make_like(old, temporary.file());
    temporary.write(text, path);
    if (::rename(temporary.name().c_str(), target.c_str()) != 0) raise_file_error("cannot replace", path);
    temporary.keep();
    sync_directory(target);
}

}  // namespace coma::detail

#endif

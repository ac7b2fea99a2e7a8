// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// The names of an experiment's files: made with ids, recognised, listed.
#ifndef COMA_DETAIL_FILE_NAMES_HPP
#define COMA_DETAIL_FILE_NAMES_HPP

#include <dirent.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdint>
#include <string>
#include <string_view>

#include "../errors.hpp"
#include "files.hpp"
#include "minimal_vector.hpp"
#include "numbers.hpp"
#include "text.hpp"

namespace coma::detail {

/// A name with an id in place of `${...}`, padded to six digits.
inline std::string name_with_id(std::string_view pattern, std::uint64_t id) {
    const std::string digits = number_text(id);
    const std::size_t begin = pattern.find("${");
    const std::size_t end = pattern.find('}', begin == pattern.npos ? pattern.size() : begin);
    if (end == pattern.npos)
        raise<experiment_error>({"the name '", pattern, "' has no place for an id, such as ${measurement_id}"});
    const std::string_view zeros("000000", digits.size() < 6 ? 6 - digits.size() : 0);
    return concat({pattern.substr(0, begin), zeros, digits, pattern.substr(end + 1)});
}

constexpr bool starts_with(std::string_view text, std::string_view start) noexcept {
    return text.substr(0, start.size()) == start;
}

constexpr bool ends_with(std::string_view text, std::string_view end) noexcept {
    return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

/// Whether a file name ends as those of experiments and measurements do.
constexpr bool is_archive(std::string_view name) noexcept {
    return ends_with(name, ".json") || ends_with(name, ".xml");
}

/// The name of such a file without .json or .xml.
constexpr std::string_view without_suffix(std::string_view name) noexcept {
    return name.substr(0, name.size() - (ends_with(name, ".xml") ? 4 : 5));
}

/// Whether a file name is a pattern's with an id or `none` in its place, and .json or .xml behind it.
inline bool matches(std::string_view name, std::string_view pattern) {
    const std::string_view before = pattern.substr(0, pattern.find("${"));
    const std::string_view after = pattern.substr(pattern.find('}') + 1);
    if (!is_archive(name)) return false;
    name = without_suffix(name);
    if (name.size() < before.size() + after.size() || !starts_with(name, before) || !ends_with(name, after))
        return false;
    const std::string_view id = name.substr(before.size(), name.size() - before.size() - after.size());
    return id == "none" || (!id.empty() && id.find_first_not_of("0123456789") == id.npos);
}

/// Whether a file's name holds a higher id than a name without suffix; longer ids are higher.
inline bool comes_after(std::string_view name, std::string_view last) {
    name = without_suffix(name);
    return name.size() != last.size() ? name.size() > last.size() : name > last;
}

/// The names in a directory; creates the directory if it is missing, so that it outlasts a power cut.
inline minimal_vector<std::string> list_or_create(const std::string& directory) {
    const std::string without_slash(directory, 0, directory.find_last_not_of('/') + 1);
    if (::mkdir(directory.c_str(), 0777) == 0)
        sync_directory(without_slash);
    else if (errno != EEXIST)
        raise_file_error("cannot create the experiment's directory", directory);
    DIR* opened = ::opendir(directory.c_str());
    if (!opened) raise_file_error("cannot open the experiment's directory", directory);
    minimal_vector<std::string> names;
    while (const dirent* entry = ::readdir(opened)) {
        const std::string_view name = entry->d_name;
        if (name != "." && name != "..") names.push_back(std::string(name));
    }
    ::closedir(opened);
    return names;
}

}  // namespace coma::detail

#endif

// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// Paths into a tree, such as results/energies/0.
#ifndef COMA_PATH_HPP
#define COMA_PATH_HPP

#include <cstddef>
#include <string>
#include <string_view>

#include "errors.hpp"
#include "numbers.hpp"

namespace coma {

/// Walks along a path, one component at a time.
class path_walker {
public:
    explicit path_walker(std::string_view path) noexcept : path_(path) {}

    /// Whether components are left.
    explicit operator bool() const noexcept { return next_ <= path_.size(); }

    /// The next component; throws path_error if it is empty.
    std::string_view step() {
        done_ = next_;
        const std::size_t end = path_.find('/', next_);
        const std::string_view part = path_.substr(next_, end == path_.npos ? path_.npos : end - next_);
        next_ = end == path_.npos ? path_.size() + 1 : end + 1;
        if (part.empty())
            coma::detail::raise<path_error>(
                {"the path '", path_, "' has an empty component: separate names by single slashes, as in 'results/t'"});
        return part;
    }

    /// What has been walked before the last step, empty at the root.
    std::string_view behind() const noexcept { return path_.substr(0, done_ == 0 ? 0 : done_ - 1); }

    /// What has been walked including the last step.
    std::string_view here() const noexcept { return path_.substr(0, next_ - 1); }

private:
    std::string_view path_;
    std::size_t next_ = 0;
    std::size_t done_ = 0;
};

/// A path and one more component.
inline std::string join_path(std::string_view path, std::string_view part) {
    std::string joined(path);
    if (!joined.empty()) joined += '/';
    return joined.append(part);
}

/// A path and one more position in a list.
inline std::string join_path(std::string_view path, std::size_t position) {
    return join_path(path, numbers::to_text(position));
}

}  // namespace coma

#endif

// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// Paths into a tree, such as results/energies/0.
#ifndef COMA_DETAIL_PATH_HPP
#define COMA_DETAIL_PATH_HPP

#include <cstddef>
#include <string_view>

#include "../errors.hpp"

namespace coma::detail {

/// The position of the next slash, or the length of the path.
inline std::size_t find_slash(std::string_view path, std::size_t at) noexcept {
    while (at < path.size() && path.data()[at] != '/') ++at;
    return at;
}

/// Where a path's component that begins at `begin` ends; throws path_error if it is empty.
inline std::size_t end_of_component(std::string_view path, std::size_t begin) {
    const std::size_t end = find_slash(path, begin);
    if (end == begin)
        raise<path_error>(
            {"the path '", path, "' has an empty component: separate names by single slashes, as in 'results/t'"});
    return end;
}

/// The path before the component that begins at `begin`, empty at the root.
inline std::string_view path_before(std::string_view path, std::size_t begin) noexcept {
    return {path.data(), begin > 0 ? begin - 1 : 0};
}

}  // namespace coma::detail

#endif

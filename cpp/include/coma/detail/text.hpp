// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// Texts put together; cheaper to compile than the operators and templates of std::string.
#ifndef COMA_DETAIL_TEXT_HPP
#define COMA_DETAIL_TEXT_HPP

#include <cstddef>
#include <cstring>
#include <initializer_list>
#include <string>
#include <string_view>

#include "requirements.hpp"  // IWYU pragma: keep

namespace coma::detail {

/// What == says.
inline bool equal(std::string_view a, std::string_view b) noexcept {
    return a.size() == b.size() && (a.size() == 0 || std::memcmp(a.data(), b.data(), a.size()) == 0);
}

/// Appends a text.
inline void add(std::string& to, std::string_view text) { to.append(text.data(), text.size()); }

/// Appends several texts.
[[gnu::noinline]] inline void add(std::string& to, std::initializer_list<std::string_view> parts) {
    const std::string_view* part = parts.begin();
    for (std::size_t left = parts.size(); left > 0; --left) add(to, *part++);
}

/// One text of several.
[[gnu::noinline]] inline std::string concat(std::initializer_list<std::string_view> parts) {
    std::string text;
    add(text, parts);
    return text;
}

}  // namespace coma::detail

#endif

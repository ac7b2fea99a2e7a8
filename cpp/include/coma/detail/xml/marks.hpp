// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// Which values need a mark, class_name, to be read back as what they are.
#ifndef COMA_DETAIL_XML_MARKS_HPP
#define COMA_DETAIL_XML_MARKS_HPP

#include <cstddef>
#include <string>
#include <string_view>

#include "../../tree.hpp"
#include "../numbers.hpp"
#include "../text.hpp"

namespace coma::detail {

/// Whether a string without a mark is read back as this string.
inline bool reads_as_text(std::string_view text) noexcept {
    return text.size() > 0 && strip(text).size() == text.size() && look_of(text) == look::text &&
           !equal(text, "True") && !equal(text, "False");
}

/// Whether a dictionary without a mark is read back as a list: count, item_version, item.
[[gnu::noinline]] inline bool looks_like_list(const tree& dict) {
    const tree_entries& items = *tree_access::entries(dict);
    if (items.size() < 2 || items.size() > 3) return false;
    const char* keys[] = {"count", "item_version", "item"};
    for (std::size_t i = 0; i < items.size(); ++i)
        if (items[i].key.compare(keys[i]) != 0) return false;
    const tree& count = items[0].value;
    const char* number = items.size() == 3 ? "1" : "0";
    if (const std::string* text = tree_access::text(count)) return equal(strip(*text), number);
    if (count.kind() == kind::boolean) return tree_access::is_true(count) == (items.size() == 3);
    std::string digits;
    return tree_access::append_integer(digits, count) && digits.compare(number) == 0;
}

}  // namespace coma::detail

#endif

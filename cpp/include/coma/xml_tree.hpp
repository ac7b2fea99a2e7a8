// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// XML text as a tree.
#ifndef COMA_XML_TREE_HPP
#define COMA_XML_TREE_HPP

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "key_index.hpp"
#include "numbers.hpp"
#include "tree.hpp"
#include "xml_reader.hpp"

namespace coma::xml {
namespace detail {

/// The first item if the children of an element are `count`, `item_version`, then as many `item` as the count says;
/// Boost's form has lists without `item_version` and with `bucket_count`, too. The element itself if it is no list.
inline const element* first_item(const document& from, const element& of) {
    const element* count = from.first_child(of);
    if (!count || count->name != "count") return &of;
    const element* item = from.next(*count);
    if (from.is_boost() && item && item->name == "bucket_count") item = from.next(*item);
    const bool has_version = item && item->name == "item_version";
    if (!has_version && !from.is_boost()) return &of;
    const element* first = has_version ? from.next(*item) : item;
    std::size_t found = 0;
    for (item = first; item; item = from.next(*item), ++found)
        if (item->name != "item") return &of;
    return numbers::strip(count->raw) == numbers::to_text(found) ? first : &of;
}

inline std::string checked_text(const document& from, const element& of) {
    std::string text = from.text(of);
    const std::size_t invalid = find_invalid(text);
    if (invalid != text.npos)
        from.fail(of, {"the text of <", of.name, "> has bytes that are no UTF-8 or no XML characters"});
    return text;
}

inline tree leaf(const document& from, const element& of) {
    if (from.has_attribute(of, "class_name", "str")) return checked_text(from, of);
    if (from.has_attribute(of, "class_name", "dict")) return tree::dict();
    if (of.raw.empty() || from.has_attribute(of, "class_name", "none")) return nullptr;
    std::string text = checked_text(from, of);
    if (from.has_attribute(of, "class_name", "bool")) {
        const std::string_view bit = numbers::strip(text);
        if (bit != "0" && bit != "1") from.fail(of, {"a boolean is 0 or 1, not '", text, "'"});
        return bit == "1";
    }
    switch (numbers::look_of(text)) {
        case numbers::look::integer: return tree::big_integer(text);
        case numbers::look::real: {
            double number = 0;
            numbers::parse(text, number);
            return number;
        }
        default: return text == "True" || text == "False" ? tree(text == "True") : tree(text);
    }
}

inline tree value(const document& from, const element& of);

inline tree list(const document& from, const element* item) {
    tree_list elements;
    for (; item; item = from.next(*item)) elements.push_back(value(from, *item));
    return tree(std::move(elements));
}

inline tree dict(const document& from, const element& of) {
    tree result = tree::dict();
    for (const element* child = from.first_child(of); child; child = from.next(*child))
        if (!result.add(child->name, value(from, *child)))
            from.fail(*child, {"<", child->name, "> stands twice in <", of.name, ">"});
    return result;
}

inline tree value(const document& from, const element& of) {
    if (from.is_boost() && from.find_attribute(of, "object_id_reference"))
        from.fail(of, {"<", of.name, "> refers to another object: read the file with coma::xml_iarchive"});
    if (!of.first_child) return leaf(from, of);
    const element* first = from.has_attribute(of, "class_name", "dict") ? &of : first_item(from, of);
    return first == &of ? dict(from, of) : list(from, first);
}

}  // namespace detail

/// The tree of an element.
inline tree to_tree(const document& from, const element& of) { return detail::value(from, of); }

/// Reads a text with one root of this name; `file` is its name in messages.
inline tree to_tree(std::string text, std::string_view root, std::string file, const limits& limit = {}) {
    const document read(std::move(text), std::move(file), limit);
    const element* first = read.first_child(read.top());
    if (read.is_boost()) first = read.first_child(*first);
    if (!first || first->name != root)
        read.fail(first ? *first : read.top(), {"the root is <", first ? first->name : "", ">, expected <", root, ">"});
    if (const element* second = read.next(*first)) read.fail(*second, {"there is a second root"});
    return to_tree(read, *first);
}

}  // namespace coma::xml

#endif

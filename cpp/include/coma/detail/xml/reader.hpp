// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// XML text as a tree.
#ifndef COMA_DETAIL_XML_READER_HPP
#define COMA_DETAIL_XML_READER_HPP

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "../../tree.hpp"
#include "../numbers.hpp"
#include "document.hpp"
#include "parser.hpp"
#include "text.hpp"

namespace coma::detail {

/// Makes trees of a document's elements.
class xml_reader {
public:
    explicit xml_reader(const xml_document& from) noexcept : from_(from) {}

    tree value(const xml_element& of) const {
        if (from_.is_boost() && from_.find_attribute(of, "object_id_reference"))
            from_.fail(of, {"<", of.name, "> refers to another object: read the file with coma::xml_iarchive"});
        if (!of.first_child) return leaf(of);
        const xml_element* first = from_.has_attribute(of, "class_name", "dict") ? &of : first_item(of);
        return first == &of ? dict(of) : list(first);
    }

private:
    /// The first item if the children of an element are `count`, `item_version`, then as many `item` as the count says;
    /// Boost's form has lists without `item_version` and with `bucket_count`, too. The element itself if it is no list.
    const xml_element* first_item(const xml_element& of) const {
        const xml_element* count = from_.first_child(of);
        if (!count || count->name != "count") return &of;
        const xml_element* item = from_.next(*count);
        if (from_.is_boost() && item && item->name == "bucket_count") item = from_.next(*item);
        const bool has_version = item && item->name == "item_version";
        if (!has_version && !from_.is_boost()) return &of;
        const xml_element* first = has_version ? from_.next(*item) : item;
        std::size_t found = 0;
        for (item = first; item; item = from_.next(*item), ++found)
            if (item->name != "item") return &of;
        return strip(count->raw) == number_text(found) ? first : &of;
    }

    std::string text(const xml_element& of) const {
        std::string text = from_.text(of);
        if (find_invalid_xml(text) != text.npos)
            from_.fail(of, {"the text of <", of.name, "> has bytes that are no UTF-8 or no XML characters"});
        return text;
    }

    tree leaf(const xml_element& of) const {
        if (from_.has_attribute(of, "class_name", "str")) return text(of);
        if (from_.has_attribute(of, "class_name", "dict")) return tree::dict();
        if (of.raw.empty() || from_.has_attribute(of, "class_name", "none")) return nullptr;
        std::string content = text(of);
        if (from_.has_attribute(of, "class_name", "bool")) {
            const std::string_view bit = strip(content);
            if (bit != "0" && bit != "1") from_.fail(of, {"a boolean is 0 or 1, not '", content, "'"});
            return bit == "1";
        }
        switch (look_of(content)) {
            case look::integer: return tree::big_integer(content);
            case look::real: {
                double number = 0;
                parse_number(content, number);
                return number;
            }
            default: return content == "True" || content == "False" ? tree(content == "True") : tree(content);
        }
    }

    tree list(const xml_element* item) const {
        tree_list elements;
        for (; item; item = from_.next(*item)) elements.push_back(value(*item));
        return tree(std::move(elements));
    }

    tree dict(const xml_element& of) const {
        tree result = tree::dict();
        for (const xml_element* child = from_.first_child(of); child; child = from_.next(*child))
            if (!result.add(child->name, value(*child)))
                from_.fail(*child, {"<", child->name, "> stands twice in <", of.name, ">"});
        return result;
    }

    const xml_document& from_;
};

/// Reads a text with one root of this name; `file` is its name in messages.
inline tree read_xml(std::string text, std::string_view root, std::string file, const xml_limits& limit = {}) {
    xml_document read(std::move(text), std::move(file));
    parse_xml(read, limit);
    const xml_element* first = read.first_child(read.top());
    if (read.is_boost()) first = read.first_child(*first);
    if (!first || first->name != root)
        read.fail(first ? *first : read.top(), {"the root is <", first ? first->name : "", ">, expected <", root, ">"});
    if (const xml_element* second = read.next(*first)) read.fail(*second, {"there is a second root"});
    return xml_reader(read).value(*first);
}

}  // namespace coma::detail

#endif

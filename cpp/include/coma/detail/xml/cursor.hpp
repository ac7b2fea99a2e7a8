// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// A place in a document that moves into elements by their names.
#ifndef COMA_DETAIL_XML_CURSOR_HPP
#define COMA_DETAIL_XML_CURSOR_HPP

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

#include "../numbers.hpp"
#include "../pod_vector.hpp"
#include "document.hpp"

namespace coma::detail {

/// The elements that are open, the innermost one last.
class xml_cursor {
public:
    static constexpr std::size_t none = static_cast<std::size_t>(-1);

    explicit xml_cursor(const xml_document& document) : document_(document) {
        const xml_element& top = document.top();
        const xml_element* first = document.first_child(top);
        if (document.is_boost())
            open_.push_back({first, document.first_child(*first)});
        else
            open_.push_back({&top, first});
    }
    xml_cursor(const xml_cursor&) = delete;
    xml_cursor& operator=(const xml_cursor&) = delete;

    /// Goes into the child of this name that comes next, or into any other one of this name.
    void enter(const char* name) {
        place& parent = open_.back();
        const xml_element* child = find(parent, name);
        if (!child) fail({missing(name)});
        if (++entered_ > 8 * document_.size() + 1000) fail({"references to objects repeat the same data too often"});
        parent.next = document_.next(*child);
        open_.push_back({child, document_.first_child(*child)});
    }
    void leave() noexcept { open_.pop_back(); }

    /// The text of the next item, where it need not be decoded; to be called as often as begin_list() says.
    std::string_view next_item() noexcept {
        const xml_element& item = *open_.back().next;
        open_.back().next = document_.next(item);
        return item.raw;
    }

    const xml_element& here() const noexcept { return *open_.back().of; }
    bool is_empty() const noexcept { return here().raw.empty() && !here().first_child && here().attributes == 0; }
    bool has(std::string_view name) const noexcept { return find(open_.back(), name) != nullptr; }
    /// Goes on with the content of another element.
    void go_to(const xml_element& other) noexcept { open_.back() = {&other, document_.first_child(other)}; }

    std::string text() const {
        if (here().first_child) fail({"a text was expected, there are elements"});
        return document_.text(here());
    }
    /// The text, where it need not be decoded.
    std::string_view raw_text() const noexcept { return here().raw; }

    bool has_attribute(std::string_view name, std::string_view value) const noexcept {
        return document_.has_attribute(here(), name, value);
    }
    /// The value of an attribute such as "3" or "_3", or `none`.
    std::size_t number_attribute(std::string_view name) const {
        if (here().attributes == 0) return none;
        const std::string_view* text = document_.find_attribute(here(), name);
        if (!text) return none;
        std::size_t number = 0;
        if (!parse_number(text->substr(text->substr(0, 1) == "_" ? 1 : 0), number))
            fail({"the attribute ", name, " is '", *text, "', which is no number"});
        return number;
    }

    /// Reads what stands before the items of a collection and gives their number.
    std::size_t begin_list() {
        for (const char* inner : {"elems", "list"})
            if (!has("count") && has(inner)) return enter_instead(inner), begin_list();
        place& list = open_.back();
        std::size_t count = 0;
        if (!list.next || list.next->name != "count" || !parse_number(list.next->raw, count))
            fail({"a list was expected, which begins with <count>"});
        list.next = document_.next(*list.next);
        for (const char* head : {"bucket_count", "item_version"})
            if (list.next && list.next->name == head) list.next = document_.next(*list.next);
        std::size_t found = 0;
        for (const xml_element* item = list.next; item && item->name == "item"; item = document_.next(*item)) ++found;
        if (found != count)
            fail({"the list should have ", number_text(count), " items, but it has ", number_text(found)});
        return count;
    }

    [[noreturn]] void fail(std::initializer_list<std::string_view> what) const {
        document_.fail(here(), {"<", here().name, ">: ", concat(what)});
    }

private:
    struct place {
        const xml_element* of;
        const xml_element* next;
    };

    const xml_element* find(const place& in, std::string_view name) const noexcept {
        for (const xml_element* child = in.next; child; child = document_.next(*child))
            if (child->name == name) return child;
        for (const xml_element* child = document_.first_child(*in.of); child && child != in.next;
             child = document_.next(*child))
            if (child->name == name) return child;
        return nullptr;
    }

    /// Replaces the present place by a child: an array lies one level deeper than a list.
    void enter_instead(const char* name) { go_to(*find(open_.back(), name)); }

    std::string missing(std::string_view name) const {
        std::string found;
        std::size_t named = 0;
        for (const xml_element* child = document_.first_child(here()); child && named < 20;
             child = document_.next(*child), ++named)
            found = concat({found, named ? ", <" : ", only <", child->name, ">"});
        return concat({"there is no <", name, ">", named ? std::string_view(found) : ", it has no elements"});
    }

    const xml_document& document_;
    pod_vector<place> open_;
    std::size_t entered_ = 0;
};

}  // namespace coma::detail

#endif

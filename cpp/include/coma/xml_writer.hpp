// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// A tree as XML in the plain form.
#ifndef COMA_XML_WRITER_HPP
#define COMA_XML_WRITER_HPP

#include <cstddef>
#include <string>
#include <string_view>

#include "numbers.hpp"
#include "tree.hpp"
#include "xml_text.hpp"

namespace coma::xml {

/// How deep written elements may be nested; readers accept somewhat more.
constexpr std::size_t max_depth = 200;

namespace detail {

using coma::detail::add;
using coma::detail::equal;

/// Whether a string without a mark is read back as this string.
inline bool reads_as_text(std::string_view text) noexcept {
    return !text.empty() && numbers::strip(text).size() == text.size() &&
           numbers::look_of(text) == numbers::look::text && !equal(text, "True") && !equal(text, "False");
}

/// Whether a dictionary without a mark is read back as a list: count, item_version, item.
inline bool looks_like_list(const tree& dict) {
    const auto& items = dict.items();
    if (items.size() < 2 || items.size() > 3) return false;
    if (items[0].key != "count" || items[1].key != "item_version") return false;
    if (items.size() == 3 && items[2].key != "item") return false;
    const tree& count = items[0].value;
    const char* number = items.size() == 3 ? "1" : "0";
    if (count.text()) return equal(numbers::strip(*count.text()), number);
    if (count.kind() == kind::boolean) return count.is_true() == (items.size() == 3);
    return count.kind() == kind::integer && count.integer_text() == number;
}

/// Appends elements to a string; keeps the way to the present one for messages.
class plain_writer {
public:
    explicit plain_writer(std::string& out, bool checked = true) : out_(out), checked_(checked) {}

    void element(std::string_view name, const tree& value) {
        enter(name);
        switch (value.kind()) {
            case kind::null: add(out_, "/>\n"); break;
            case kind::list: list(name, value); break;
            case kind::dict: dict(name, value); break;
            case kind::string: text(name, *value.text()); break;
            case kind::boolean: leaf(name, " class_name=\"bool\">", value.is_true() ? "1" : "0"); break;
            case kind::integer: leaf(name, ">", value.integer_text()); break;
            case kind::real: real(name, value); break;
        }
        --depth_;
    }

private:
    void enter(std::string_view name) {
        if (!is_name(name)) check_name(name, path());
        if (depth_ == max_depth)
            coma::detail::raise<format_error>({"XML elements are nested deeper than ", numbers::to_text(max_depth),
                                               " levels at '", path().substr(0, 200), "...': flatten the tree"});
        out_.append(2 * depth_, ' ').append(1, '<');
        add(out_, name);
        way_[depth_++] = name;
    }

    /// The way from below the root to the present element.
    std::string path() const {
        std::string joined;
        for (std::size_t i = 1; i < depth_; ++i) add(joined, {i > 1 ? "/" : "", way_[i]});
        return joined;
    }

    void end(std::string_view name) { add(out_, {"</", name, ">\n"}); }

    void leaf(std::string_view name, std::string_view opening, std::string_view content) {
        add(out_, {opening, content, "</", name, ">\n"});
    }

    void natural(std::string_view name, std::size_t value) {
        enter(name);
        leaf(name, ">", numbers::to_text(value));
        --depth_;
    }

    void real(std::string_view name, const tree& value) {
        out_ += '>';
        numbers::append(out_, *value.real());
        end(name);
    }

    void text(std::string_view name, std::string_view content) {
        if (checked_ && find_invalid(content) != content.npos) check_text(content, path());
        add(out_, reads_as_text(content) ? ">" : " class_name=\"str\">");
        append_escaped(out_, content);
        end(name);
    }

    void list(std::string_view name, const tree& value) {
        add(out_, ">\n");
        natural("count", value.size());
        natural("item_version", 0);
        std::string before;
        add(before.append(2 * depth_, ' '), "<item>");
        out_.reserve(out_.size() + value.size() * (before.size() + 32));
        for (const tree& item : value.elements()) {
            if (const double* number = item.real()) {
                add(out_, before);
                numbers::append(out_, *number);
                add(out_, "</item>\n");
            } else {
                element("item", item);
            }
        }
        out_.append(2 * (depth_ - 1), ' ');
        end(name);
    }

    void dict(std::string_view name, const tree& value) {
        const bool empty = value.size() == 0;
        add(out_, empty || looks_like_list(value) ? " class_name=\"dict\">" : ">");
        if (!empty) out_ += '\n';
        for (const auto& [key, item] : value.items()) element(key, item);
        if (!empty) out_.append(2 * (depth_ - 1), ' ');
        end(name);
    }

    std::string& out_;
    std::string_view way_[max_depth];
    std::size_t depth_ = 0;
    bool checked_;
};

/// XML for our own reader only: strings may hold any bytes.
inline std::string unchecked_text(std::string_view name, const tree& value) {
    std::string out;
    plain_writer(out, false).element(name, value);
    return out;
}

}  // namespace detail

/// Appends a tree as an element of this name; throws format_error for what XML cannot hold.
inline void append(std::string& out, std::string_view name, const tree& value) {
    detail::plain_writer(out).element(name, value);
}

/// A tree as XML.
inline std::string to_text(std::string_view name, const tree& value) {
    std::string out;
    append(out, name, value);
    return out;
}

}  // namespace coma::xml

#endif

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
    return text.size() > 0 && numbers::strip(text).size() == text.size() &&
           numbers::look_of(text) == numbers::look::text && !equal(text, "True") && !equal(text, "False");
}

/// Whether a dictionary without a mark is read back as a list: count, item_version, item.
[[gnu::noinline]] inline bool looks_like_list(const tree& dict) {
    const tree_entries& items = *dict.dict_entries();
    if (items.size() < 2 || items.size() > 3) return false;
    if (items[0].key.compare("count") != 0 || items[1].key.compare("item_version") != 0) return false;
    if (items.size() == 3 && items[2].key.compare("item") != 0) return false;
    const tree& count = items[0].value;
    const char* number = items.size() == 3 ? "1" : "0";
    if (count.text()) return equal(numbers::strip(*count.text()), number);
    if (count.kind() == kind::boolean) return count.is_true() == (items.size() == 3);
    std::string digits;
    return count.append_integer(digits) && digits.compare(number) == 0;
}

/// Appends elements to a string; keeps the way to the present one for messages.
class plain_writer {
public:
    explicit plain_writer(std::string& out, bool checked = true) : out_(out), checked_(checked) {}

    void element(std::string_view name, const tree& value) {
        enter(name);
        switch (value.kind()) {
            case kind::null: out_.append("/>\n"); break;
            case kind::list: list(name, value); break;
            case kind::dict: dict(name, value); break;
            case kind::string: text(name, *value.text()); break;
            case kind::boolean: boolean(name, value.is_true()); break;
            case kind::integer:
            case kind::real: number(name, value); break;
        }
        --depth_;
    }

private:
    void enter(std::string_view name) {
        if (!is_name(name)) check_name(name, path());
        check_depth();
        out_.append(2 * depth_, ' ').append(1, '<');
        add(out_, name);
        way_[depth_++] = name;
    }

    /// Throws format_error where the present element is too deep to have another one in it.
    [[gnu::noinline]] void check_depth() const {
        if (depth_ < max_depth) return;
        std::string what;
        what.append("XML elements are nested deeper than ");
        numbers::append(what, max_depth);
        what.append(" levels at '").append(path(), 0, 200);
        coma::detail::raise<format_error>({what, "...': flatten the tree"});
    }

    /// The way from below the root to the present element.
    [[gnu::noinline]] std::string path() const {
        std::string joined;
        for (std::size_t i = 1; i < depth_; ++i) add(joined, {i > 1 ? "/" : "", way_[i]});
        return joined;
    }

    void end(std::string_view name) { add(out_, {"</", name, ">\n"}); }

    void boolean(std::string_view name, bool value) {
        out_.append(value ? " class_name=\"bool\">1" : " class_name=\"bool\">0");
        end(name);
    }

    void number(std::string_view name, const tree& value) {
        out_ += '>';
        if (!value.append_integer(out_)) numbers::append(out_, *value.real());
        end(name);
    }

    void text(std::string_view name, std::string_view content) {
        if (checked_ && find_invalid(content) != content.npos) check_text(content, path());
        out_.append(reads_as_text(content) ? ">" : " class_name=\"str\">");
        append_escaped(out_, content);
        end(name);
    }

    void list(std::string_view name, const tree& value) {
        check_depth();
        const tree_list& items = *value.list_elements();
        std::string before;
        before.append(2 * depth_, ' ');
        out_.append(">\n").append(before).append("<count>");
        numbers::append(out_, items.size());
        out_.append("</count>\n").append(before).append("<item_version>0</item_version>\n");
        before.append("<item>");
        out_.reserve(out_.size() + items.size() * (before.size() + 32));
        for (std::size_t i = 0; i < items.size(); ++i) {
            if (const double* number = items[i].real()) {
                out_.append(before);
                numbers::append(out_, *number);
                out_.append("</item>\n");
            } else {
                element("item", items[i]);
            }
        }
        out_.append(2 * (depth_ - 1), ' ');
        end(name);
    }

    void dict(std::string_view name, const tree& value) {
        const tree_entries& items = *value.dict_entries();
        if (items.size() == 0) {
            out_.append(" class_name=\"dict\">");
        } else {
            out_.append(looks_like_list(value) ? " class_name=\"dict\">\n" : ">\n");
            for (std::size_t i = 0; i < items.size(); ++i) element(items[i].key, items[i].value);
            out_.append(2 * (depth_ - 1), ' ');
        }
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
    detail::plain_writer(out).element(name, value);
    return out;
}

}  // namespace coma::xml

#endif

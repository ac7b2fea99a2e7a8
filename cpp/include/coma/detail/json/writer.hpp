// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// A tree as JSON, as Python writes it.
#ifndef COMA_DETAIL_JSON_WRITER_HPP
#define COMA_DETAIL_JSON_WRITER_HPP

#include <cstddef>
#include <string>
#include <string_view>

#include "../../errors.hpp"
#include "../../tree.hpp"
#include "../numbers.hpp"
#include "../text.hpp"
#include "../utf8.hpp"

namespace coma::detail {

/// Appends values to a string.
class json_writer {
public:
    explicit json_writer(std::string& out) : out_(out) {}

    /// An object with one key.
    void object(std::string_view key, const tree& only) {
        out_ += '{';
        member(key, only, 2);
        line(0);
        out_ += '}';
    }

    void value(const tree& value, std::size_t indent) {
        switch (value.kind()) {
            case kind::null: out_.append("null"); break;
            case kind::boolean: out_.append(tree_access::is_true(value) ? "true" : "false"); break;
            case kind::integer: tree_access::append_integer(out_, value); break;
            case kind::real: append_number(out_, *tree_access::real(value)); break;
            case kind::string: string(*tree_access::text(value)); break;
            case kind::list: list(*tree_access::elements(value), indent); break;
            case kind::dict: dict(*tree_access::entries(value), indent); break;
        }
    }

private:
    void list(const tree_list& items, std::size_t indent) {
        out_ += '[';
        for (std::size_t i = 0; i < items.size(); ++i) {
            if (i > 0) out_ += ',';
            line(indent + 2);
            value(items[i], indent + 2);
        }
        if (items.size() > 0) line(indent);
        out_ += ']';
    }

    void dict(const tree_entries& items, std::size_t indent) {
        out_ += '{';
        for (std::size_t i = 0; i < items.size(); ++i) {
            if (i > 0) out_ += ',';
            member(items[i].key, items[i].value, indent + 2);
        }
        if (items.size() > 0) line(indent);
        out_ += '}';
    }

    void member(std::string_view key, const tree& content, std::size_t indent) {
        line(indent);
        string(key);
        out_.append(": ");
        value(content, indent);
    }

    void line(std::size_t indent) { out_.append(1, '\n').append(indent, ' '); }

    void string(std::string_view text) {
        constexpr std::string_view meanings = "\"\\\b\f\n\r\t";
        constexpr std::string_view letters = "\"\\bfnrt";
        out_ += '"';
        for (std::size_t at = 0; at < text.size();) {
            const char32_t c = next_character(text, at);
            if (c == no_character) raise<format_error>({"JSON cannot hold a string that is not UTF-8: encode it"});
            const std::size_t letter = c < 0x80 ? meanings.find(static_cast<char>(c)) : meanings.npos;
            if (letter != meanings.npos) {
                out_.append(1, '\\').append(1, letters[letter]);
            } else if (c >= 0x20 && c < 0x7F) {
                out_ += static_cast<char>(c);
            } else if (c < 0x10000) {
                unit(c);
            } else {
                unit(0xD800 + ((c - 0x10000) >> 10));
                unit(0xDC00 + ((c - 0x10000) & 0x3FF));
            }
        }
        out_ += '"';
    }

    void unit(char32_t unit) {
        constexpr const char* hexadecimal = "0123456789abcdef";
        out_.append("\\u");
        for (int shift = 12; shift >= 0; shift -= 4) out_ += hexadecimal[unit >> shift & 15];
    }

    std::string& out_;
};

/// A tree as JSON, indented by two blanks, in ASCII.
inline std::string json_text(const tree& value) {
    std::string out;
    json_writer(out).value(value, 0);
    return out;
}

/// The same below the one key of a root.
inline std::string json_text(std::string_view root, const tree& value) {
    std::string out;
    json_writer(out).object(root, value);
    return out;
}

}  // namespace coma::detail

#endif

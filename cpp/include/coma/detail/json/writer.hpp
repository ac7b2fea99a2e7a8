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
#include "../stand_in.hpp"
#include "../utf8.hpp"

namespace coma::detail {

/// Appends values to a string.
class json_writer {
public:
    explicit json_writer(std::string& out, const stand_in& other = {}) : out_(out), other_(other) {}

    /// A dictionary with one key.
    void root(std::string_view key, const tree& only) {
        out_ += '{';
        member(key, only, 2);
        out_.append("\n}");
    }

    [[gnu::noinline]] void value(const tree& given, std::size_t indent) {
        const tree& value = *other_.of(&given);
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
    [[gnu::noinline]] void list(const tree_list& items, std::size_t indent) {
        out_ += '[';
        for (std::size_t i = 0; i < items.size(); ++i) {
            line(i > 0 ? "," : "", indent + 2);
            value(items[i], indent + 2);
        }
        if (items.size() > 0) line("", indent);
        out_ += ']';
    }

    [[gnu::noinline]] void dict(const tree_entries& items, std::size_t indent) {
        out_ += '{';
        for (std::size_t i = 0; i < items.size(); ++i) {
            if (i > 0) out_ += ',';
            member(items[i].key, items[i].value, indent + 2);
        }
        if (items.size() > 0) line("", indent);
        out_ += '}';
    }

    [[gnu::noinline]] void member(std::string_view key, const tree& content, std::size_t indent) {
        line("", indent);
        string(key);
        out_.append(": ");
        value(content, indent);
    }

    [[gnu::noinline]] void line(const char* before, std::size_t indent) {
        out_.append(before).append(1, '\n').append(indent, ' ');
    }

    [[gnu::noinline]] void string(std::string_view text) {
        out_ += '"';
        for (std::size_t at = 0; at < text.size();) {
            const char32_t c = next_character(text, at);
            if (c >= 0x20 && c < 0x7F && c != '"' && c != '\\')
                out_ += static_cast<char>(c);
            else
                escape(c);
        }
        out_ += '"';
    }

    [[gnu::noinline]] void escape(char32_t c) {
        if (c == no_character) raise<format_error>({"JSON cannot hold a string that is not UTF-8: encode it"});
        if (c == '"' || c == '\\') {
            out_.append(1, '\\').append(1, static_cast<char>(c));
        } else if (c >= '\b' && c <= '\r' && c != '\v') {
            out_.append(1, '\\').append(1, "btn_fr"[c - '\b']);
        } else if (c >= 0x10000) {
            escape(0xD800 + ((c - 0x10000) >> 10));
            escape(0xDC00 + ((c - 0x10000) & 0x3FF));
        } else {
            out_.append("\\u");
            for (int shift = 12; shift >= 0; shift -= 4) out_ += "0123456789abcdef"[c >> shift & 15];
        }
    }

    std::string& out_;
    stand_in other_;
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
    json_writer(out).root(root, value);
    return out;
}

}  // namespace coma::detail

#endif

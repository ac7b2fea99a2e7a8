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
        out_.append("{\n  ");
        string(key);
        out_.append(": ");
        value(only, 2);
        out_.append("\n}");
    }

    void value(const tree& given, std::size_t indent) {
        const tree& value = *other_.of(&given);
        switch (value.kind()) {
            case kind::null: out_.append("null"); break;
            case kind::boolean: out_.append(tree_access::is_true(value) ? "true" : "false"); break;
            case kind::integer: tree_access::append_integer(out_, value); break;
            case kind::real: append_number(out_, *tree_access::real(value)); break;
            case kind::string: string(*tree_access::text(value)); break;
            default: items(value, indent);
        }
    }

private:
    /// What a list or a dictionary holds.
    [[gnu::noinline]] void items(const tree& of, std::size_t indent) {
        const tree_list* list = tree_access::elements(of);
        const tree_entries* dict = tree_access::entries(of);
        out_.append(list ? "[" : "{");
        for (std::size_t i = 0; i < of.size(); ++i) {
            out_.append(i > 0 ? ",\n" : "\n").append(indent + 2, ' ');
            if (dict) string((*dict)[i].key);
            if (dict) out_.append(": ");
            value(dict ? (*dict)[i].value : (*list)[i], indent + 2);
        }
        if (of.size() > 0) out_.append("\n").append(indent, ' ');
        out_.append(list ? "]" : "}");
    }

    [[gnu::noinline]] void string(std::string_view text) {
        out_.append("\"");
        for (std::size_t at = 0; at < text.size();) {
            const std::size_t begin = at;
            while (at < text.size() && is_plain(text.data()[at])) ++at;
            out_.append(text.data() + begin, at - begin);
            if (at < text.size()) escape(next_character(text, at));
        }
        out_.append("\"");
    }

    static bool is_plain(char c) noexcept { return c >= ' ' && c < 0x7F && c != '"' && c != '\\'; }

    [[gnu::noinline]] void escape(char32_t c) {
        if (c == no_character) raise<format_error>({"JSON cannot hold a string that is not UTF-8: encode it"});
        if (c >= 0x10000) {
            escape(0xD800 + ((c - 0x10000) >> 10));
            return escape(0xDC00 + ((c - 0x10000) & 0x3FF));
        }
        constexpr std::string_view meanings = "\"\\\b\f\n\r\t";
        for (std::size_t i = 0; i < meanings.size(); ++i)
            if (c == static_cast<unsigned char>(meanings.data()[i]))
                return static_cast<void>(out_.append(1, '\\').append(1, "\"\\bfnrt"[i]));
        char text[] = "\\u0000";
        for (std::size_t i = 5; i > 1; --i, c >>= 4) text[i] = "0123456789abcdef"[c & 15];
        out_.append(text);
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

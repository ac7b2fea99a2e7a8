// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// A tree as JSON and JSON as a tree.
#ifndef COMA_JSON_HPP
#define COMA_JSON_HPP

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "errors.hpp"
#include "numbers.hpp"
#include "tree.hpp"
#include "xml_text.hpp"

namespace coma::json {
namespace detail {

/// Reads one value after the other from a text.
class reader {
public:
    reader(std::string_view text, const std::string& file) : text_(text), file_(file) {}

    tree read() {
        tree result = value();
        if (peek() != end_of_text) fail({"text follows the end of the value"});
        return result;
    }

private:
    static constexpr char end_of_text = '\0';
    static constexpr std::size_t max_depth = 256;

    [[noreturn]] void fail(std::initializer_list<std::string_view> what) const {
        std::size_t line = 1;
        for (const char c : text_.substr(0, at_)) line += c == '\n' ? 1 : 0;
        coma::detail::raise<parse_error>({file_, ":", numbers::to_text(line), ": ", coma::detail::concat(what)});
    }

    /// The next character that is no blank.
    char peek() noexcept {
        while (at_ < text_.size() && numbers::detail::is_blank(text_[at_])) ++at_;
        return at_ < text_.size() ? text_[at_] : end_of_text;
    }

    bool take(char c) noexcept {
        if (peek() != c) return false;
        ++at_;
        return true;
    }

    void expect(char c) {
        if (!take(c)) fail({"'", std::string_view(&c, 1), "' is missing"});
    }

    tree value() {
        if (depth_ == max_depth) fail({"values are nested deeper than ", numbers::to_text(max_depth), " levels"});
        ++depth_;
        const char c = peek();
        tree result = c == '{' ? dict() : c == '[' ? list() : c == '"' ? tree(string()) : word();
        --depth_;
        return result;
    }

    tree dict() {
        expect('{');
        tree result = tree::dict();
        if (take('}')) return result;
        do {
            peek();
            std::string key = string();
            expect(':');
            if (!result.add(key, value())) fail({"the key '", key, "' occurs twice"});
        } while (take(','));
        expect('}');
        return result;
    }

    tree list() {
        expect('[');
        tree result = tree::list();
        if (take(']')) return result;
        do result.push_back(value());
        while (take(','));
        expect(']');
        return result;
    }

    tree word() {
        const std::size_t begin = at_;
        while (at_ < text_.size() && !numbers::detail::is_blank(text_[at_]) &&
               std::string_view(",:]}").find(text_[at_]) == std::string_view::npos)
            ++at_;
        const std::string_view text = text_.substr(begin, at_ - begin);
        if (text == "null") return nullptr;
        if (text == "true" || text == "false") return text == "true";
        const numbers::look look = numbers::look_of(text);
        if (look == numbers::look::integer) return tree::big_integer(text);
        double number = 0;
        if (look == numbers::look::text || !numbers::parse(text, number))
            fail({"'", text.substr(0, 40), "' is no value"});
        return number;
    }

    std::string string() {
        if (at_ == text_.size() || text_[at_] != '"') fail({"a string in double quotes is missing"});
        std::string result;
        for (++at_;; ++at_) {
            const std::size_t special = text_.find_first_of("\"\\", at_);
            if (special == text_.npos) fail({"the file ends inside a string"});
            coma::detail::add(result, text_.substr(at_, special - at_));
            at_ = special + 1;
            if (text_[special] == '"') return result;
            escape(result);
        }
    }

    /// Reads what follows a backslash and stays on its last character.
    void escape(std::string& result) {
        const char c = at_ < text_.size() ? text_[at_] : end_of_text;
        constexpr std::string_view letters = "\"\\/bfnrt";
        constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
        if (const std::size_t i = letters.find(c); i != letters.npos) {
            result += meanings[i];
            return;
        }
        char32_t code = c == 'u' ? unit() : xml::no_character;
        if (code >= 0xD800 && code < 0xDC00 && text_.substr(at_ + 1, 2) == "\\u") {
            at_ += 2;
            const char32_t low = unit();
            code = low >= 0xDC00 && low < 0xE000 ? 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00) : xml::no_character;
        }
        if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000))
            fail({"an escape in a string stands for no character"});
        xml::append_character(result, code);
    }

    /// The four hexadecimal digits after the present character.
    char32_t unit() {
        const std::string_view digits = text_.substr(at_ + 1, 4);
        const char32_t code = digits.size() == 4 ? xml::parse_code(digits, true) : xml::no_character;
        if (code == xml::no_character) fail({"\\u needs four hexadecimal digits"});
        at_ += 4;
        return code;
    }

    std::string_view text_;
    const std::string& file_;
    std::size_t at_ = 0;
    std::size_t depth_ = 0;
};

inline void append_unit(std::string& out, char32_t unit) {
    constexpr const char* hexadecimal = "0123456789abcdef";
    coma::detail::add(out, "\\u");
    for (int shift = 12; shift >= 0; shift -= 4) out += hexadecimal[unit >> shift & 15];
}

inline void append_string(std::string& out, std::string_view text) {
    constexpr std::string_view meanings = "\"\\\b\f\n\r\t";
    constexpr std::string_view letters = "\"\\bfnrt";
    out += '"';
    for (std::size_t at = 0; at < text.size();) {
        const char32_t c = xml::next_character(text, at);
        if (c == xml::no_character)
            coma::detail::raise<format_error>({"JSON cannot hold a string that is not UTF-8: encode it"});
        const std::size_t letter = c < 0x80 ? meanings.find(static_cast<char>(c)) : meanings.npos;
        if (letter != meanings.npos) {
            out.append(1, '\\').append(1, letters[letter]);
        } else if (c >= 0x20 && c < 0x7F) {
            out += static_cast<char>(c);
        } else if (c < 0x10000) {
            append_unit(out, c);
        } else {
            append_unit(out, 0xD800 + ((c - 0x10000) >> 10));
            append_unit(out, 0xDC00 + ((c - 0x10000) & 0x3FF));
        }
    }
    out += '"';
}

inline void append_value(std::string& out, const tree& value, std::size_t indent);

inline void append_line(std::string& out, std::size_t indent) { out.append(1, '\n').append(indent, ' '); }

inline void append_list(std::string& out, const tree& value, std::size_t indent) {
    out += '[';
    for (std::size_t i = 0; i < value.size(); ++i) {
        append_line(i ? out.append(1, ',') : out, indent + 2);
        append_value(out, value[i], indent + 2);
    }
    if (value.size()) append_line(out, indent);
    out += ']';
}

inline void append_dict(std::string& out, const tree& value, std::size_t indent) {
    out += '{';
    for (std::size_t i = 0; i < value.size(); ++i) {
        append_line(i ? out.append(1, ',') : out, indent + 2);
        append_string(out, value.items()[i].key);
        coma::detail::add(out, ": ");
        append_value(out, value.items()[i].value, indent + 2);
    }
    if (value.size()) append_line(out, indent);
    out += '}';
}

inline void append_value(std::string& out, const tree& value, std::size_t indent) {
    switch (value.kind()) {
        case kind::null: coma::detail::add(out, "null"); break;
        case kind::boolean: coma::detail::add(out, value.is_true() ? "true" : "false"); break;
        case kind::integer: coma::detail::add(out, value.integer_text()); break;
        case kind::real: numbers::append(out, value.get<double>()); break;
        case kind::string: append_string(out, *value.text()); break;
        case kind::list: append_list(out, value, indent); break;
        case kind::dict: append_dict(out, value, indent); break;
    }
}

}  // namespace detail

/// A tree as JSON, indented by two blanks, in ASCII.
inline std::string to_text(const tree& value) {
    std::string out;
    detail::append_value(out, value, 0);
    return out;
}

/// Reads JSON; `file` is its name in messages.
inline tree to_tree(std::string_view text, const std::string& file) { return detail::reader(text, file).read(); }

}  // namespace coma::json

#endif

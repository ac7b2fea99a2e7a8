// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// JSON text as a tree.
#ifndef COMA_DETAIL_JSON_READER_HPP
#define COMA_DETAIL_JSON_READER_HPP

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

#include "../../errors.hpp"
#include "../../tree.hpp"
#include "../numbers.hpp"
#include "../text.hpp"
#include "../utf8.hpp"

namespace coma::detail {

/// Reads one value after the other from a text.
class json_reader {
public:
    json_reader(std::string_view text, const std::string& file) : text_(text), file_(file) {}

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
        raise<parse_error>({file_, ":", number_text(line), ": ", concat(what)});
    }

    /// The next character that is no blank.
    char peek() noexcept {
        while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
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
        if (depth_ == max_depth) fail({"values are nested deeper than ", number_text(max_depth), " levels"});
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
        while (at_ < text_.size() && !is_blank(text_[at_]) &&
               std::string_view(",:]}").find(text_[at_]) == std::string_view::npos)
            ++at_;
        const std::string_view text = text_.substr(begin, at_ - begin);
        if (text == "null") return nullptr;
        if (text == "true" || text == "false") return text == "true";
        const look kind = look_of(text);
        if (kind == look::integer) return tree::big_integer(text);
        double number = 0;
        if (kind == look::text || !parse_number(text, number)) fail({"'", text.substr(0, 40), "' is no value"});
        return number;
    }

    std::string string() {
        if (at_ == text_.size() || text_[at_] != '"') fail({"a string in double quotes is missing"});
        std::string result;
        for (++at_;; ++at_) {
            const std::size_t special = text_.find_first_of("\"\\", at_);
            if (special == text_.npos) fail({"the file ends inside a string"});
            add(result, text_.substr(at_, special - at_));
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
        char32_t code = c == 'u' ? unit() : no_character;
        if (code >= 0xD800 && code < 0xDC00 && text_.substr(at_ + 1, 2) == "\\u") {
            at_ += 2;
            const char32_t low = unit();
            code = low >= 0xDC00 && low < 0xE000 ? 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00) : no_character;
        }
        if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000))
            fail({"an escape in a string stands for no character"});
        append_character(result, code);
    }

    /// The four hexadecimal digits after the present character.
    char32_t unit() {
        const std::string_view digits = text_.substr(at_ + 1, 4);
        const char32_t code = digits.size() == 4 ? parse_code(digits, true) : no_character;
        if (code == no_character) fail({"\\u needs four hexadecimal digits"});
        at_ += 4;
        return code;
    }

    std::string_view text_;
    const std::string& file_;
    std::size_t at_ = 0;
    std::size_t depth_ = 0;
};

/// Reads JSON; `file` is its name in messages.
inline tree read_json(std::string_view text, const std::string& file) { return json_reader(text, file).read(); }

}  // namespace coma::detail

#endif

// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// Which names and characters XML can hold, and how text is escaped; inlined, it would take long to compile.
#ifndef COMA_XML_TEXT_HPP
#define COMA_XML_TEXT_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "errors.hpp"
#include "numbers.hpp"

namespace coma::xml {

constexpr char32_t no_character = 0xFFFFFFFF;

/// Reads one character of UTF-8 at `at` and moves on; no_character if the bytes are not UTF-8.
[[gnu::noinline]] constexpr char32_t next_character(std::string_view text, std::size_t& at) noexcept {
    const unsigned first = static_cast<unsigned char>(text.data()[at]);
    if (first < 0x80) return ++at, first;
    const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4) return no_character;
    char32_t character = first & (0x7Fu >> length);
    for (std::size_t i = 1; i < length; ++i) {
        const unsigned byte = at + i < text.size() ? static_cast<unsigned char>(text.data()[at + i]) : 0;
        if ((byte & 0xC0u) != 0x80u) return no_character;
        character = character << 6 | (byte & 0x3Fu);
    }
    const bool overlong = (length == 3 && character < 0x800) || (length == 4 && character < 0x10000);
    if (overlong || character > 0x10FFFF || (character >= 0xD800 && character <= 0xDFFF)) return no_character;
    at += length;
    return character;
}

/// Reads hexadecimal or decimal digits; no_character if there is anything else or too many of them.
constexpr char32_t parse_code(std::string_view digits, bool hexadecimal) noexcept {
    char32_t code = 0;
    for (const char c : digits) {
        const bool letter = hexadecimal && ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'));
        if ((!letter && !numbers::detail::is_digit(c)) || code > 0x10FFFF) return no_character;
        code = code * (hexadecimal ? 16 : 10) + static_cast<char32_t>(letter ? (c | 0x20) - 'a' + 10 : c - '0');
    }
    return digits.empty() ? no_character : code;
}

/// Appends a character as UTF-8.
inline void append_character(std::string& out, char32_t c) {
    const auto put = [&](char32_t byte) { out += static_cast<char>(static_cast<unsigned char>(byte)); };
    if (c < 0x80) return put(c);
    if (c >= 0x10000) put(0xF0 | c >> 18);
    if (c >= 0x10000) put(0x80 | (c >> 12 & 0x3F));
    if (c >= 0x800 && c < 0x10000) put(0xE0 | c >> 12);
    if (c >= 0x800) put(0x80 | (c >> 6 & 0x3F));
    if (c < 0x800) put(0xC0 | c >> 6);
    put(0x80 | (c & 0x3F));
}

/// Whether XML can hold a character (no_character: it cannot).
constexpr bool is_character(char32_t c) noexcept {
    if (c < 0x20) return c == '\t' || c == '\n' || c == '\r';
    return c <= 0x10FFFF && !(c >= 0xD800 && c <= 0xDFFF) && c != 0xFFFE && c != 0xFFFF;
}

/// The position of the first byte that XML cannot hold or that is no UTF-8; npos if all is well.
[[gnu::noinline]] constexpr std::size_t find_invalid(std::string_view text) noexcept {
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t begin = at;
        if (text.data()[at] >= ' ' && ++at) continue;
        if (!is_character(next_character(text, at))) return begin;
    }
    return std::string_view::npos;
}

namespace detail {

struct range {
    char32_t first, last;
};

/// Whether a name can begin, or else go on, with a character.
constexpr bool is_in_name(char32_t c, bool first) noexcept {
    if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_') return true;
    if (c < 0x80) return !first && ((c >= '0' && c <= '9') || c == '-' || c == '.');
    constexpr range ranges[] = {{0xC0, 0xD6},     {0xD8, 0xF6},     {0xF8, 0x2FF},    {0x370, 0x37D},
                                {0x37F, 0x1FFF},  {0x200C, 0x200D}, {0x2070, 0x218F}, {0x2C00, 0x2FEF},
                                {0x3001, 0xD7FF}, {0xF900, 0xFDCF}, {0xFDF0, 0xFFFD}, {0x10000, 0xEFFFF}};
    for (const range& r : ranges)
        if (c >= r.first && c <= r.last) return true;
    return !first && (c == 0xB7 || (c >= 0x300 && c <= 0x36F) || c == 0x203F || c == 0x2040);
}

}  // namespace detail

/// Whether a text is an XML name; a colon is allowed inside it only on request.
[[gnu::noinline]] constexpr bool is_name(std::string_view text, bool with_colon = false) noexcept {
    for (std::size_t at = 0; at < text.size();) {
        const bool first = at == 0;
        const char32_t c = next_character(text, at);
        if (!detail::is_in_name(c, first) && !(with_colon && c == ':' && !first)) return false;
    }
    return text.size() > 0;
}

/// Throws format_error, naming the path, for a name that cannot be an element's.
[[gnu::noinline]] inline void check_name(std::string_view name, std::string_view path) {
    if (!is_name(name))
        coma::detail::raise<format_error>(
            {"XML cannot hold the key '", name, "' of '", path,
             "': a name starts with a letter or '_' and goes on with letters, digits, '_', '-' and '.'"});
}

/// Throws format_error, naming the path, for a text with characters that XML cannot hold.
[[gnu::noinline]] inline void check_text(std::string_view text, std::string_view path) {
    const std::size_t at = find_invalid(text);
    if (at == text.npos) return;
    std::size_t next = at;
    const char32_t c = next_character(text, next);
    std::string what;
    what.append(c == no_character ? "bytes that are not UTF-8" : "the character number ");
    if (c != no_character) numbers::append(what, std::size_t{c});
    what.append(" at position ");
    numbers::append(what, at);
    coma::detail::raise<format_error>(
        {"XML cannot hold the text at '", path, "': it has ", what,
         "; encode it (as hexadecimal digits, for instance) or leave it out"});
}

/// Appends a text with `&`, `<`, `>` and the carriage return escaped.
[[gnu::noinline]] inline void append_escaped(std::string& out, std::string_view text) {
    const char* first = text.data();
    const char* last = first + text.size();
    for (const char* at = first; at != last; ++at) {
        const char* reference = *at == '&'    ? "&amp;"
                                : *at == '<'  ? "&lt;"
                                : *at == '>'  ? "&gt;"
                                : *at == '\r' ? "&#13;"
                                              : nullptr;
        if (!reference) continue;
        out.append(first, static_cast<std::size_t>(at - first)).append(reference);
        first = at + 1;
    }
    out.append(first, static_cast<std::size_t>(last - first));
}

}  // namespace coma::xml

#endif

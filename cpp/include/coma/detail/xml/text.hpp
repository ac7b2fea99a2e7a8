// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// Which names and characters XML can hold, and how text is escaped; inlined, it would take long to compile.
#ifndef COMA_DETAIL_XML_TEXT_HPP
#define COMA_DETAIL_XML_TEXT_HPP

#include <cstddef>
#include <string>
#include <string_view>

#include "../../errors.hpp"
#include "../numbers.hpp"
#include "../utf8.hpp"

namespace coma::detail {

/// How deep written elements may be nested; readers accept somewhat more.
constexpr std::size_t max_xml_depth = 200;

/// Whether XML can hold a character (no_character: it cannot).
constexpr bool is_xml_character(char32_t c) noexcept {
    if (c < 0x20) return c == '\t' || c == '\n' || c == '\r';
    return c <= 0x10FFFF && !(c >= 0xD800 && c <= 0xDFFF) && c != 0xFFFE && c != 0xFFFF;
}

/// The position of the first byte that XML cannot hold or that is no UTF-8; npos if all is well.
[[gnu::noinline]] constexpr std::size_t find_invalid_xml(std::string_view text) noexcept {
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t begin = at;
        if (text.data()[at] >= ' ')
            ++at;
        else if (!is_xml_character(next_character(text, at)))
            return begin;
    }
    return std::string_view::npos;
}

struct character_range {
    char32_t first, last;
};

/// Whether a name can begin, or else go on, with a character.
constexpr bool is_in_xml_name(char32_t c, bool first) noexcept {
    if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_') return true;
    if (c < 0x80) return !first && ((c >= '0' && c <= '9') || c == '-' || c == '.');
    constexpr character_range ranges[] = {{0xC0, 0xD6},     {0xD8, 0xF6},     {0xF8, 0x2FF},    {0x370, 0x37D},
                                          {0x37F, 0x1FFF},  {0x200C, 0x200D}, {0x2070, 0x218F}, {0x2C00, 0x2FEF},
                                          {0x3001, 0xD7FF}, {0xF900, 0xFDCF}, {0xFDF0, 0xFFFD}, {0x10000, 0xEFFFF}};
    for (const character_range& r : ranges)
        if (c >= r.first && c <= r.last) return true;
    return !first && (c == 0xB7 || (c >= 0x300 && c <= 0x36F) || c == 0x203F || c == 0x2040);
}

/// Whether a text is an XML name; a colon is allowed inside it only on request.
[[gnu::noinline]] constexpr bool is_xml_name(std::string_view text, bool with_colon = false) noexcept {
    for (std::size_t at = 0; at < text.size();) {
        const bool first = at == 0;
        const char32_t c = next_character(text, at);
        if (!is_in_xml_name(c, first) && !(with_colon && c == ':' && !first)) return false;
    }
    return text.size() > 0;
}

/// Throws format_error, naming the path, for a name that cannot be an element's.
[[gnu::noinline]] inline void check_xml_name(std::string_view name, std::string_view path) {
    if (!is_xml_name(name))
        raise<format_error>(
            {"XML cannot hold the key '", name, "' of '", path,
             "': a name starts with a letter or '_' and goes on with letters, digits, '_', '-' and '.'"});
}

/// Throws format_error, naming the path, for a text with characters that XML cannot hold.
[[gnu::noinline]] inline void check_xml_text(std::string_view text, std::string_view path) {
    const std::size_t at = find_invalid_xml(text);
    if (at == text.npos) return;
    std::size_t next = at;
    const char32_t c = next_character(text, next);
    std::string what;
    what.append(c == no_character ? "bytes that are not UTF-8" : "the character number ");
    if (c != no_character) append_number(what, std::size_t{c});
    what.append(" at position ");
    append_number(what, at);
    raise<format_error>({"XML cannot hold the text at '", path, "': it has ", what,
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

}  // namespace coma::detail

#endif

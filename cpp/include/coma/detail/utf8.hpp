// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// Characters in UTF-8, and characters by their numbers.
#ifndef COMA_DETAIL_UTF8_HPP
#define COMA_DETAIL_UTF8_HPP

#include <cstddef>
#include <string>
#include <string_view>

#include "numbers.hpp"

namespace coma::detail {

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
        if ((!letter && !is_digit(c)) || code > 0x10FFFF) return no_character;
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

}  // namespace coma::detail

#endif

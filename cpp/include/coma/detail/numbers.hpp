// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// Numbers to text and back, the same in every locale.
#ifndef COMA_DETAIL_NUMBERS_HPP
#define COMA_DETAIL_NUMBERS_HPP

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

#include "reals.hpp"

namespace coma::detail {

/// What a text looks like when it is read without knowing its type.
enum class look { text, integer, real };

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

constexpr const char* skip_digits(const char* at, const char* end) noexcept {
    while (at != end && is_digit(*at)) ++at;
    return at;
}

constexpr std::size_t sign_length(std::string_view text) noexcept {
    return text.size() > 0 && (text.data()[0] == '+' || text.data()[0] == '-') ? 1 : 0;
}

constexpr bool equal_ignoring_case(std::string_view text, std::string_view lower) noexcept {
    if (text.size() != lower.size()) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text.data()[i];
        const char expected = lower.data()[i];
        if (c != expected && (expected < 'a' || (c | 0x20) != expected)) return false;
    }
    return true;
}

constexpr bool is_infinity(std::string_view unsigned_text) noexcept {
    return equal_ignoring_case(unsigned_text, "inf") || equal_ignoring_case(unsigned_text, "infinity");
}

/// The position after an exponent that starts at `at`, or `at` itself if there is none.
constexpr const char* skip_exponent(const char* at, const char* end) noexcept {
    if (at == end || (*at != 'e' && *at != 'E')) return at;
    const char* digits = at + 1;
    if (digits != end && (*digits == '+' || *digits == '-')) ++digits;
    const char* last = skip_digits(digits, end);
    return last != digits ? last : at;
}

constexpr look look_of_unsigned(std::string_view text) noexcept {
    const char* first = text.data();
    const char* last = first + text.size();
    const char* at = skip_digits(first, last);
    if (at == last) return at != first ? look::integer : look::text;
    if (*at == '.') {
        at = skip_digits(at + 1, last);
        if (at == first + 1) return look::text;
    } else if (at == first) {
        return equal_ignoring_case(text, "nan") || is_infinity(text) ? look::real : look::text;
    }
    return skip_exponent(at, last) == last ? look::real : look::text;
}

[[gnu::noinline]] inline void append_digits(std::string& out, std::uint64_t value, bool negative) {
    char buffer[24];
    char* first = buffer + sizeof buffer;
    do *--first = static_cast<char>('0' + value % 10);
    while (value /= 10);
    if (negative) *--first = '-';
    out.append(first, static_cast<std::size_t>(buffer + sizeof buffer - first));
}

/// Lays out digits and a decimal exponent as Python's repr does: 1.0, 0.0001, 1e-05, 1e+16.
[[gnu::noinline]] inline void append_repr(std::string& out, const char* digits, std::size_t count, int exponent) {
    const bool scientific = exponent < -4 || exponent >= 16;
    const std::size_t before = scientific || exponent < 0 ? 1 : static_cast<std::size_t>(exponent) + 1;
    if (exponent < 0 && !scientific) {
        out.append("0.", 2).append(static_cast<std::size_t>(-exponent - 1), '0').append(digits, count);
    } else if (count > before) {
        out.append(digits, before) += '.';
        out.append(digits + before, count - before);
    } else {
        out.append(digits, count).append(before - count, '0').append(scientific ? "" : ".0");
    }
    if (!scientific) return;
    const int magnitude = exponent < 0 ? -exponent : exponent;
    out.append(exponent < 0 ? "e-0" : "e+0", magnitude < 10 ? 3 : 2);
    append_digits(out, static_cast<std::uint64_t>(magnitude), false);
}

/// Lays out what std::to_chars writes: "-d.ddde-XX", "ddd.ddd", "ddd", "inf" or "nan"; no comparison tells the last two
/// from others under -ffast-math.
[[gnu::noinline]] inline void append_laid_out(std::string& out, const char* first, const char* last) {
    const auto size = static_cast<std::size_t>(last - first);
    if (!is_digit(last[-1])) {
        out.append(last[-1] != 'f' ? "NaN" : *first == '-' ? "-Infinity" : "Infinity");
        return;
    }
    if (!std::memchr(first, 'e', size)) {
        out.append(first, size);
        if (!std::memchr(first, '.', size)) out.append(".0", 2);
        return;
    }
    if (*first == '-') out += *first++;
    char digits[40];
    std::size_t count = 0;
    for (; *first != 'e'; ++first)
        if (*first != '.') digits[count++] = *first;
    const bool negative = *++first == '-';
    int exponent = 0;
    for (++first; first != last; ++first) exponent = 10 * exponent + (*first - '0');
    append_repr(out, digits, count, negative ? -exponent : exponent);
}

/// The text without blanks, tabs and line ends at its ends.
constexpr std::string_view strip(std::string_view text) noexcept {
    const char* first = text.data();
    const char* last = first + text.size();
    while (first != last && is_blank(*first)) ++first;
    while (first != last && is_blank(last[-1])) --last;
    return {first, static_cast<std::size_t>(last - first)};
}

/// Whether a text would be read as an integer, as a double or as text.
constexpr look look_of(std::string_view text) noexcept {
    const std::string_view stripped = strip(text);
    const std::size_t sign = sign_length(stripped);
    return look_of_unsigned({stripped.data() + sign, stripped.size() - sign});
}

/// Reads digits, perhaps with a sign; false if there is anything else or the number does not fit.
constexpr bool parse_digits(std::string_view text, std::uint64_t& magnitude, bool& negative) noexcept {
    const char* at = text.data() + sign_length(text);
    const char* last = text.data() + text.size();
    negative = at != text.data() && at[-1] == '-';
    magnitude = 0;
    const bool has_digits = at != last;
    for (; at != last; ++at) {
        const auto digit = static_cast<std::uint64_t>(static_cast<unsigned char>(*at) - '0');
        if (digit > 9 || magnitude > (UINT64_MAX - digit) / 10) return false;
        magnitude = 10 * magnitude + digit;
    }
    return has_digits;
}

/// Appends an integer.
template <class Integer, std::enable_if_t<std::is_integral_v<Integer>, int> = 0>
void append_number(std::string& out, Integer value) {
    const auto bits = static_cast<std::uint64_t>(value);
    const bool negative = value < Integer(0);
    append_digits(out, negative ? 0 - bits : bits, negative);
}

/// Appends the shortest digits that read back equal, laid out as Python's repr does.
template <class Real, std::enable_if_t<std::is_floating_point_v<Real>, int> = 0, class = void>
void append_number(std::string& out, Real value) {
    real_text text;
    if constexpr (sizeof(Real) > sizeof(double)) {
        append_laid_out(out, text, write_scientific(text, value));
    } else {
        const Real magnitude = value < 0 ? -value : value;
        const bool plain = magnitude >= Real(1e-4) && magnitude < Real(1 << 24);
        const auto form = plain ? std::chars_format::fixed : std::chars_format::scientific;
        append_laid_out(out, text, std::to_chars(text, text + sizeof text, value, form).ptr);
    }
}

/// A number in hexadecimal digits, at least as many as asked for (up to 64).
inline std::string hexadecimal(std::uint64_t value, std::size_t least = 1) {
    char text[64];
    char* first = text + sizeof text;
    const char* enough = first - least;
    do *--first = "0123456789abcdef"[value % 16];
    while ((value /= 16) || first > enough);
    return std::string(first, static_cast<std::size_t>(text + sizeof text - first));
}

/// A number as text.
template <class Number>
std::string number_text(Number value) {
    std::string out;
    append_number(out, value);
    return out;
}

/// Reads an integer; false if the text is none or does not fit.
template <class Integer, std::enable_if_t<std::is_integral_v<Integer>, int> = 0>
bool parse_number(std::string_view text, Integer& value) noexcept {
    std::uint64_t magnitude = 0;
    bool negative = false;
    if (!parse_digits(strip(text), magnitude, negative)) return false;
    const auto number = static_cast<Integer>(negative ? 0 - magnitude : magnitude);
    const auto back = static_cast<std::uint64_t>(number);
    const bool has_sign = negative && magnitude > 0;
    if ((number < Integer(0)) != has_sign || (has_sign ? 0 - back : back) != magnitude) return false;
    value = number;
    return true;
}

/// Reads a floating point number in any spelling that look_of() calls integer or real; false for any other text. What
/// is beyond the range becomes infinite or 0, which `in_range` tells.
template <class Real, std::enable_if_t<std::is_floating_point_v<Real>, int> = 0, class = void>
bool parse_number(std::string_view text, Real& value, bool* in_range = nullptr) noexcept {
    text = strip(text);
    const std::size_t sign = text.size() > 0 && text.data()[0] == '-' ? 1 : 0;
    const bool is_plain = text.size() > sign && is_digit(text.data()[sign]) && parse_plain_real(text, value);
    if (!is_plain && look_of(text) == look::text) return false;
    const bool is_in_range = is_plain || parse_any_real(text, value);
    if (in_range) *in_range = is_in_range;
    return true;
}

/// Reads a number that its type can hold: what is beyond the range is refused.
template <class Number>
bool parse_within_range(std::string_view text, Number& value) noexcept {
    if constexpr (std::is_floating_point_v<Number>) {
        bool in_range = false;
        return parse_number(text, value, &in_range) && in_range;
    } else {
        return parse_number(text, value);
    }
}

/// The double that has the same shortest digits as a float, 0.1 for 0.1f, as files say it.
inline double by_its_digits(float value) noexcept {
    const auto wide = static_cast<double>(value);
    double digits = wide;
    const bool is_same =
        is_finite(wide) && parse_number(number_text(value), digits) && static_cast<float>(digits) == value;
    return is_same ? digits : wide;
}

/// A double as another floating point type, rounded; false if it is beyond that type's range.
template <class Real>
bool narrow(double from, Real& to) noexcept {
    to = static_cast<Real>(from);
    const auto back = static_cast<double>(to);
    return !is_finite(from) || (is_finite(back) && (magnitude_bits(back) != 0 || magnitude_bits(from) == 0));
}

/// An integer as a floating point number, which must be exact.
template <class Real>
bool widen(std::string_view digits, Real& to) noexcept {
    char text[400];
    if (!parse_number(digits, to)) return false;
    const auto [end, problem] = std::to_chars(text, text + sizeof text, to, std::chars_format::fixed);
    return problem == std::errc() && std::string_view(text, static_cast<std::size_t>(end - text)) == digits;
}

/// An integer's digits without plus sign, leading zeros and minus zero; the text must look like an integer.
inline std::string canonical_integer(std::string_view text) {
    text = strip(text);
    const bool negative = text[0] == '-';
    text.remove_prefix(sign_length(text));
    while (text.size() > 1 && text[0] == '0') text.remove_prefix(1);
    std::string canonical(negative && text != "0" ? 1 : 0, '-');
    return canonical.append(text.data(), text.size());
}

}  // namespace coma::detail

#endif

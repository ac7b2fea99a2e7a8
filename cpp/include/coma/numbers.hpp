// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// Numbers to text and back, the same in every locale.
#ifndef COMA_NUMBERS_HPP
#define COMA_NUMBERS_HPP

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "text.hpp"

namespace coma::numbers {

/// What a text looks like when it is read without knowing its type.
enum class look { text, integer, real };

namespace detail {

/// What std::numeric_limits says; <limits> itself is expensive to compile.
template <class Integer>
constexpr Integer greatest() noexcept {
    return static_cast<Integer>(UINT64_MAX >> (64 - 8 * sizeof(Integer) + (std::is_signed_v<Integer> ? 1 : 0)));
}
template <class Integer>
constexpr Integer least() noexcept {
    if constexpr (std::is_signed_v<Integer>)
        return static_cast<Integer>(-1 - greatest<Integer>());
    else
        return 0;
}
template <class Real>
constexpr Real infinity() noexcept {
    return static_cast<Real>(__builtin_huge_val());
}
template <class Real>
constexpr Real not_a_number() noexcept {
    return static_cast<Real>(__builtin_nan(""));
}

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

constexpr std::size_t skip_digits(std::string_view text, std::size_t at) noexcept {
    while (at < text.size() && is_digit(text[at])) ++at;
    return at;
}

constexpr std::size_t sign_length(std::string_view text) noexcept {
    return !text.empty() && (text[0] == '+' || text[0] == '-') ? 1 : 0;
}

constexpr bool equal_ignoring_case(std::string_view text, std::string_view lower) noexcept {
    if (text.size() != lower.size()) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] - 'A' + 'a') : text[i];
        if (c != lower[i]) return false;
    }
    return true;
}

constexpr bool is_infinity(std::string_view unsigned_text) noexcept {
    return equal_ignoring_case(unsigned_text, "inf") || equal_ignoring_case(unsigned_text, "infinity");
}

/// The position after an exponent that starts at `at`, or `at` itself if there is none.
constexpr std::size_t skip_exponent(std::string_view text, std::size_t at) noexcept {
    if (at >= text.size() || (text[at] != 'e' && text[at] != 'E')) return at;
    const std::size_t digits = at + 1 + sign_length(text.substr(at + 1));
    const std::size_t end = skip_digits(text, digits);
    return end > digits ? end : at;
}

constexpr look look_of_unsigned(std::string_view text) noexcept {
    const std::size_t whole = skip_digits(text, 0);
    if (whole == text.size()) return whole > 0 ? look::integer : look::text;
    std::size_t end = whole;
    if (text[whole] == '.') {
        end = skip_digits(text, whole + 1);
        if (end == 1) return look::text;
    } else if (whole == 0) {
        return equal_ignoring_case(text, "nan") || is_infinity(text) ? look::real : look::text;
    }
    return skip_exponent(text, end) == text.size() ? look::real : look::text;
}

/// Appends one character after the other to a buffer.
class short_text {
public:
    void put(char c) noexcept { *end_++ = c; }
    void put(const char* first, const char* last) noexcept {
        while (first != last) put(*first++);
    }
    void zeros(int count) noexcept {
        while (count-- > 0) put('0');
    }
    std::string_view view() const noexcept { return {text_, static_cast<std::size_t>(end_ - text_)}; }

private:
    char text_[80];
    char* end_ = text_;
};

/// The exponent as Python's repr shows it: a sign and at least two digits.
inline void put_exponent(short_text& out, int exponent) noexcept {
    out.put('e');
    out.put(exponent < 0 ? '-' : '+');
    const int magnitude = exponent < 0 ? -exponent : exponent;
    for (int power = magnitude >= 1000 ? 1000 : magnitude >= 100 ? 100 : 10; power > 0; power /= 10)
        out.put(static_cast<char>('0' + magnitude / power % 10));
}

/// Lays out digits and a decimal exponent as Python's repr does: 1.0, 0.0001, 1e-05, 1e+16.
inline void put_repr(short_text& out, const char* first, const char* last, int exponent) noexcept {
    const int count = static_cast<int>(last - first);
    if (exponent < -4 || exponent >= 16) {
        out.put(*first);
        if (count > 1) out.put('.');
        out.put(first + 1, last);
        put_exponent(out, exponent);
    } else if (exponent < 0) {
        out.put('0');
        out.put('.');
        out.zeros(-exponent - 1);
        out.put(first, last);
    } else {
        const int whole = count < exponent + 1 ? count : exponent + 1;
        out.put(first, first + whole);
        out.zeros(exponent + 1 - count);
        out.put('.');
        out.put(first + whole, last);
        if (whole == count) out.put('0');
    }
}

/// Splits "-d.ddde-XX", as std::to_chars writes it, and lays it out again.
inline void put_scientific(short_text& out, const char* first, const char* last) noexcept {
    if (*first == '-') out.put(*first++);
    char digits[40];
    char* end = digits;
    for (; *first != 'e'; ++first)
        if (*first != '.') *end++ = *first;
    const bool negative = *++first == '-';
    int exponent = 0;
    for (++first; first != last; ++first) exponent = 10 * exponent + (*first - '0');
    put_repr(out, digits, end, negative ? -exponent : exponent);
}

/// Whether a decimal text that is out of range is too large (and not too small).
constexpr bool overflows(std::string_view text) noexcept {
    long magnitude = 0;
    bool point = false;
    bool leading = true;
    std::size_t i = sign_length(text);
    for (; i < text.size() && (is_digit(text[i]) || text[i] == '.'); ++i) {
        if (text[i] == '.') {
            point = true;
        } else if (leading && text[i] == '0') {
            magnitude -= point ? 1 : 0;
        } else {
            leading = false;
            magnitude += point ? 0 : 1;
        }
    }
    if (i == text.size()) return magnitude > 0;
    const bool negative = text[i + 1] == '-';
    long exponent = 0;
    for (i += 1 + sign_length(text.substr(i + 1)); i < text.size() && exponent < 1000000000; ++i)
        exponent = exponent * 10 + (text[i] - '0');
    return (negative ? -exponent : exponent) + magnitude > 0;
}

}  // namespace detail

/// The text without blanks, tabs and line ends at its ends.
constexpr std::string_view strip(std::string_view text) noexcept {
    while (!text.empty() && detail::is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && detail::is_blank(text.back())) text.remove_suffix(1);
    return text;
}

/// Whether a text would be read as an integer, as a double or as text.
constexpr look look_of(std::string_view text) noexcept {
    const std::string_view stripped = strip(text);
    return detail::look_of_unsigned(stripped.substr(detail::sign_length(stripped)));
}

namespace detail {

inline void append_digits(std::string& out, std::uint64_t value, bool negative) {
    char buffer[24];
    char* first = buffer + sizeof buffer;
    do *--first = static_cast<char>('0' + value % 10);
    while (value /= 10);
    if (negative) *--first = '-';
    out.append(first, static_cast<std::size_t>(buffer + sizeof buffer - first));
}

/// Reads digits, perhaps with a sign; false if there is anything else or the number does not fit.
constexpr bool parse_digits(std::string_view text, std::uint64_t& magnitude, bool& negative) noexcept {
    negative = !text.empty() && text[0] == '-';
    text.remove_prefix(sign_length(text));
    magnitude = 0;
    for (const char c : text) {
        const auto digit = static_cast<std::uint64_t>(static_cast<unsigned char>(c) - '0');
        if (digit > 9 || magnitude > (UINT64_MAX - digit) / 10) return false;
        magnitude = 10 * magnitude + digit;
    }
    return !text.empty();
}

}  // namespace detail

/// Appends an integer.
template <class Integer, std::enable_if_t<std::is_integral_v<Integer>, int> = 0>
void append(std::string& out, Integer value) {
    const auto bits = static_cast<std::uint64_t>(value);
    const bool negative = value < Integer(0);
    detail::append_digits(out, negative ? 0 - bits : bits, negative);
}

/// Appends the shortest digits that read back equal, laid out as Python's repr does.
template <class Real, std::enable_if_t<std::is_floating_point_v<Real>, int> = 0, class = void>
void append(std::string& out, Real value) {
    if (value != value) {
        coma::detail::add(out, "NaN");
    } else if (value - value != 0) {
        coma::detail::add(out, value > 0 ? "Infinity" : "-Infinity");
    } else if (const Real magnitude = value < 0 ? -value : value; magnitude >= Real(1e-4) && magnitude < Real(1 << 24)) {
        char buffer[64];
        const auto end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed).ptr;
        const std::string_view text(buffer, static_cast<std::size_t>(end - buffer));
        coma::detail::add(out, text);
        if (text.find('.') == text.npos) coma::detail::add(out, ".0");
    } else {
        char buffer[64];
        const auto end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific).ptr;
        detail::short_text text;
        detail::put_scientific(text, buffer, end);
        coma::detail::add(out, text.view());
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
std::string to_text(Number value) {
    std::string out;
    append(out, value);
    return out;
}

/// Reads an integer; false if the text is none or does not fit.
template <class Integer, std::enable_if_t<std::is_integral_v<Integer>, int> = 0>
bool parse(std::string_view text, Integer& value) noexcept {
    constexpr auto greatest = static_cast<std::uint64_t>(detail::greatest<Integer>());
    std::uint64_t magnitude = 0;
    bool negative = false;
    if (!detail::parse_digits(strip(text), magnitude, negative)) return false;
    if (magnitude > (negative ? (std::is_signed_v<Integer> ? greatest + 1 : 0) : greatest)) return false;
    value = static_cast<Integer>(negative ? 0 - magnitude : magnitude);
    return true;
}

/// Reads a floating point number in any spelling that look_of() calls integer or real; false for any other text.
template <class Real, std::enable_if_t<std::is_floating_point_v<Real>, int> = 0, class = void>
bool parse(std::string_view text, Real& value) noexcept {
    text = strip(text);
    const std::size_t sign = !text.empty() && text[0] == '-' ? 1 : 0;
    if (text.size() > sign && detail::is_digit(text[sign])) {
        const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (problem == std::errc() && end == text.data() + text.size()) return true;
    }
    if (look_of(text) == look::text) return false;
    const bool negative = text[0] == '-';
    const std::string_view digits = text.substr(detail::sign_length(text));
    Real magnitude = 0;
    if (detail::equal_ignoring_case(digits, "nan")) {
        magnitude = detail::not_a_number<Real>();
    } else if (detail::is_infinity(digits)) {
        magnitude = detail::infinity<Real>();
    } else if (std::from_chars(digits.data(), digits.data() + digits.size(), magnitude).ec != std::errc()) {
        magnitude = detail::overflows(digits) ? detail::infinity<Real>() : Real(0);
    }
    value = negative ? -magnitude : magnitude;
    return true;
}

/// An integer's digits without plus sign, leading zeros and minus zero; the text must look like an integer.
inline std::string canonical_integer(std::string_view text) {
    text = strip(text);
    const bool negative = text[0] == '-';
    text.remove_prefix(detail::sign_length(text));
    while (text.size() > 1 && text[0] == '0') text.remove_prefix(1);
    std::string canonical(negative && text != "0" ? 1 : 0, '-');
    return canonical.append(text.data(), text.size());
}

}  // namespace coma::numbers

#endif

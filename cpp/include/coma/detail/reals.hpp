// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// Floating point numbers: what their bits say, and how they are read where the standard library does not.
#ifndef COMA_DETAIL_REALS_HPP
#define COMA_DETAIL_REALS_HPP

#include <cerrno>
#include <cfloat>
#include <charconv>
#include <clocale>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#if defined(__APPLE__) || defined(__FreeBSD__)
#include <xlocale.h>
#endif

namespace coma::detail {

/// The bits of a number. With -ffast-math, compilers take it that there are neither NaN nor infinities, and processors
/// take the smallest numbers for 0: comparisons do not tell.
[[gnu::noinline]] inline std::uint64_t bits_of(double value) noexcept {
    std::uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    return bits;
}

/// The bits of a number but its sign.
inline std::uint64_t magnitude_bits(double value) noexcept { return bits_of(value) & (UINT64_MAX >> 1); }

inline constexpr std::uint64_t infinity_bits = 0x7FF0000000000000;

inline bool is_nan(double value) noexcept { return magnitude_bits(value) > infinity_bits; }
inline bool is_finite(double value) noexcept { return magnitude_bits(value) < infinity_bits; }

/// Whether two numbers are equal, as == says without -ffast-math.
inline bool equal_reals(double a, double b) noexcept {
    const bool both_zero = magnitude_bits(a) == 0 && magnitude_bits(b) == 0;
    return both_zero || (!is_nan(a) && bits_of(a) == bits_of(b));
}

/// Reads a decimal number that begins with a digit or a minus sign; false for anything else, and where the standard
/// library lacks what reads it, as that of LLVM did before version 20.
template <class Real>
bool parse_plain_real(std::string_view text, Real& value) noexcept {
#if defined(__cpp_lib_to_chars) || (defined(_LIBCPP_VERSION) && _LIBCPP_VERSION >= 200000)
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    return problem == std::errc() && end == text.data() + text.size();
#else
    return static_cast<void>(text), static_cast<void>(value), false;
#endif
}

/// The locale in which numbers are written as in C++ source text.
inline locale_t c_locale() noexcept {
    static const locale_t locale = ::newlocale(LC_ALL_MASK, "C", locale_t());
    return locale;
}

inline void read_real(const char* text, float& value, locale_t in) { value = ::strtof_l(text, nullptr, in); }
inline void read_real(const char* text, double& value, locale_t in) { value = ::strtod_l(text, nullptr, in); }
inline void read_real(const char* text, long double& value, locale_t in) { value = ::strtold_l(text, nullptr, in); }

/// Reads a number in any spelling, which must be one; false if it is out of range, and then infinite or 0.
template <class Real>
bool parse_any_real(std::string_view text, Real& value) noexcept {
    std::string terminated;
    terminated.append(text.data(), text.size());
    const int before = errno;
    errno = 0;
    read_real(terminated.c_str(), value, c_locale());
    const bool is_out_of_range = errno == ERANGE;  // or one of the smallest numbers
    errno = before;
    const auto narrow = static_cast<double>(value);
    return !is_out_of_range || (is_finite(narrow) && magnitude_bits(narrow) != 0);
}

/// Room for the digits of any number in scientific notation.
using real_text = char[64];

#if defined(_LIBCPP_VERSION)
/// As below; std::to_chars of LLVM's library takes a long double for a double.
inline const char* write_scientific(real_text& to, long double value, int digits = -1) noexcept {
    const locale_t before = ::uselocale(c_locale());
    long double back = 0;
    int size = 0;
    for (int tried = digits < 0 ? 0 : digits; tried <= LDBL_DECIMAL_DIG; ++tried) {
        size = std::snprintf(to, sizeof to, "%.*Le", tried, value);
        read_real(to, back, c_locale());
        if (digits >= 0 || std::memcmp(&back, &value, LDBL_MANT_DIG == 64 ? 10 : sizeof back) == 0) break;
    }
    ::uselocale(before);
    return to + size;
}
#endif

/// Writes a number as -d.ddde-XX, nan or inf; in the shortest digits that read back equal, or so many behind the point.
template <class Real>
const char* write_scientific(real_text& to, Real value, int digits = -1) noexcept {
    if (digits < 0) return std::to_chars(to, to + sizeof to, value, std::chars_format::scientific).ptr;
    return std::to_chars(to, to + sizeof to, value, std::chars_format::scientific, digits).ptr;
}

}  // namespace coma::detail

#endif

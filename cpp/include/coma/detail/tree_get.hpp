// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// Trees as C++ values.
#ifndef COMA_DETAIL_TREE_GET_HPP
#define COMA_DETAIL_TREE_GET_HPP

#include <cfloat>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "../errors.hpp"
#include "numbers.hpp"
#include "text.hpp"
#include "tree_class.hpp"

namespace coma {
namespace detail {

/// Whether a double is an integer that fits into Integer.
template <class Integer>
bool fits(double value) noexcept {
    constexpr double exact = 9007199254740992.0;
    if (!is_finite(value) || value < -exact || value > exact) return false;
    const auto whole = static_cast<std::int64_t>(value);
    if (static_cast<double>(whole) != value || (std::is_unsigned_v<Integer> && whole < 0)) return false;
    return static_cast<std::int64_t>(static_cast<Integer>(whole)) == whole;
}

/// Whether a floating point type holds an integer of this magnitude to the last digit.
template <class Real>
bool is_exact(std::uint64_t magnitude) noexcept {
    while (magnitude > 0 && magnitude % 2 == 0) magnitude /= 2;
    constexpr int digits = sizeof(Real) == sizeof(float)    ? FLT_MANT_DIG
                           : sizeof(Real) == sizeof(double) ? DBL_MANT_DIG
                                                            : LDBL_MANT_DIG;
    return digits >= 64 || magnitude >> (digits % 64) == 0;
}

template <class T>
struct get_from_tree {
    static_assert(std::is_arithmetic_v<T>,
                  "get<T>() knows bool, numbers, std::string, coma::tree and std::vector of these; "
                  "use coma::from_tree() for a class with serialize()");
    static bool get(const tree& from, T& value) { return tree_access::to_number(from, value); }
    static const char* name() noexcept {
        if (std::is_same_v<T, bool>) return "a boolean";
        return std::is_integral_v<T> ? "an integer (of the type's range)" : "a number (of the type's range)";
    }
};

template <>
struct get_from_tree<std::string> {
    static bool get(const tree& from, std::string& value) {
        const std::string* text = tree_access::text(from);
        if (text) value = *text;
        return text != nullptr;
    }
    static const char* name() noexcept { return "a string"; }
};

template <>
struct get_from_tree<tree> {
    static bool get(const tree& from, tree& value) {
        value = from;
        return true;
    }
    static const char* name() noexcept { return "a tree"; }
};

/// Takes lists and the trees of numpy arrays.
template <class T>
struct get_from_tree<std::vector<T>> {
    static bool get(const tree& from, std::vector<T>& value) {
        const tree* list = from.has("__type__") ? from.find("list") : &from;
        if (!list || !list->is_list()) return false;
        value.clear();
        value.reserve(list->size());
        for (const tree& element : list->elements()) {
            T item{};
            if (!get_from_tree<T>::get(element, item)) return false;
            value.push_back(std::move(item));
        }
        return true;
    }
    static const char* name() noexcept { return "a list of such values"; }
};

/// The value in words, for messages.
inline std::string in_words(const tree& value) {
    const char* name = name_of(value.kind());
    if (const std::string* text = tree_access::text(value))
        return concat({name, " '", std::string_view(*text).substr(0, 60), text->size() > 60 ? "...'" : "'"});
    if (value.kind() == kind::integer) return concat({name, " ", value.integer_text()});
    if (const double* number = tree_access::real(value)) return concat({name, " ", number_text(*number)});
    return name;
}

template <class T>
T get_or_throw(const tree& from, std::string_view path) {
    T value{};
    if (!get_from_tree<T>::get(from, value))
        raise<type_error>({path.empty() ? "the value" : "'", path, path.empty() ? " is " : "' is ", in_words(from),
                           ", but ", get_from_tree<T>::name(), " was asked for"});
    return value;
}

}  // namespace detail

template <class T>
bool tree::to_number(T& value) const noexcept {
    if constexpr (std::is_same_v<T, bool>) {
        const bool is_bit = as_ == form::integer && (content_.integer == 0 || content_.integer == 1);
        if (as_ != form::boolean && !is_bit) return false;
        value = as_ == form::boolean ? content_.boolean : content_.integer == 1;
        return true;
    } else if constexpr (std::is_floating_point_v<T>) {
        if (as_ == form::real) return detail::narrow(content_.real, value);
        if (as_ == form::big) return detail::widen(*content_.text, value);
        if (as_ == form::integer) value = static_cast<T>(content_.integer);
        if (as_ == form::natural) value = static_cast<T>(content_.natural);
        const bool negative = as_ == form::integer && content_.integer < 0;
        return kind() == kind::integer && detail::is_exact<T>(negative ? 0 - content_.natural : content_.natural);
    } else {
        if (as_ == form::real && detail::fits<T>(content_.real)) {
            value = static_cast<T>(content_.real);
            return true;
        }
        if (as_ == form::natural) {
            value = static_cast<T>(content_.natural);
            return std::is_unsigned_v<T> && sizeof(T) >= sizeof(std::uint64_t);
        }
        if (as_ != form::integer || (std::is_unsigned_v<T> && content_.integer < 0)) return false;
        value = static_cast<T>(content_.integer);
        return static_cast<std::int64_t>(value) == content_.integer;
    }
}

template <class T>
T tree::get() const {
    return detail::get_or_throw<T>(*this, {});
}

template <class T>
T tree::get(std::string_view path) const {
    return detail::get_or_throw<T>(at(path), path);
}

}  // namespace coma

#endif

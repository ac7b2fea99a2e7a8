// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// Trees as values: made, copied, compared, filled.
#ifndef COMA_DETAIL_TREE_VALUES_HPP
#define COMA_DETAIL_TREE_VALUES_HPP

#include <cstddef>
#include <cstdint>
#include <initializer_list>
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

template <class T, std::enable_if_t<std::is_arithmetic_v<T>, int>>
tree::tree(T value) {
    if constexpr (std::is_same_v<T, bool>) {
        content_.boolean = value;
        as_ = form::boolean;
    } else if constexpr (std::is_floating_point_v<T>) {
        content_.real = static_cast<double>(value);
        if constexpr (std::is_same_v<T, float>) content_.real = detail::by_its_digits(value);
        as_ = form::real;
    } else if constexpr (std::is_unsigned_v<T> && sizeof(T) == sizeof(std::uint64_t)) {
        content_.natural = value;
        as_ = value > static_cast<std::uint64_t>(INT64_MAX) ? form::natural : form::integer;
        if (as_ == form::integer) content_.integer = static_cast<std::int64_t>(value);
    } else {
        content_.integer = static_cast<std::int64_t>(value);
        as_ = form::integer;
    }
}

inline tree::tree(std::string value) {
    content_.text = new std::string(std::move(value));
    as_ = form::string;
}

inline tree::tree(std::string_view value) {
    content_.text = new std::string(detail::concat({value}));
    as_ = form::string;
}

inline tree::tree(tree_list&& elements) {
    content_.list = new tree_list(std::move(elements));
    as_ = form::list;
}

template <class T>
tree::tree(const std::vector<T>& elements) : tree(tree_list()) {
    content_.list->reserve(elements.size());
    for (const T& element : elements) content_.list->push_back(tree(element));  // a bool, of a bit of vector<bool>
}

[[gnu::noinline]] inline void tree::copy(const tree& other) {
    if (other.as_ == form::string || other.as_ == form::big) content_.text = new std::string(*other.content_.text);
    if (other.as_ == form::list) content_.list = new tree_list(*other.content_.list);
    if (other.as_ == form::dict) content_.dict = new tree_dict(*other.content_.dict);
}

[[gnu::noinline]] inline void tree::clear() noexcept {
    if (as_ == form::string || as_ == form::big) delete content_.text;
    if (as_ == form::list) delete content_.list;
    if (as_ == form::dict) delete content_.dict;
    as_ = form::null;
}

inline tree& tree::operator=(std::initializer_list<tree> elements) { return *this = list(elements); }

inline tree tree::list(std::initializer_list<tree> elements) {
    return tree(tree_list(elements.begin(), elements.end()));
}

inline tree tree::dict() {
    tree result;
    result.content_.dict = new tree_dict;
    result.as_ = form::dict;
    return result;
}

inline tree tree::dict(std::initializer_list<tree_item> entries) {
    tree result = dict();
    for (const auto& [key, value] : entries)
        if (!result.add(key, value))
            detail::raise<path_error>({"the key '", key, "' occurs twice in one dictionary: keep one of the two"});
    return result;
}

inline tree tree::big_integer(std::string_view digits) {
    if (detail::look_of(digits) != detail::look::integer)
        detail::raise<parse_error>({"'", digits, "' is no integer: digits are needed, perhaps with a sign"});
    if (std::int64_t integer = 0; detail::parse_number(digits, integer)) return tree(integer);
    if (std::uint64_t natural = 0; detail::parse_number(digits, natural)) return tree(natural);
    tree result(detail::canonical_integer(digits));
    if (std::int64_t integer = 0; detail::parse_number(*result.content_.text, integer)) return tree(integer);
    result.as_ = form::big;
    return result;
}

inline kind tree::kind() const noexcept {
    switch (as_) {
        case form::null: return coma::kind::null;
        case form::boolean: return coma::kind::boolean;
        case form::real: return coma::kind::real;
        case form::string: return coma::kind::string;
        case form::list: return coma::kind::list;
        case form::dict: return coma::kind::dict;
        default: return coma::kind::integer;
    }
}

inline const tree_list& tree::elements() const {
    if (as_ != form::list) detail::raise<type_error>({"a list was asked for, but this is ", name_of(kind())});
    return *content_.list;
}

inline const tree_entries* tree::entries() const noexcept {
    return as_ == form::dict ? &content_.dict->entries() : nullptr;
}

inline const tree_entries& tree::items() const {
    if (as_ != form::dict) detail::raise<type_error>({"a dictionary was asked for, but this is ", name_of(kind())});
    return content_.dict->entries();
}

inline std::size_t tree::size() const noexcept {
    if (as_ == form::list) return content_.list->size();
    return as_ == form::dict ? content_.dict->entries().size() : 0;
}

inline bool tree::add(std::string_view key, tree value) {
    if (is_null()) *this = dict();
    if (!is_dict())
        detail::raise<type_error>({"cannot add a key to ", name_of(kind()), ": only to a dictionary or to null"});
    if (content_.dict->find(key)) return false;
    content_.dict->add(key).swap(value);
    return true;
}

inline void tree::push_back(tree element) {
    if (is_null()) *this = list();
    if (!is_list()) detail::raise<type_error>({"cannot append to ", name_of(kind()), ": only to a list or to null"});
    content_.list->push_back(std::move(element));
}

inline bool tree::append_integer(std::string& out) const {
    const bool negative = as_ == form::integer && content_.integer < 0;
    if (as_ == form::big)
        out.append(*content_.text);
    else if (as_ == form::integer || as_ == form::natural)
        detail::append_digits(out, negative ? 0 - content_.natural : content_.natural, negative);
    else
        return false;
    return true;
}

inline std::string tree::integer_text() const {
    std::string digits;
    if (!append_integer(digits)) detail::raise<type_error>({"an integer was asked for, but this is ", name_of(kind())});
    return digits;
}

inline bool tree::equal(const tree& a, const tree& b, bool nan_is_nan) {
    if (a.as_ != b.as_ || a.size() != b.size()) return false;
    if (a.as_ == form::boolean) return a.content_.boolean == b.content_.boolean;
    if (a.as_ == form::integer || a.as_ == form::natural) return a.content_.natural == b.content_.natural;
    if (a.as_ == form::string || a.as_ == form::big) return *a.content_.text == *b.content_.text;
    if (a.as_ == form::real) {
        const double x = a.content_.real;
        const double y = b.content_.real;
        return detail::equal_reals(x, y) || (nan_is_nan && detail::is_nan(x) && detail::is_nan(y));
    }
    for (std::size_t i = 0; i < a.size(); ++i) {
        const tree* left = a.is_list() ? &a.elements()[i] : &a.items()[i].value;
        const tree* right = a.is_list() ? &b.elements()[i] : b.content_.dict->find(a.items()[i].key);
        if (!right || !equal(*left, *right, nan_is_nan)) return false;
    }
    return true;
}

}  // namespace coma

#endif

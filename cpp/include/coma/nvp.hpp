// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// Name-value pairs: what a serialize() member hands to an archive.
#ifndef COMA_NVP_HPP
#define COMA_NVP_HPP

#include <type_traits>
#include <utility>

#include "detail/requirements.hpp"  // IWYU pragma: keep

namespace coma {

/// A name and a reference to a value.
template <class T>
class nvp {
public:
    constexpr nvp(const char* name, T& value) noexcept : name_(name), value_(&value) {}
    constexpr const char* name() const noexcept { return name_; }
    constexpr T& value() const noexcept { return *value_; }
    constexpr const T& const_value() const noexcept { return *value_; }

private:
    const char* name_;
    T* value_;
};

/// Names a value; a temporary one must not outlive the statement.
template <class T>
    constexpr nvp < std::remove_reference_t < T >> make_nvp(const char* name, T&& value) noexcept {
    return {name, value};
}

/// An object as its base class, to be saved as a member of its own.
template <class Base, class Derived>
constexpr std::conditional_t<std::is_const_v<Derived>, const Base, Base>& base_object(Derived& derived) noexcept {
    return derived;
}

namespace detail {

template <class T, class = void>
struct is_nvp : std::false_type {};
/// Anything with a name and a value is a name-value pair, so that those of other libraries are, too.
template <class T>
struct is_nvp<T,
              std::void_t<decltype(std::declval<const T&>().name()), decltype(std::declval<const T&>().const_value()),
                          decltype(std::declval<const T&>().value())>> : std::true_type {};

}  // namespace detail
}  // namespace coma

/// A variable under its own name: `archive & COMA_NVP(x)`.
#define COMA_NVP(variable) ::coma::make_nvp(#variable, variable)

/// The base class of `*this` under its own name: `archive & COMA_BASE_OBJECT_NVP(base)`.
#define COMA_BASE_OBJECT_NVP(base) ::coma::make_nvp(#base, ::coma::base_object<base>(*this))

#endif

// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// What an archive must know about a class: its version, whether its objects are tracked, how it is saved.
#ifndef COMA_TRAITS_HPP
#define COMA_TRAITS_HPP

#include <string>
#include <type_traits>
#include <utility>

#include "detail/boost_says.hpp"

namespace coma {

/// How much an archive in Boost's form says about a type.
enum class level {
    primitive,   ///< nothing: numbers, strings
    object,      ///< nothing, but its objects may be tracked: std::vector<double>
    class_info,  ///< class id, tracking and version at its first object: the default for classes
};

/// Whether an archive in Boost's form recognises an object that it has saved before.
enum class tracking {
    never,
    selectively,  ///< if the program anywhere saves a pointer to such an object: the default
    always,
};

namespace detail {

template <class T>
constexpr unsigned default_version() noexcept {
    using says = boost_says<boost::serialization::version, T>;
    if constexpr (says::anything) return static_cast<unsigned>(says::value);
    return 0;
}

template <class T>
constexpr tracking default_tracking() noexcept {
    using says = boost_says<boost::serialization::tracking_level, T>;
    if constexpr (says::anything && std::is_class_v<T>) return static_cast<tracking>(says::value);
    return tracking::selectively;
}

template <class T>
constexpr level default_level() noexcept {
    using says = boost_says<boost::serialization::implementation_level, T>;
    if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T> || std::is_same_v<T, std::string> ||
                  std::is_same_v<T, std::wstring>)
        return level::primitive;
    else if constexpr (says::anything)
        return says::value == 3 ? level::class_info : says::value == 2 ? level::object : level::primitive;
    else
        return level::class_info;
}

}  // namespace detail

/// The version of a class, set with COMA_CLASS_VERSION or BOOST_CLASS_VERSION; 0 otherwise.
template <class T>
struct class_version : std::integral_constant<unsigned, detail::default_version<T>()> {};

/// The tracking of a class, set with COMA_CLASS_TRACKING or BOOST_CLASS_TRACKING.
template <class T>
struct class_tracking : std::integral_constant<tracking, detail::default_tracking<T>()> {};

/// The level of a class, set with COMA_CLASS_LEVEL or BOOST_CLASS_IMPLEMENTATION.
template <class T>
struct class_level : std::integral_constant<level, detail::default_level<T>()> {};

/// Lets archives in to private serialize(), save(), load() and constructors: `friend class coma::access;`
class access {
public:
    template <class Archive, class T>
    static auto serialize(Archive& archive, T& object, unsigned version)
        -> decltype(object.serialize(archive, version), void()) {
        object.serialize(archive, version);
    }
    template <class Archive, class T>
    static auto save(Archive& archive, const T& object, unsigned version)
        -> decltype(object.save(archive, version), void()) {
        object.save(archive, version);
    }
    template <class Archive, class T>
    static auto load(Archive& archive, T& object, unsigned version) -> decltype(object.load(archive, version), void()) {
        object.load(archive, version);
    }
    template <class T>
    static T* create() {
        return new T();
    }
    template <class T>
    static void destroy(T* object) noexcept {
        delete object;
    }
};

namespace detail {

/// Collections of these have no class information of their own in Boost's form.
template <class T>
inline constexpr bool is_plain_element = std::is_arithmetic_v<T> && !std::is_same_v<T, long double> &&
                                         !std::is_same_v<T, char16_t> && !std::is_same_v<T, char32_t>;

template <class T>
struct collection_level : std::integral_constant<level, is_plain_element<T> ? level::object : level::class_info> {};

template <class Archive, class T, class = void>
struct has_free_serialize : std::false_type {};
template <class Archive, class T>
struct has_free_serialize<Archive, T,
                          std::void_t<decltype(serialize(std::declval<Archive&>(), std::declval<T&>(), 0u))>>
    : std::true_type {};

template <class Archive, class T, class = void>
struct has_free_save : std::false_type {};
template <class Archive, class T>
struct has_free_save<Archive, T, std::void_t<decltype(save(std::declval<Archive&>(), std::declval<const T&>(), 0u))>>
    : std::true_type {};

template <class Archive, class T, class = void>
struct has_free_load : std::false_type {};
template <class Archive, class T>
struct has_free_load<Archive, T, std::void_t<decltype(load(std::declval<Archive&>(), std::declval<T&>(), 0u))>>
    : std::true_type {};

template <class Archive, class T, class = void>
struct has_serialize : std::false_type {};
template <class Archive, class T>
struct has_serialize<Archive, T,
                     std::void_t<decltype(access::serialize(std::declval<Archive&>(), std::declval<T&>(), 0u))>>
    : std::true_type {};

template <class Archive, class T, class = void>
struct has_save : std::false_type {};
template <class Archive, class T>
struct has_save<Archive, T, std::void_t<decltype(access::save(std::declval<Archive&>(), std::declval<const T&>(), 0u))>>
    : std::true_type {};

template <class Archive, class T, class = void>
struct has_load : std::false_type {};
template <class Archive, class T>
struct has_load<Archive, T, std::void_t<decltype(access::load(std::declval<Archive&>(), std::declval<T&>(), 0u))>>
    : std::true_type {};

/// One address per type.
template <class T>
struct type_key {
    static inline char here = 0;
};

/// Set before main() starts if the program contains code that saves a pointer to T.
template <class T>
struct saved_by_pointer {
    static inline bool flag = false;
};
template <class T>
struct pointer_use {
    static inline const bool noted = saved_by_pointer<T>::flag = true;
};

template <class T>
bool is_tracked() noexcept {
    constexpr tracking t = class_tracking<T>::value;
    return t == tracking::always || (t == tracking::selectively && saved_by_pointer<T>::flag);
}

/// Calls whatever of serialize() and save() a class has: a function beside it, or a member.
template <class Archive, class T>
void save_members(Archive& archive, const T& object, unsigned version) {
    if constexpr (has_free_serialize<Archive, T>::value) {
        serialize(archive, const_cast<T&>(object), version);
    } else if constexpr (has_free_save<Archive, T>::value) {
        save(archive, object, version);
    } else if constexpr (has_serialize<Archive, T>::value) {
        access::serialize(archive, const_cast<T&>(object), version);
    } else {
        static_assert(
            has_save<Archive, T>::value,
            "no archive can save this type: give the class a member serialize(Archive&, unsigned), or include the "
            "header of coma/types/ that is for it");
        access::save(archive, object, version);
    }
}

/// Calls whatever of serialize() and load() a class has: a function beside it, or a member.
template <class Archive, class T>
void load_members(Archive& archive, T& object, unsigned version) {
    if constexpr (has_free_serialize<Archive, T>::value) {
        serialize(archive, object, version);
    } else if constexpr (has_free_load<Archive, T>::value) {
        load(archive, object, version);
    } else if constexpr (has_serialize<Archive, T>::value) {
        access::serialize(archive, object, version);
    } else {
        static_assert(
            has_load<Archive, T>::value,
            "no archive can load this type: give the class a member serialize(Archive&, unsigned), or include the "
            "header of coma/types/ that is for it");
        access::load(archive, object, version);
    }
}

}  // namespace detail
}  // namespace coma

/// Sets the version of a class; to be used outside of namespaces, before the class is saved.
#define COMA_CLASS_VERSION(type, number) \
    template <>                          \
    struct coma::class_version<type> : std::integral_constant<unsigned, number> {};

/// Sets the tracking of a class: coma::tracking::never, selectively or always.
#define COMA_CLASS_TRACKING(type, how) \
    template <>                        \
    struct coma::class_tracking<type> : std::integral_constant<coma::tracking, how> {};

/// Sets the level of a class: coma::level::object or class_info.
#define COMA_CLASS_LEVEL(type, how) \
    template <>                     \
    struct coma::class_level<type> : std::integral_constant<coma::level, how> {};

#endif

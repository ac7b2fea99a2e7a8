// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// Archives save and load std::optional.
#ifndef COMA_TYPES_OPTIONAL_HPP
#define COMA_TYPES_OPTIONAL_HPP

#include <optional>
#include <type_traits>

#include "../nvp.hpp"
#include "../traits.hpp"

namespace coma {

template <class T>
struct class_version<std::optional<T>> : std::integral_constant<unsigned, 1> {};

template <class Archive, class T>
void save(Archive& archive, const std::optional<T>& optional, unsigned) {
    if (!archive.is_boost_form()) return optional ? archive.save_value(*optional) : archive.put_tree(nullptr);
    const bool initialized = optional.has_value();
    archive << COMA_NVP(initialized);
    if (optional) archive << make_nvp("value", *optional);
}

template <class Archive, class T>
void load(Archive& archive, std::optional<T>& optional, unsigned) {
    optional.reset();
    if (archive.is_null()) return;
    bool initialized = true;
    const bool boost_layout = archive.has_member("initialized");
    if (boost_layout) archive >> COMA_NVP(initialized);
    if (!initialized) return;
    T& value = optional.emplace();
    boost_layout ? static_cast<void>(archive >> COMA_NVP(value)) : archive.load_value(value);
}

}  // namespace coma

#endif

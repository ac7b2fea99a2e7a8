// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// Archives save and load std::variant.
#ifndef COMA_TYPES_VARIANT_HPP
#define COMA_TYPES_VARIANT_HPP

#include <cstddef>
#include <type_traits>
#include <utility>
#include <variant>

#include "../nvp.hpp"
#include "../traits.hpp"

namespace coma {

template <class... Types>
struct class_tracking<std::variant<Types...>> : std::integral_constant<tracking, tracking::always> {};

template <class Archive>
void serialize(Archive&, std::monostate&, unsigned) {}

template <class Archive, class... Types>
void save(Archive& archive, const std::variant<Types...>& variant, unsigned) {
    const std::size_t which = variant.index();
    archive << COMA_NVP(which);
    std::visit([&archive](const auto& value) { archive << COMA_NVP(value); }, variant);
}

namespace detail {

template <std::size_t Index, class Archive, class Variant>
bool load_alternative(Archive& archive, Variant& variant, std::size_t which) {
    if (which == Index) archive >> make_nvp("value", variant.template emplace<Index>());
    return which == Index;
}

template <class Archive, class Variant, std::size_t... Indices>
bool load_alternatives(Archive& archive, Variant& variant, std::size_t which, std::index_sequence<Indices...>) {
    return (load_alternative<Indices>(archive, variant, which) || ...);
}

}  // namespace detail

template <class Archive, class... Types>
void load(Archive& archive, std::variant<Types...>& variant, unsigned) {
    std::size_t which = 0;
    archive >> COMA_NVP(which);
    if (!detail::load_alternatives(archive, variant, which, std::index_sequence_for<Types...>()))
        archive.fail("the variant holds an alternative that this program does not have");
}

}  // namespace coma

#endif

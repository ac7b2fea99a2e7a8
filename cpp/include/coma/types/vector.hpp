// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// Archives save and load std::vector.
#ifndef COMA_TYPES_VECTOR_HPP
#define COMA_TYPES_VECTOR_HPP

#include <type_traits>
#include <vector>

#include "../nvp.hpp"
#include "../traits.hpp"

namespace coma {

template <class T>
struct class_level<std::vector<T>> : detail::collection_level<T> {};

template <class Archive, class T, class Allocator>
void save(Archive& archive, const std::vector<T, Allocator>& vector, unsigned) {
    typename Archive::list_head head;
    head.count = vector.size();
    head.item_version = class_version<T>::value;
    head.has_item_version = !std::is_same_v<T, bool>;
    archive.begin_list(head);
    if constexpr (std::is_arithmetic_v<T> && !std::is_same_v<T, bool>)
        archive.numbers(vector.data(), vector.size());
    else
        for (const auto& item : vector) archive << make_nvp("item", static_cast<const T&>(item));
}

template <class Archive, class T, class Allocator>
void load(Archive& archive, std::vector<T, Allocator>& vector, unsigned) {
    vector.clear();
    vector.resize(archive.begin_list());
    if constexpr (std::is_same_v<T, bool>) {
        for (auto item : vector) {
            bool value = false;
            archive >> make_nvp("item", value);
            item = value;
        }
    } else if constexpr (std::is_arithmetic_v<T>) {
        archive.numbers(vector.data(), vector.size());
    } else {
        for (T& item : vector) archive >> make_nvp("item", item);
    }
}

}  // namespace coma

#endif

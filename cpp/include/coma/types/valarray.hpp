// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// Archives save and load std::valarray.
#ifndef COMA_TYPES_VALARRAY_HPP
#define COMA_TYPES_VALARRAY_HPP

#include <cstddef>
#include <valarray>

#include "../nvp.hpp"
#include "../traits.hpp"

namespace coma {

template <class T>
struct class_level<std::valarray<T>> : detail::collection_level<T> {};

template <class Archive, class T>
void save(Archive& archive, const std::valarray<T>& array, unsigned) {
    typename Archive::list_head head;
    head.count = array.size();
    head.has_item_version = false;
    archive.begin_list(head);
    for (std::size_t i = 0; i < array.size(); ++i) archive << make_nvp("item", array[i]);
}

template <class Archive, class T>
void load(Archive& archive, std::valarray<T>& array, unsigned) {
    array.resize(archive.begin_list());
    for (std::size_t i = 0; i < array.size(); ++i) archive >> make_nvp("item", array[i]);
}

}  // namespace coma

#endif

// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// Archives save and load std::map and std::multimap.
#ifndef COMA_TYPES_MAP_HPP
#define COMA_TYPES_MAP_HPP

#include <map>
#include <utility>

#include "../detail/collection.hpp"
#include "utility.hpp"  // IWYU pragma: keep

namespace coma {

template <class Archive, class Key, class T, class Compare, class Allocator>
void save(Archive& archive, const std::map<Key, T, Compare, Allocator>& map, unsigned) {
    detail::save_collection(archive, map, map.size());
}

template <class Archive, class Key, class T, class Compare, class Allocator>
void load(Archive& archive, std::map<Key, T, Compare, Allocator>& map, unsigned) {
    detail::load_sorted<std::pair<Key, T>>(archive, map);
}

template <class Archive, class Key, class T, class Compare, class Allocator>
void save(Archive& archive, const std::multimap<Key, T, Compare, Allocator>& map, unsigned) {
    detail::save_collection(archive, map, map.size());
}

template <class Archive, class Key, class T, class Compare, class Allocator>
void load(Archive& archive, std::multimap<Key, T, Compare, Allocator>& map, unsigned) {
    detail::load_sorted<std::pair<Key, T>>(archive, map);
}

}  // namespace coma

#endif

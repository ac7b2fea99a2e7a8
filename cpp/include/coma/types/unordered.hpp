// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// Archives save and load std::unordered_set, unordered_multiset, unordered_map and unordered_multimap.
#ifndef COMA_TYPES_UNORDERED_HPP
#define COMA_TYPES_UNORDERED_HPP

#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "../detail/collection.hpp"
#include "utility.hpp"  // IWYU pragma: keep

namespace coma {

namespace detail {

template <class Archive, class Collection>
void save_unordered(Archive& archive, const Collection& collection) {
    typename Archive::list_head head;
    head.count = collection.size();
    head.has_bucket_count = true;
    head.bucket_count = collection.bucket_count();
    save_collection(archive, collection, head);
}

}  // namespace detail

template <class Archive, class T, class Hash, class Equal, class Allocator>
void save(Archive& archive, const std::unordered_set<T, Hash, Equal, Allocator>& set, unsigned) {
    detail::save_unordered(archive, set);
}

template <class Archive, class T, class Hash, class Equal, class Allocator>
void load(Archive& archive, std::unordered_set<T, Hash, Equal, Allocator>& set, unsigned) {
    detail::load_sorted<T>(archive, set);
}

template <class Archive, class T, class Hash, class Equal, class Allocator>
void save(Archive& archive, const std::unordered_multiset<T, Hash, Equal, Allocator>& set, unsigned) {
    detail::save_unordered(archive, set);
}

template <class Archive, class T, class Hash, class Equal, class Allocator>
void load(Archive& archive, std::unordered_multiset<T, Hash, Equal, Allocator>& set, unsigned) {
    detail::load_sorted<T>(archive, set);
}

template <class Archive, class Key, class T, class Hash, class Equal, class Allocator>
void save(Archive& archive, const std::unordered_map<Key, T, Hash, Equal, Allocator>& map, unsigned) {
    detail::save_unordered(archive, map);
}

template <class Archive, class Key, class T, class Hash, class Equal, class Allocator>
void load(Archive& archive, std::unordered_map<Key, T, Hash, Equal, Allocator>& map, unsigned) {
    detail::load_sorted<std::pair<Key, T>>(archive, map);
}

template <class Archive, class Key, class T, class Hash, class Equal, class Allocator>
void save(Archive& archive, const std::unordered_multimap<Key, T, Hash, Equal, Allocator>& map, unsigned) {
    detail::save_unordered(archive, map);
}

template <class Archive, class Key, class T, class Hash, class Equal, class Allocator>
void load(Archive& archive, std::unordered_multimap<Key, T, Hash, Equal, Allocator>& map, unsigned) {
    detail::load_sorted<std::pair<Key, T>>(archive, map);
}

}  // namespace coma

#endif

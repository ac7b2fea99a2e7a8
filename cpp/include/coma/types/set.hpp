// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// Archives save and load std::set and std::multiset.
#ifndef COMA_TYPES_SET_HPP
#define COMA_TYPES_SET_HPP

#include <set>

#include "../detail/collection.hpp"

namespace coma {

template <class T>
struct class_level<std::set<T>> : detail::collection_level<T> {};

template <class Archive, class T, class Compare, class Allocator>
void save(Archive& archive, const std::set<T, Compare, Allocator>& set, unsigned) {
    detail::save_collection(archive, set, set.size());
}

template <class Archive, class T, class Compare, class Allocator>
void load(Archive& archive, std::set<T, Compare, Allocator>& set, unsigned) {
    detail::load_sorted<T>(archive, set);
}

template <class T>
struct class_level<std::multiset<T>> : detail::collection_level<T> {};

template <class Archive, class T, class Compare, class Allocator>
void save(Archive& archive, const std::multiset<T, Compare, Allocator>& set, unsigned) {
    detail::save_collection(archive, set, set.size());
}

template <class Archive, class T, class Compare, class Allocator>
void load(Archive& archive, std::multiset<T, Compare, Allocator>& set, unsigned) {
    detail::load_sorted<T>(archive, set);
}

}  // namespace coma

#endif

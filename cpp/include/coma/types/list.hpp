// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// Archives save and load std::list.
#ifndef COMA_TYPES_LIST_HPP
#define COMA_TYPES_LIST_HPP

#include <list>

#include "../detail/collection.hpp"

namespace coma {

template <class T>
struct class_level<std::list<T>> : detail::collection_level<T> {};

template <class Archive, class T, class Allocator>
void save(Archive& archive, const std::list<T, Allocator>& list, unsigned) {
    detail::save_collection(archive, list, list.size());
}

template <class Archive, class T, class Allocator>
void load(Archive& archive, std::list<T, Allocator>& list, unsigned) {
    detail::load_in_place(archive, list);
}

}  // namespace coma

#endif

// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// Archives save and load std::forward_list.
#ifndef COMA_TYPES_FORWARD_LIST_HPP
#define COMA_TYPES_FORWARD_LIST_HPP

#include <cstddef>
#include <forward_list>
#include <iterator>

#include "../detail/collection.hpp"

namespace coma {

template <class T>
struct class_level<std::forward_list<T>> : detail::collection_level<T> {};

template <class Archive, class T, class Allocator>
void save(Archive& archive, const std::forward_list<T, Allocator>& list, unsigned) {
    detail::save_collection(archive, list, static_cast<std::size_t>(std::distance(list.begin(), list.end())));
}

template <class Archive, class T, class Allocator>
void load(Archive& archive, std::forward_list<T, Allocator>& list, unsigned) {
    detail::load_in_place(archive, list);
}

}  // namespace coma

#endif

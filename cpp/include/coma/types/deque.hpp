// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// Archives save and load std::deque.
#ifndef COMA_TYPES_DEQUE_HPP
#define COMA_TYPES_DEQUE_HPP

#include <deque>

#include "../detail/collection.hpp"

namespace coma {

template <class T>
struct class_level<std::deque<T>> : detail::collection_level<T> {};

template <class Archive, class T, class Allocator>
void save(Archive& archive, const std::deque<T, Allocator>& deque, unsigned) {
    detail::save_collection(archive, deque, deque.size());
}

template <class Archive, class T, class Allocator>
void load(Archive& archive, std::deque<T, Allocator>& deque, unsigned) {
    detail::load_in_place(archive, deque);
}

}  // namespace coma

#endif

// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// Archives save and load std::array.
#ifndef COMA_TYPES_ARRAY_HPP
#define COMA_TYPES_ARRAY_HPP

#include <array>
#include <cstddef>
#include <type_traits>

#include "../nvp.hpp"
#include "../traits.hpp"

namespace coma {

namespace detail {

/// The elements of a std::array, which are laid out like a C array: in Boost's form without a class of their own.
template <class Array>
struct array_elements {
    Array& array;

    template <class Archive>
    void save(Archive& archive, unsigned) const {
        archive.save_items(array.data(), array.size());
    }
};

}  // namespace detail

template <class Array>
struct class_level<detail::array_elements<Array>> : std::integral_constant<level, level::primitive> {};

template <class Archive, class T, std::size_t N>
void save(Archive& archive, const std::array<T, N>& array, unsigned) {
    const detail::array_elements<const std::array<T, N>> elems{array};
    if (archive.is_boost_form())
        archive << COMA_NVP(elems);
    else
        archive.save_value(elems);
}

template <class Archive, class T, std::size_t N>
void load(Archive& archive, std::array<T, N>& array, unsigned) {
    archive.load_items(array.data(), N);
}

}  // namespace coma

#endif

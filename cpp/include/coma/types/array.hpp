// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// Archives save and load std::array.
#ifndef COMA_TYPES_ARRAY_HPP
#define COMA_TYPES_ARRAY_HPP

#include <array>
#include <cstddef>

#include "../nvp.hpp"
#include "../traits.hpp"

namespace coma {

template <class Archive, class T, std::size_t N>
void save(Archive& archive, const std::array<T, N>& array, unsigned) {
    using elements = T[N];
    const auto& elems = reinterpret_cast<const elements&>(*array.data());
    if (archive.is_boost_form())
        archive << COMA_NVP(elems);
    else
        archive.save_value(elems);
}

template <class Archive, class T, std::size_t N>
void load(Archive& archive, std::array<T, N>& array, unsigned) {
    using elements = T[N];
    archive.load_value(reinterpret_cast<elements&>(*array.data()));
}

}  // namespace coma

#endif

// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// Archives save and load std::bitset.
#ifndef COMA_TYPES_BITSET_HPP
#define COMA_TYPES_BITSET_HPP

#include <bitset>
#include <cstddef>
#include <string>
#include <type_traits>

#include "../nvp.hpp"
#include "../traits.hpp"

namespace coma {

template <std::size_t N>
struct class_tracking<std::bitset<N>> : std::integral_constant<tracking, tracking::never> {};

template <class Archive, std::size_t N>
void save(Archive& archive, const std::bitset<N>& set, unsigned) {
    const std::string bits = set.to_string();
    archive << COMA_NVP(bits);
}

template <class Archive, std::size_t N>
void load(Archive& archive, std::bitset<N>& set, unsigned) {
    std::string bits;
    archive >> COMA_NVP(bits);
    if (bits.size() != N || bits.find_first_not_of("01") != bits.npos)
        archive.fail("the digits 0 and 1 do not fit a bitset");
    set = std::bitset<N>(bits);
}

}  // namespace coma

#endif

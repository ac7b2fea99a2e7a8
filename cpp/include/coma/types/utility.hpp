// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// Archives save and load std::pair.
#ifndef COMA_TYPES_UTILITY_HPP
#define COMA_TYPES_UTILITY_HPP

#include <type_traits>
#include <utility>

#include "../nvp.hpp"

namespace coma {

template <class Archive, class First, class Second>
void serialize(Archive& archive, std::pair<First, Second>& pair, unsigned) {
    archive & make_nvp("first", const_cast<std::remove_const_t<First>&>(pair.first));
    archive & make_nvp("second", pair.second);
}

}  // namespace coma

#endif

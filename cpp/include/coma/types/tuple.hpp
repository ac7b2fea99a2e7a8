// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// Archives save and load std::tuple, as a list of its elements; Boost has no form for it.
#ifndef COMA_TYPES_TUPLE_HPP
#define COMA_TYPES_TUPLE_HPP

#include <tuple>

#include "../nvp.hpp"

namespace coma {

template <class Archive, class... Types>
void save(Archive& archive, const std::tuple<Types...>& tuple, unsigned) {
    typename Archive::list_head head;
    head.count = sizeof...(Types);
    archive.begin_list(head);
    std::apply([&archive](const Types&... items) { ((archive << make_nvp("item", items)), ...); }, tuple);
}

template <class Archive, class... Types>
void load(Archive& archive, std::tuple<Types...>& tuple, unsigned) {
    if (archive.begin_list() != sizeof...(Types))
        archive.fail("the number of items is not that of the tuple's elements");
    std::apply([&archive](Types&... items) { ((archive >> make_nvp("item", items)), ...); }, tuple);
}

}  // namespace coma

#endif

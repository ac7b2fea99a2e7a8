// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// What the headers of the standard collections share.
#ifndef COMA_DETAIL_COLLECTION_HPP
#define COMA_DETAIL_COLLECTION_HPP

#include <cstddef>
#include <utility>

#include "../nvp.hpp"
#include "../traits.hpp"

namespace coma {

namespace detail {

/// Saves what stands before the items, then the items.
template <class Archive, class Collection>
void save_collection(Archive& archive, const Collection& collection, typename Archive::list_head head) {
    using item_type = typename Collection::value_type;
    head.item_version = class_version<item_type>::value;
    archive.begin_list(head);
    for (const item_type& item : collection) archive << make_nvp("item", item);
}

template <class Archive, class Collection>
void save_collection(Archive& archive, const Collection& collection, std::size_t count) {
    typename Archive::list_head head;
    head.count = count;
    save_collection(archive, collection, head);
}

/// Loads items that stay where they are loaded.
template <class Archive, class Collection>
void load_in_place(Archive& archive, Collection& collection) {
    collection.clear();
    collection.resize(archive.begin_list());
    for (auto& item : collection) archive >> make_nvp("item", item);
}

/// Loads items of a set or a map, which move to their places.
template <class Item, class Archive, class Collection>
void load_sorted(Archive& archive, Collection& collection) {
    collection.clear();
    for (std::size_t count = archive.begin_list(); count > 0; --count) {
        const std::size_t noted = archive.noted_objects();
        Item item{};
        archive >> make_nvp("item", item);
        const auto place = collection.insert(collection.end(), std::move(item));
        archive.moved(noted, &item, &*place);
    }
}

}  // namespace detail

}  // namespace coma

#endif

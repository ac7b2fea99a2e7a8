// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// Trees by paths: found, or made on the way.
#ifndef COMA_DETAIL_TREE_PATHS_HPP
#define COMA_DETAIL_TREE_PATHS_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "../errors.hpp"
#include "numbers.hpp"
#include "path.hpp"
#include "tree_class.hpp"

namespace coma {

inline tree* tree::step(std::string_view part) const noexcept {
    if (as_ == form::dict) return content_.dict->find(part);
    if (as_ != form::list || !detail::is_digit(part.data()[0])) return nullptr;
    std::uint64_t position = 0;
    bool negative = false;
    if (!detail::parse_digits(detail::strip(part), position, negative)) return nullptr;
    return position < content_.list->size() ? &(*content_.list)[static_cast<std::size_t>(position)] : nullptr;
}

inline const tree* tree::find(std::string_view path) const noexcept {
    const tree* node = this;
    for (std::size_t begin = 0; node && begin <= path.size();) {
        const std::size_t end = detail::find_slash(path, begin);
        node = end == begin ? nullptr : node->step({path.data() + begin, end - begin});
        begin = end + 1;
    }
    return node;
}

[[gnu::noinline]] inline std::string tree::place_in_words(std::string_view path) const {
    const tree_entries* keys = entries();
    const std::size_t count = size();
    std::string words;
    if (path.size() == 0)
        words.append("the tree");
    else
        words.append(1, '\'').append(path.data(), path.size()).append(1, '\'');
    if (as_ == form::list) {
        words.append(" is a list of ");
        detail::append_number(words, count);
        words.append(" elements");
    } else if (!keys) {
        words.append(" is ").append(name_of(kind())).append(" and holds no keys");
    } else {
        words.append(count == 0 ? " is empty" : " has the keys ");
        for (std::size_t i = 0; i < count && i < 20; ++i) words.append(i ? ", " : "").append((*keys)[i].key);
        if (count > 20) words.append(", ...");
    }
    return words;
}

inline const tree& tree::at(std::string_view path) const {
    const tree* node = this;
    for (std::size_t begin = 0; begin <= path.size();) {
        const std::size_t end = detail::end_of_component(path, begin);
        const tree* next = node->step({path.data() + begin, end - begin});
        if (!next)
            detail::raise<path_error>(
                {"there is no '", path, "': ", node->place_in_words(detail::path_before(path, begin))});
        node = next;
        begin = end + 1;
    }
    return *node;
}

[[gnu::noinline]] inline tree& tree::step_or_add(std::string_view path, std::size_t begin, std::size_t end) {
    if (is_null()) *this = dict();
    const std::string_view part(path.data() + begin, end - begin);
    if (tree* next = step(part)) return *next;
    if (as_ == form::dict) return content_.dict->add(part);
    detail::raise<path_error>(
        {"cannot set '", std::string_view(path.data(), end), "': ", place_in_words(detail::path_before(path, begin))});
}

[[gnu::noinline]] inline tree& tree::operator[](std::string_view path) {
    tree* node = this;
    for (std::size_t begin = 0; begin <= path.size();) {
        const std::size_t end = detail::end_of_component(path, begin);
        node = &node->step_or_add(path, begin, end);
        begin = end + 1;
    }
    return *node;
}

inline tree& tree::element(std::size_t position) {
    if (position < elements().size()) return (*content_.list)[static_cast<std::size_t>(position)];
    detail::raise<path_error>({"there is no element ", detail::number_text(position), ": ", place_in_words({})});
}

}  // namespace coma

#endif

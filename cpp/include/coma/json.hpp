// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// Objects and trees as JSON, and from JSON.
#ifndef COMA_JSON_HPP
#define COMA_JSON_HPP

#include <string>
#include <string_view>

#include "detail/json/reader.hpp"
#include "detail/json/writer.hpp"
#include "detail/tree_iarchive.hpp"
#include "detail/tree_oarchive.hpp"
#include "nvp.hpp"
#include "tree.hpp"

namespace coma {

/// An object as JSON, below the one key `name`.
template <class T>
std::string to_json(std::string_view name, const T& object) {
    return detail::json_text(name, to_tree(object));
}

/// An object from JSON, where it stands below the key `name`; `file` is the text's name in messages.
template <class T>
void from_json(std::string_view text, const char* name, T& object, const std::string& file = "archive") {
    const tree whole = detail::read_json(text, file);
    tree_iarchive archive(whole, file);
    archive >> make_nvp(name, object);
}

}  // namespace coma

#endif

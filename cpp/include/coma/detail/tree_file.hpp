// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// Trees in files: JSON, told by the suffix .json, or XML.
#ifndef COMA_DETAIL_TREE_FILE_HPP
#define COMA_DETAIL_TREE_FILE_HPP

#include <string>
#include <string_view>
#include <utility>

#include "../errors.hpp"
#include "../tree.hpp"
#include "files.hpp"
#include "json/reader.hpp"
#include "json/writer.hpp"
#include "stand_in.hpp"
#include "xml/reader.hpp"
#include "xml/writer.hpp"

namespace coma::detail {

inline bool is_json(const std::string& file) noexcept {
    return file.size() >= 5 && file.compare(file.size() - 5, 5, ".json") == 0;
}

/// Reads the tree of a file that has one root of this name.
inline tree read_tree(const std::string& file, std::string_view root) {
    if (!is_json(file)) return read_xml(read_file(file), root, file);
    tree whole = read_json(read_file(file), file);
    if (!tree_access::find_key(whole, root) || whole.size() != 1)
        raise<parse_error>({file, ": the only key should be '", root, "': this is another kind of file"});
    return std::move(whole[root]);
}

/// A tree as the text of a file.
inline std::string tree_text(const std::string& file, std::string_view root, const tree& value,
                             const stand_in& other = {}) {
    std::string text;
    if (is_json(file))
        json_writer(text, other).root(root, value);
    else
        xml_writer(text, other).element(root, value);
    return text;
}

}  // namespace coma::detail

#endif

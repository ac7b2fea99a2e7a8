// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// Builds a tree from named values that come one after the other.
#ifndef COMA_TREE_BUILDER_HPP
#define COMA_TREE_BUILDER_HPP

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "errors.hpp"
#include "tree.hpp"

namespace coma::detail {

/// The values that are open, the innermost one last.
class tree_builder {
public:
    void start() {
        if (open_.size() > 1000)
            coma::detail::raise<format_error>(
                {"objects are nested deeper than 1000 levels: do pointers lead back to where they came from?"});
        open_.push_back(tree());
    }

    /// Ends the innermost value and adds it to the one around it.
    void end(const char* name) {
        tree value = take();
        tree& parent = open_.back();
        if (parent.is_list())
            parent.push_back(std::move(value));
        else if (!parent.add(name, std::move(value)))
            coma::detail::raise<format_error>(
                {"an object has two members of the name '", name, "': rename one of the two"});
    }

    tree take() {
        tree value = std::move(open_.back());
        open_.pop_back();
        return value;
    }

    tree& value() noexcept { return open_.back(); }
    /// Whether the innermost value stands directly below the first one.
    bool is_below_first() const noexcept { return open_.size() == 2; }

private:
    tree_list open_;
};

}  // namespace coma::detail

#endif

// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// Objects as trees.
#ifndef COMA_DETAIL_TREE_OARCHIVE_HPP
#define COMA_DETAIL_TREE_OARCHIVE_HPP

#include <cstddef>
#include <string>
#include <utility>

#include "../errors.hpp"
#include "../traits.hpp"
#include "../tree.hpp"
#include "../types/vector.hpp"  // IWYU pragma: keep
#include "oarchive.hpp"

namespace coma {

/// Builds a tree from named values that come one after the other.
class tree_oarchive : public detail::oarchive<tree_oarchive> {
public:
    tree_oarchive() { open_.push_back(tree()); }
    tree_oarchive(const tree_oarchive&) = delete;
    tree_oarchive& operator=(const tree_oarchive&) = delete;

    /// Gives the tree away.
    tree take() noexcept { return std::move(value()); }

    unsigned get_library_version() const noexcept { return 0; }
    bool is_boost_form() const noexcept { return false; }

    /// For the save() of a collection: what stands before the items.
    void begin_list(const list_head&) { value() = tree::list(); }

    /// For the save() of a collection of numbers that lie one after the other.
    template <class T>
    void numbers(const T* first, std::size_t count) {
        value() = tree(tree_list(first, first + count));
    }

    /// For the save() of a type that is written as a tree of its own.
    void put_tree(tree content) { value() = std::move(content); }

private:
    friend class detail::oarchive<tree_oarchive>;

    tree& value() noexcept { return open_.back(); }

    void start(const char*) {
        if (open_.size() > 1000)
            detail::raise<format_error>(
                {"objects are nested deeper than 1000 levels: do pointers lead back to where they came from?"});
        open_.push_back(tree());
    }

    /// Ends the innermost value and adds it to the one around it.
    void end(const char* name) {
        tree content = take();
        open_.pop_back();
        if (value().is_list())
            value().push_back(std::move(content));
        else if (!value().add(name, std::move(content)))
            detail::raise<format_error>({"an object has two members of the name '", name, "': rename one of the two"});
    }

    template <class Number>
    void put_number(Number number) {
        value() = number;
    }
    void put_text(const std::string& text) { value() = text; }

    template <class T>
    void save_object(const T& object) {
        value() = tree::dict();
        detail::save_members(*this, object, class_version<T>::value);
    }

    template <class T>
    void save_pointee(const T* pointer) {
        if (pointer) save_object(*pointer);
    }

    /// The values that are open, the innermost one last.
    tree_list open_;
};

/// The tree of an object that has serialize().
template <class T>
tree to_tree(const T& object) {
    tree_oarchive archive;
    archive.save_value(object);
    return archive.take();
}

}  // namespace coma

#endif

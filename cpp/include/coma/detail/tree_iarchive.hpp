// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// Objects from trees.
#ifndef COMA_DETAIL_TREE_IARCHIVE_HPP
#define COMA_DETAIL_TREE_IARCHIVE_HPP

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "../errors.hpp"
#include "../traits.hpp"
#include "../tree.hpp"
#include "../types/vector.hpp"  // IWYU pragma: keep
#include "iarchive.hpp"
#include "numbers.hpp"
#include "pod_vector.hpp"
#include "text.hpp"

namespace coma {

/// Reads named values from a tree; members are found by their names, in any order.
class tree_iarchive : public detail::iarchive<tree_iarchive> {
public:
    /// Reads a tree, which must live as long; `source` is its name in messages.
    explicit tree_iarchive(const tree& from, std::string source = "tree") : source_(std::move(source)) {
        open_.push_back({&from, nullptr, 0});
    }

    unsigned get_library_version() const noexcept { return 0; }
    bool is_boost_form() const noexcept { return false; }

    /// For the load() of a collection: goes to the items, gives their number. An array's lie one level deeper.
    std::size_t begin_list() {
        const tree* list = &here();
        while (list->is_dict()) {
            const tree* inner = detail::tree_access::find_key(*list, "list");
            if (!inner) inner = detail::tree_access::find_key(*list, "elems");
            if (!inner) break;
            list = inner;
        }
        if (!list->is_list()) refuse("a list");
        open_.back().of = list;
        open_.back().next = 0;
        return list->size();
    }
    /// For load(): whether a member of this name stands here.
    bool has_member(std::string_view name) const noexcept {
        return detail::tree_access::find_key(here(), name) != nullptr;
    }
    /// For load(): whether this is null.
    bool is_null() const noexcept { return here().is_null(); }

    /// For the load() of a collection of numbers that lie one after the other.
    template <class T>
    void numbers(T* first, std::size_t count) {
        const tree_list& items = here().elements();
        for (T* item = first; item != first + count; ++item) {
            std::size_t& next = open_.back().next;
            if (to_number(items[next], *item))
                ++next;
            else
                *this >> make_nvp("item", *item);  // says which one it is that is no number
        }
    }

    /// For load(): a tree has no references to objects, so that nobody asks where one was moved.
    std::size_t noted_objects() const noexcept { return 0; }
    void moved(std::size_t, const void*, const void*) const noexcept {}
    void reset_object_address(const void*, const void*) const noexcept {}

    /// For the load() of a smart pointer: the one Owner of an object, which here has no other pointers.
    template <class Owner, class T>
    Owner& owner_of(const T*, Owner& fresh) const noexcept {
        return fresh;
    }

    /// For load(): fails with the path.
    [[noreturn]] void fail(std::string_view what) const {
        const std::string where = path();
        detail::raise<parse_error>({source_, ": ", where.empty() ? "the tree" : where, ": ", what});
    }

private:
    friend class detail::iarchive<tree_iarchive>;

    /// A tree that was entered, by its name or as an item, and the position of its own next item.
    struct place {
        const tree* of;
        const char* name;
        std::size_t next;
    };

    const tree& here() const noexcept { return *open_.back().of; }

    void enter(const char* name) {
        place& parent = open_.back();
        const tree* child = detail::tree_access::find_key(*parent.of, name);
        const tree_list* items = detail::tree_access::elements(*parent.of);
        if (items && parent.next < items->size() && detail::equal(name, "item")) child = &(*items)[parent.next++];
        if (!child) refuse_member(name);
        open_.push_back({child, name, 0});
    }
    void leave() noexcept { open_.pop_back(); }

    const tree& subtree() const noexcept { return here(); }

    /// What stands here as XML would say it.
    std::string text() const {
        switch (here().kind()) {
            case kind::null: return {};
            case kind::boolean: return detail::tree_access::is_true(here()) ? "1" : "0";
            case kind::integer: return here().integer_text();
            case kind::real: return detail::number_text(*detail::tree_access::real(here()));
            case kind::string: return *detail::tree_access::text(here());
            default: refuse("a text");
        }
    }

    template <class Number>
    void load_number(Number& value) {
        if (to_number(here(), value)) return;
        if constexpr (std::is_same_v<Number, bool>)
            refuse("a boolean");
        else if constexpr (std::is_floating_point_v<Number>)
            refuse("a number");
        else
            refuse(detail::concat({"an ", detail::range_in_words(8 * sizeof(Number), std::is_signed_v<Number>)}));
    }

    /// Takes a number also from a boolean and from its digits; false if it does not fit.
    template <class Number>
    static bool to_number(const tree& from, Number& value) noexcept {
        if (detail::tree_access::to_number(from, value)) return true;
        if (from.kind() == kind::boolean) return value = static_cast<Number>(detail::tree_access::is_true(from)), true;
        const std::string* digits = detail::tree_access::text(from);
        return digits && detail::parse_within_range(*digits, value);
    }

    template <class T>
    void load_object(T& object) {
        detail::load_members(*this, object, class_version<T>::value);
    }

    template <class T>
    T* load_pointee() {
        if (is_null()) return nullptr;
        T* created = access::create<T>();
        try {
            load_object(*created);
        } catch (...) {
            access::destroy(created);
            throw;
        }
        return created;
    }

    /// The path to here, empty at the root.
    std::string path() const {
        std::string joined;
        for (std::size_t i = 1; i < open_.size(); ++i) {
            const place& around = open_[i - 1];
            detail::add(joined, i > 1 ? "/" : "");
            detail::add(joined,
                        around.of->is_list() ? detail::number_text(around.next - 1) : std::string(open_[i].name));
        }
        return joined;
    }

    [[noreturn]] void refuse_member(std::string_view name) const {
        const std::string around = path();
        detail::raise<parse_error>({source_, ": there is no '", around, around.empty() ? "" : "/", name,
                                    "': ", detail::tree_access::place_in_words(here(), around)});
    }

    [[noreturn]] void refuse(std::string_view wanted) const {
        const std::string where = path();
        const char* quote = where.empty() ? "" : "'";
        detail::raise<parse_error>({source_, ": ", quote, where.empty() ? "the tree" : where, quote, " is ",
                                    detail::in_words(here()), ", but ", wanted, " was asked for"});
    }

    std::string source_;
    /// The places that are open, the innermost one last.
    detail::pod_vector<place> open_;
};

/// An object from the tree that to_tree() makes of it.
template <class T>
void from_tree(const tree& from, T& object) {
    tree_iarchive archive(from);
    archive.load_value(object);
}

}  // namespace coma

#endif

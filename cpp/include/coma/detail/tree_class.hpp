// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// The class tree; its members are defined in tree_values.hpp, tree_paths.hpp and tree_get.hpp.
#ifndef COMA_DETAIL_TREE_CLASS_HPP
#define COMA_DETAIL_TREE_CLASS_HPP

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "key_index.hpp"
#include "minimal_vector.hpp"
#include "text.hpp"

namespace coma {

namespace detail {
struct tree_access;
}

class tree;
struct tree_entry;
struct tree_item;
class tree_dict;
using tree_list = detail::minimal_vector<tree>;
using tree_entries = detail::minimal_vector<tree_entry>;

/// What a tree is.
enum class kind : unsigned char { null, boolean, integer, real, string, list, dict };

/// The kind in words, with an article, for messages.
constexpr const char* name_of(kind k) noexcept {
    constexpr const char* names[] = {"null",     "a boolean", "an integer",  "a floating point number",
                                     "a string", "a list",    "a dictionary"};
    return names[static_cast<unsigned char>(k)];
}

/// A value of any kind; copies are deep.
///
///     coma::tree t;
///     t["parameters/L"] = 1.0;
///     t["results/energies"] = {-0.5, 1.5};
///     double L = t.get<double>("parameters/L");
class tree {
public:
    tree() noexcept = default;
    tree(std::nullptr_t) noexcept {}
    template <class T, std::enable_if_t<std::is_arithmetic_v<T>, int> = 0>
    tree(T value);
    tree(std::string value);
    tree(std::string_view value);
    tree(const char* value) : tree(std::string_view(value)) {}
    tree(tree_list&& elements);
    template <class T>
    tree(const std::vector<T>& elements);

    tree(const tree& other) : content_(other.content_) {
        if (other.as_ >= form::big) copy(other);
        as_ = other.as_;
    }
    tree(tree&& other) noexcept : content_(other.content_), as_(other.as_) { other.as_ = form::null; }
    tree& operator=(tree other) noexcept {
        swap(other);
        return *this;
    }
    tree& operator=(std::initializer_list<tree> elements);
    ~tree() {
        if (as_ >= form::big) clear();
    }

    /// A list of these elements.
    static tree list(std::initializer_list<tree> elements);
    static tree list() { return tree(tree_list()); }
    /// A dictionary of these entries.
    static tree dict(std::initializer_list<tree_item> entries);
    static tree dict();
    /// An integer of any size, from its decimal digits.
    static tree big_integer(std::string_view digits);

    coma::kind kind() const noexcept;
    bool is_null() const noexcept { return as_ == form::null; }
    bool is_list() const noexcept { return as_ == form::list; }
    bool is_dict() const noexcept { return as_ == form::dict; }

    /// The value at a path; a null on the way becomes a dictionary, a missing key is added.
    tree& operator[](std::string_view path);
    const tree& operator[](std::string_view path) const { return at(path); }
    /// The element at a position of a list; throws path_error if there is none.
    template <class Position, std::enable_if_t<std::is_integral_v<Position>, int> = 0>
    tree& operator[](Position position) {
        return element(static_cast<std::size_t>(position));
    }
    template <class Position, std::enable_if_t<std::is_integral_v<Position>, int> = 0>
    const tree& operator[](Position position) const {
        return const_cast<tree*>(this)->element(static_cast<std::size_t>(position));
    }

    /// The value at a path; throws path_error if there is none.
    const tree& at(std::string_view path) const;
    /// The value at a path, or nullptr.
    const tree* find(std::string_view path) const noexcept;
    bool has(std::string_view path) const noexcept { return find(path) != nullptr; }

    /// The value as a C++ type: bool, numbers, std::string, tree, std::vector of these.
    /// Numbers convert if nothing is lost but what a float rounds: integers exactly, others within the type's range;
    /// throws type_error otherwise.
    template <class T>
    T get() const;
    /// The value at a path as a C++ type.
    template <class T>
    T get(std::string_view path) const;
    /// The same, with a value for when the path leads nowhere.
    template <class T>
    T get(std::string_view path, const T& otherwise) const {
        return has(path) ? get<T>(path) : otherwise;
    }

    /// Elements of a list; throws type_error for another kind.
    const tree_list& elements() const;
    /// Entries of a dictionary in order, each with key and value; throws type_error for another kind.
    const tree_entries& items() const;
    /// The number of elements of a list or entries of a dictionary, 0 for anything else.
    std::size_t size() const noexcept;
    /// Adds a key to a dictionary (null becomes one), whatever characters it has; false if it is there already.
    bool add(std::string_view key, tree value);
    /// Appends to a list; null becomes a list.
    void push_back(tree element);

    /// The digits of an integer; throws type_error for another kind.
    std::string integer_text() const;

    void swap(tree& other) noexcept {
        const content old = content_;
        const form was = as_;
        content_ = other.content_;
        as_ = other.as_;
        other.content_ = old;
        other.as_ = was;
    }

    /// Equal values of equal kind; the order of a dictionary's keys does not matter, NaN differs from NaN.
    friend bool operator==(const tree& a, const tree& b) { return equal(a, b, false); }
    friend bool operator!=(const tree& a, const tree& b) { return !equal(a, b, false); }
    /// Like ==, but NaN is the same as NaN.
    friend bool same(const tree& a, const tree& b) { return equal(a, b, true); }

private:
    friend struct detail::tree_access;

    /// From `big` on, the value lies in memory of its own.
    enum class form : unsigned char { null, boolean, integer, natural, real, big, string, list, dict };
    union content {
        bool boolean;
        std::int64_t integer;
        std::uint64_t natural;
        double real;
        std::string* text;
        tree_list* list;
        tree_dict* dict;
    };

    static bool equal(const tree& a, const tree& b, bool nan_is_nan);
    template <class T>
    bool to_number(T& value) const noexcept;
    bool append_integer(std::string& out) const;
    const tree_entries* entries() const noexcept;
    tree& element(std::size_t position);
    tree* step(std::string_view part) const noexcept;
    tree& step_or_add(std::string_view path, std::size_t begin, std::size_t end);
    std::string place_in_words(std::string_view path) const;
    void copy(const tree& other);
    void clear() noexcept;

    content content_{};
    form as_ = form::null;
};

/// A key and its value, from which a dictionary is made.
struct tree_item {
    std::string_view key;
    tree value;
};

/// A key and its value in a dictionary.
struct tree_entry {
    std::string key;
    tree value;
};

/// A dictionary in order of insertion.
class tree_dict {
public:
    const tree_entries& entries() const noexcept { return entries_; }

    tree* find(std::string_view key) noexcept {
        const std::size_t position = index_.find(entries_, key);
        return position == detail::key_index::nowhere ? nullptr : &entries_[position].value;
    }

    /// Adds a key that is not there yet, with null.
    tree& add(std::string_view key) {
        tree& added = entries_.push_back({detail::concat({key}), {}}).value;
        index_.appended(entries_);
        return added;
    }

private:
    tree_entries entries_;
    detail::key_index index_;
};

namespace detail {

/// What a tree holds, for those who write or convert it.
struct tree_access {
    /// The number of a double, or nullptr.
    static const double* real(const tree& of) noexcept {
        return of.as_ == tree::form::real ? &of.content_.real : nullptr;
    }
    /// The text of a string, or nullptr.
    static const std::string* text(const tree& of) noexcept {
        return of.as_ == tree::form::string ? of.content_.text : nullptr;
    }
    /// The elements of a list, or nullptr.
    static const tree_list* elements(const tree& of) noexcept {
        return of.as_ == tree::form::list ? of.content_.list : nullptr;
    }
    /// The entries of a dictionary, or nullptr.
    static const tree_entries* entries(const tree& of) noexcept { return of.entries(); }
    /// The value of a key, whatever characters it has, or nullptr.
    static const tree* find_key(const tree& in, std::string_view key) noexcept {
        return in.as_ == tree::form::dict ? in.content_.dict->find(key) : nullptr;
    }
    /// Whether this is the boolean true.
    static bool is_true(const tree& value) noexcept {
        return value.as_ == tree::form::boolean && value.content_.boolean;
    }
    /// Appends the digits of an integer; false for another kind.
    static bool append_integer(std::string& out, const tree& value) { return value.append_integer(out); }
    /// What there is at a path that leads to this tree, for messages.
    static std::string place_in_words(const tree& at, std::string_view path) { return at.place_in_words(path); }
    /// Writes a number as get<T>() would return it; false if it does not fit.
    template <class T>
    static bool to_number(const tree& from, T& value) noexcept {
        return from.to_number(value);
    }
};

}  // namespace detail
}  // namespace coma

#endif

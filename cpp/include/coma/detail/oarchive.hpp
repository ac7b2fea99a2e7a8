// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// What all archives that save have in common.
#ifndef COMA_DETAIL_OARCHIVE_HPP
#define COMA_DETAIL_OARCHIVE_HPP

#include <cstddef>
#include <string>
#include <type_traits>

#include "../nvp.hpp"
#include "../tree.hpp"
#include "utf8.hpp"

namespace coma::detail {

/// What stands before the items of a collection.
struct list_head {
    std::size_t count = 0;
    unsigned item_version = 0;
    bool has_item_version = true;
    bool has_bucket_count = false;
    std::size_t bucket_count = 0;
};

/// Tells values by their types; an Archive, which derives from this, says how each is saved.
template <class Archive>
class oarchive {
public:
    using is_saving = std::true_type;
    using is_loading = std::false_type;
    using list_head = detail::list_head;

    template <class Pair>
    Archive& operator<<(const Pair& pair) {
        static_assert(is_nvp<Pair>::value,
                      "values need names: write archive << COMA_NVP(x) or coma::make_nvp(\"name\", x)");
        self().start(pair.name());
        save_value(pair.const_value());
        self().end(pair.name());
        return self();
    }
    template <class Pair>
    Archive& operator&(const Pair& pair) {
        return *this << pair;
    }

    /// Boost's archives need this for classes that are saved through pointers to a base.
    template <class T>
    void register_type(const T* = nullptr) noexcept {}

    /// For the save() of a type that is a value of its own in a tree: saves it without a name.
    template <class T>
    void save_value(const T& value) {
        if constexpr (std::is_array_v<T>)
            save_array(value);
        else if constexpr (std::is_pointer_v<T>)
            save_pointer(value);
        else if constexpr (std::is_enum_v<T>)
            self().put_number(static_cast<std::underlying_type_t<T>>(value));
        else if constexpr (std::is_arithmetic_v<T>)
            self().put_number(value);
        else if constexpr (std::is_same_v<T, std::string>)
            self().put_text(value);
        else if constexpr (std::is_same_v<T, std::wstring>)
            self().put_text(narrow(value));
        else if constexpr (std::is_same_v<T, tree>)
            self().put_tree(value);
        else
            self().save_object(value);
    }

    /// For the save() of an array: its items, as they stand in a C array.
    template <class T>
    void save_items(const T* first, std::size_t count) {
        list_head head;
        head.count = count;
        head.has_item_version = false;
        self().begin_list(head);
        for (const T* item = first; item != first + count; ++item) *this << make_nvp("item", *item);
    }

private:
    friend Archive;
    oarchive() = default;

    Archive& self() noexcept { return static_cast<Archive&>(*this); }

    template <class T, std::size_t N>
    void save_array(const T (&array)[N]) {
        save_items(array, N);
    }

    template <class T>
    void save_pointer(const T* pointer) {
        using object = std::remove_cv_t<T>;
        static_assert(std::is_class_v<object>,
                      "only pointers to objects of classes can be saved: save the value itself");
        static_assert(
            !std::is_polymorphic_v<object>,
            "a pointer to a polymorphic class cannot be saved: which class the object really has is known only "
            "to a registry of all classes, which Coma does not keep. boost::archive::xml_oarchive keeps one "
            "(BOOST_CLASS_EXPORT) and writes a file that coma::xml_iarchive cannot restore either; save the "
            "object by value, or a std::variant of the classes it can have.");
        self().template save_pointee<object>(pointer);
    }

    static std::string narrow(const std::wstring& wide) {
        std::string text;
        for (const wchar_t c : wide) append_character(text, static_cast<char32_t>(c));
        return text;
    }
};

}  // namespace coma::detail

#endif

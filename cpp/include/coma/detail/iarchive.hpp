// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// What all archives that load have in common.
#ifndef COMA_DETAIL_IARCHIVE_HPP
#define COMA_DETAIL_IARCHIVE_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>

#include "../nvp.hpp"
#include "../tree.hpp"
#include "numbers.hpp"
#include "text.hpp"
#include "utf8.hpp"

namespace coma::detail {

/// Which integers a type of so many bits holds.
inline std::string range_in_words(std::size_t bits, bool is_signed) {
    const std::uint64_t greatest = UINT64_MAX >> (64 - bits + (is_signed ? 1 : 0));
    return concat({"integer from ", is_signed ? "-" : "", is_signed ? number_text(greatest + 1) : "0", " to ",
                   number_text(greatest)});
}

/// Tells values by their types; an Archive, which derives from this, says how each is loaded.
template <class Archive>
class iarchive {
public:
    using is_saving = std::false_type;
    using is_loading = std::true_type;

    template <class Pair>
    Archive& operator>>(const Pair& pair) {
        static_assert(is_nvp<Pair>::value,
                      "values need names: write archive >> COMA_NVP(x) or coma::make_nvp(\"name\", x)");
        self().enter(pair.name());
        load_value(pair.value());
        self().leave();
        return self();
    }
    template <class Pair>
    Archive& operator&(const Pair& pair) {
        return *this >> pair;
    }

    template <class T>
    void register_type(const T* = nullptr) noexcept {}

    /// Loads what stands here, without a name.
    template <class T>
    void load_value(T& value) {
        if constexpr (std::is_array_v<T>)
            load_array(value);
        else if constexpr (std::is_pointer_v<T>)
            load_pointer(value);
        else if constexpr (std::is_enum_v<T>)
            load_enum(value);
        else if constexpr (std::is_arithmetic_v<T>)
            self().load_number(value);
        else if constexpr (std::is_same_v<T, std::string>)
            value = self().text();
        else if constexpr (std::is_same_v<T, std::wstring>)
            value = widen(self().text());
        else if constexpr (std::is_same_v<T, tree>)
            value = self().subtree();
        else
            self().load_object(value);
    }

    /// For the load() of an array: so many items.
    template <class T>
    void load_items(T* first, std::size_t count) {
        const std::size_t found = self().begin_list();
        if (found != count)
            self().fail(
                concat({"an array of ", number_text(count), " items was expected, there are ", number_text(found)}));
        for (T* item = first; item != first + count; ++item) *this >> make_nvp("item", *item);
    }

private:
    friend Archive;
    iarchive() = default;

    Archive& self() noexcept { return static_cast<Archive&>(*this); }

    template <class T, std::size_t N>
    void load_array(T (&array)[N]) {
        load_items(array, N);
    }

    template <class Enum>
    void load_enum(Enum& value) {
        std::underlying_type_t<Enum> number{};
        self().load_number(number);
        value = static_cast<Enum>(number);
    }

    template <class T>
    void load_pointer(T*& pointer) {
        static_assert(std::is_class_v<T> && !std::is_polymorphic_v<T>,
                      "only pointers to objects of classes without virtual functions can be loaded");
        pointer = self().template load_pointee<std::remove_cv_t<T>>();
    }

    std::wstring widen(const std::string& text) {
        std::wstring wide;
        for (std::size_t at = 0; at < text.size();) {
            const char32_t c = next_character(text, at);
            if (c == no_character) self().fail("the text is not UTF-8");
            wide += static_cast<wchar_t>(c);
        }
        return wide;
    }
};

}  // namespace coma::detail

#endif

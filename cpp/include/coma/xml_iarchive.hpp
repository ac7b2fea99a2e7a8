// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// Objects from XML: an archive that models Boost's loading archive and reads the plain form and Boost's.
#ifndef COMA_XML_IARCHIVE_HPP
#define COMA_XML_IARCHIVE_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "errors.hpp"
#include "files.hpp"
#include "loaded_objects.hpp"
#include "nvp.hpp"
#include "numbers.hpp"
#include "traits.hpp"
#include "tree.hpp"
#include "xml_cursor.hpp"
#include "xml_reader.hpp"
#include "xml_tree.hpp"
#include "xml_writer.hpp"

namespace coma {

/// Reads named values from XML; members are found by their names, in any order.
///
///     coma::xml_iarchive archive(text);                    // or (std::ifstream)
///     archive >> coma::make_nvp("pendulum", pendulum);
class xml_iarchive {
public:
    using is_saving = std::false_type;
    using is_loading = std::true_type;

    /// Reads a text; `file` is its name in messages.
    explicit xml_iarchive(std::string text, std::string file = "archive", const xml::limits& limit = {})
        : read_(std::move(text), std::move(file), limit), at_(read_) {}

    /// Reads a stream to its end.
    template <class Stream, class = decltype(std::declval<Stream&>().gcount())>
    explicit xml_iarchive(Stream& stream, std::string file = "archive", const xml::limits& limit = {})
        : xml_iarchive(all_of(stream), std::move(file), limit) {}

    template <class Pair>
    xml_iarchive& operator>>(const Pair& pair) {
        static_assert(detail::is_nvp<Pair>::value,
                      "XML needs names: write archive >> COMA_NVP(x) or coma::make_nvp(\"name\", x)");
        at_.enter(pair.name());
        load_value(pair.value());
        at_.leave();
        return *this;
    }
    template <class Pair>
    xml_iarchive& operator&(const Pair& pair) {
        return *this >> pair;
    }

    template <class T>
    void register_type(const T* = nullptr) noexcept {}
    /// The version in the header of Boost's form, 0 if there is none.
    unsigned get_library_version() const noexcept {
        unsigned version = 0;
        const xml::element* root = read_.first_child(read_.top());
        const std::string_view* text = read_.is_boost() ? read_.find_attribute(*root, "version") : nullptr;
        return text && numbers::parse(*text, version) ? version : 0;
    }

    /// For the load() of a collection: reads what stands before the items, gives their number.
    std::size_t begin_list() { return at_.begin_list(); }
    /// For load(): whether a member of this name stands here.
    bool has_member(std::string_view name) const noexcept { return at_.has(name); }
    /// For load(): whether this is null in the plain form.
    bool is_null() const noexcept { return !read_.is_boost() && at_.is_empty(); }
    /// For load(): whether the file is in Boost's form.
    bool is_boost_form() const noexcept { return read_.is_boost(); }

    /// For the load() of a collection of numbers that lie one after the other.
    template <class T>
    void numbers(T* first, std::size_t count) {
        for (T* item = first; item != first + count; ++item) load_number(*item, at_.next_item());
    }

    /// For the load() of a collection: how many objects have been noted, and that those noted since then were moved.
    std::size_t noted_objects() const noexcept { return objects_.size(); }
    template <class T>
    void moved(std::size_t since, const T* from, const T* to) noexcept {
        objects_.moved(since, from, sizeof(T), to);
    }
    /// For Boost's own load() functions: that the last object was moved.
    template <class T>
    void reset_object_address(const T* to, const T* from) noexcept {
        objects_.moved(0, from, sizeof(T), to);
    }
    /// For the load() of a smart pointer: the one Owner that all pointers to an object have in common.
    template <class Owner, class T>
    Owner& owner_of(const T* object) {
        Owner* owner = objects_.owner_of<Owner>(object, &detail::type_key<T>::here);
        if (!owner) at_.fail({"a smart pointer points to an object that belongs to something else"});
        return *owner;
    }

    /// For load(): fails with file and line.
    [[noreturn]] void fail(const std::string& what) const { at_.fail({what}); }

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
            load_number(value, at_.raw_text());
        else if constexpr (std::is_same_v<T, std::string>)
            value = at_.text();
        else if constexpr (std::is_same_v<T, std::wstring>)
            value = widen(at_.text());
        else if constexpr (std::is_same_v<T, tree>)
            value = xml::to_tree(read_, at_.here());
        else
            load_object(value);
    }

private:
    template <class Stream>
    static std::string all_of(Stream& stream) {
        std::string text;
        const auto known = stream.rdbuf()->in_avail();
        if (known > 0) text.reserve(static_cast<std::size_t>(known));
        char block[16384];
        do {
            stream.read(block, sizeof block);
            text.append(block, static_cast<std::size_t>(stream.gcount()));
        } while (stream.gcount() > 0);
        return text;
    }

    template <class Number>
    void load_number(Number& value, std::string_view text) {
        if constexpr (std::is_same_v<Number, bool>) {
            value = integer<unsigned char>(text, 0, 1) == 1;
        } else if constexpr (std::is_integral_v<Number>) {
            using wide = std::conditional_t<std::is_signed_v<Number>, std::int64_t, std::uint64_t>;
            value = static_cast<Number>(integer<wide>(text, coma::numbers::detail::least<Number>(),
                                                      coma::numbers::detail::greatest<Number>()));
        } else if (!coma::numbers::parse(text, value)) {
            at_.fail({"'", text.substr(0, 60), "' is no number"});
        }
    }

    template <class Wide>
    Wide integer(std::string_view text, Wide least, Wide greatest) {
        Wide value = 0;
        if (!coma::numbers::parse(text, value) || value < least || value > greatest)
            at_.fail(
                {"'", text.substr(0, 60), "' is no integer from ", coma::numbers::to_text(least), " to ",
                 coma::numbers::to_text(greatest)});
        return value;
    }

    template <class Enum>
    void load_enum(Enum& value) {
        std::underlying_type_t<Enum> number{};
        load_number(number, at_.raw_text());
        value = static_cast<Enum>(number);
    }

    std::wstring widen(const std::string& text) const {
        std::wstring wide;
        for (std::size_t at = 0; at < text.size();) {
            const char32_t c = xml::next_character(text, at);
            if (c == xml::no_character) at_.fail({"the text is not UTF-8"});
            wide += static_cast<wchar_t>(c);
        }
        return wide;
    }

    template <class T, std::size_t N>
    void load_array(T (&array)[N]) {
        const std::size_t count = begin_list();
        if (count != N)
            at_.fail(
                {"an array of ", coma::numbers::to_text(N), " items was expected, there are ",
                 coma::numbers::to_text(count)});
        for (T& item : array) *this >> make_nvp("item", item);
    }

    /// The version with which an object was written: it stands on the first one of its class.
    template <class T>
    unsigned version_of_object() {
        constexpr unsigned known = class_version<T>::value;
        if (class_level<T>::value != level::class_info) return known;
        const unsigned version = objects_.version(&detail::type_key<T>::here, at_.number_attribute("version"), known);
        if (version > known)
            at_.fail(
                {"the class was written in version ", coma::numbers::to_text(version),
                 ", this program knows versions up to ", coma::numbers::to_text(known), ": use a newer program"});
        return version;
    }

    template <class T>
    void load_object(T& object) {
        const std::size_t alias = at_.number_attribute("object_id_reference");
        if (alias != detail::xml_cursor::none) at_.go_to(objects_.element_of(alias, read_, at_.here()));
        const unsigned version = version_of_object<T>();
        const std::size_t id = at_.number_attribute("object_id");
        if (id != detail::xml_cursor::none && alias == detail::xml_cursor::none)
            objects_.note(id, &object, &detail::type_key<T>::here, at_.here());
        detail::load_members(*this, object, version);
        if (id != detail::xml_cursor::none) objects_.complete(id);
    }

    template <class T>
    void load_pointer(T*& pointer) {
        using object = std::remove_cv_t<T>;
        static_assert(std::is_class_v<object> && !std::is_polymorphic_v<object>,
                      "only pointers to objects of classes without virtual functions can be loaded");
        pointer = nullptr;
        if (is_null() || at_.has_attribute("class_id", "-1")) return;
        const std::size_t alias = at_.number_attribute("object_id_reference");
        if (alias != detail::xml_cursor::none) {
            pointer = static_cast<object*>(objects_.address_of(alias, &detail::type_key<object>::here, read_, at_.here()));
            return;
        }
        const void* type = &detail::type_key<object>::here;
        object* created = access::create<object>();
        try {
            objects_.created(created, type);
            load_object(*created);
        } catch (...) {
            if (!objects_.is_owned(created, type)) access::destroy(created);
            throw;
        }
        objects_.loaded(created, type);
        pointer = created;
    }

    xml::document read_;
    detail::xml_cursor at_;
    detail::loaded_objects objects_;
};

/// An object from XML; `file` is the text's name in messages.
template <class T>
void from_xml(std::string text, const char* name, T& object, std::string file = "archive") {
    xml_iarchive archive(std::move(text), std::move(file));
    archive >> make_nvp(name, object);
}

/// An object from the tree that to_tree() makes of it.
template <class T>
void from_tree(const tree& from, T& object) {
    from_xml(xml::detail::unchecked_text("object", from), "object", object, "tree");
}

}  // namespace coma

#include "types/vector.hpp"

#endif

// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// Objects from XML: an archive that models Boost's loading archive and reads the plain form and Boost's.
#ifndef COMA_XML_IARCHIVE_HPP
#define COMA_XML_IARCHIVE_HPP

#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "detail/iarchive.hpp"
#include "detail/numbers.hpp"
#include "detail/tree_iarchive.hpp"  // IWYU pragma: export
#include "detail/xml/cursor.hpp"
#include "detail/xml/document.hpp"
#include "detail/xml/loaded_objects.hpp"
#include "detail/xml/parser.hpp"
#include "detail/xml/reader.hpp"
#include "nvp.hpp"
#include "traits.hpp"
#include "tree.hpp"
#include "types/vector.hpp"  // IWYU pragma: keep

namespace coma {

/// Reads named values from XML; members are found by their names, in any order.
///
///     coma::xml_iarchive archive(text);                    // or (std::ifstream)
///     archive >> coma::make_nvp("pendulum", pendulum);
class xml_iarchive : public detail::iarchive<xml_iarchive> {
public:
    /// Reads a text; `file` is its name in messages.
    explicit xml_iarchive(std::string text, std::string file = "archive", const xml_limits& limit = {})
        : document_(std::move(text), std::move(file)), at_(detail::parse_xml(document_, limit)) {}

    /// Reads a stream to its end.
    template <class Stream, class = decltype(std::declval<Stream&>().gcount())>
    explicit xml_iarchive(Stream& stream, std::string file = "archive", const xml_limits& limit = {})
        : xml_iarchive(all_of(stream), std::move(file), limit) {}

    /// The version in the header of Boost's form, 0 if there is none.
    unsigned get_library_version() const noexcept {
        unsigned version = 0;
        const detail::xml_element* root = document_.first_child(document_.top());
        const std::string_view* text = document_.is_boost() ? document_.find_attribute(*root, "version") : nullptr;
        return text && detail::parse_number(*text, version) ? version : 0;
    }

    /// For the load() of a collection: reads what stands before the items, gives their number.
    std::size_t begin_list() { return at_.begin_list(); }
    /// For load(): whether a member of this name stands here.
    bool has_member(std::string_view name) const noexcept { return at_.has(name); }
    /// For load(): whether this is null in the plain form.
    bool is_null() const noexcept { return !document_.is_boost() && at_.is_empty(); }
    /// For load(): whether the file is in Boost's form.
    bool is_boost_form() const noexcept { return document_.is_boost(); }

    /// For the load() of a collection of numbers that lie one after the other.
    template <class T>
    void numbers(T* first, std::size_t count) {
        for (T* item = first; item != first + count; ++item) load_number(*item, at_.next_item());
    }

    /// For the load() of a collection: how many objects have been noted, and that those noted since then were moved.
    std::size_t noted_objects() const noexcept { return objects_.size(); }
    template <class T>
    void moved(std::size_t since, const T* from, const void* to) noexcept {
        objects_.moved(since, from, sizeof(T), to);
    }
    /// For Boost's own load() functions: that the last object was moved.
    template <class T>
    void reset_object_address(const T* to, const T* from) noexcept {
        objects_.moved(0, from, sizeof(T), to);
    }
    /// For the load() of a smart pointer: the one Owner that all pointers to an object have in common, the fresh one
    /// where an archive knows of no other pointers.
    template <class Owner, class T>
    Owner& owner_of(const T* object, Owner&) {
        Owner* owner = objects_.owner_of<Owner>(object, &detail::type_key<T>::here);
        if (!owner) at_.fail({"a smart pointer points to an object that belongs to something else"});
        return *owner;
    }

    /// For load(): fails with file and line.
    [[noreturn]] void fail(const std::string& what) const { at_.fail({what}); }

private:
    friend class detail::iarchive<xml_iarchive>;

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

    void enter(const char* name) { at_.enter(name); }
    void leave() noexcept { at_.leave(); }
    std::string text() const { return at_.text(); }
    tree subtree() const { return detail::xml_reader(document_).value(at_.here()); }

    template <class Number>
    void load_number(Number& value) {
        load_number(value, at_.raw_text());
    }

    template <class Number>
    void load_number(Number& value, std::string_view text) {
        if (detail::parse_within_range(text, value)) return;
        if constexpr (std::is_floating_point_v<Number>)
            at_.fail({"'", text.substr(0, 60), "' is no number of the type's range"});
        else if constexpr (std::is_same_v<Number, bool>)
            at_.fail({"'", text.substr(0, 60), "' is no integer from 0 to 1"});
        else
            at_.fail({"'", text.substr(0, 60), "' is no ",
                      detail::range_in_words(8 * sizeof(Number), std::is_signed_v<Number>)});
    }

    /// The version with which an object was written: it stands on the first one of its class.
    template <class T>
    unsigned version_of_object() {
        constexpr unsigned known = class_version<T>::value;
        if (class_level<T>::value != level::class_info) return known;
        const unsigned version = objects_.version(&detail::type_key<T>::here, at_.number_attribute("version"), known);
        if (version > known)
            at_.fail({"the class was written in version ", detail::number_text(version),
                      ", this program knows versions up to ", detail::number_text(known), ": use a newer program"});
        return version;
    }

    template <class T>
    void load_object(T& object) {
        const std::size_t alias = at_.number_attribute("object_id_reference");
        if (alias != detail::xml_cursor::none) at_.go_to(objects_.element_of(alias, document_, at_.here()));
        const unsigned version = version_of_object<T>();
        const std::size_t id = at_.number_attribute("object_id");
        if (id != detail::xml_cursor::none && alias == detail::xml_cursor::none)
            objects_.note(id, &object, &detail::type_key<T>::here, at_.here());
        detail::load_members(*this, object, version);
        if (id != detail::xml_cursor::none) objects_.complete(id);
    }

    template <class T>
    T* load_pointee() {
        if (is_null() || at_.has_attribute("class_id", "-1")) return nullptr;
        const void* type = &detail::type_key<T>::here;
        const std::size_t alias = at_.number_attribute("object_id_reference");
        if (alias != detail::xml_cursor::none)
            return static_cast<T*>(objects_.address_of(alias, type, document_, at_.here()));
        T* created = access::create<T>();
        try {
            objects_.created(created, type);
            load_object(*created);
        } catch (...) {
            if (!objects_.is_owned(created, type)) access::destroy(created);
            throw;
        }
        objects_.loaded(created, type);
        return created;
    }

    detail::xml_document document_;
    detail::xml_cursor at_;
    detail::loaded_objects objects_;
};

/// An object from XML; `file` is the text's name in messages.
template <class T>
void from_xml(std::string text, const char* name, T& object, std::string file = "archive") {
    xml_iarchive archive(std::move(text), std::move(file));
    archive >> make_nvp(name, object);
}

}  // namespace coma

#endif

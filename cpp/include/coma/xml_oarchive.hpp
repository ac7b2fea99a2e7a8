// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// Objects as XML: an archive that models Boost's saving archive, in the plain form or in Boost's own.
#ifndef COMA_XML_OARCHIVE_HPP
#define COMA_XML_OARCHIVE_HPP

#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "errors.hpp"
#include "nvp.hpp"
#include "traits.hpp"
#include "tree.hpp"
#include "tree_builder.hpp"
#include "xml_boost_writer.hpp"
#include "xml_writer.hpp"

namespace coma {

/// Writes named values as XML.
///
///     std::string text;
///     coma::xml_oarchive archive(text);                    // or (std::ofstream, coma::boost_form)
///     archive << coma::make_nvp("pendulum", pendulum);
class xml_oarchive {
public:
    using is_saving = std::true_type;
    using is_loading = std::false_type;

    /// What stands before the items of a collection.
    struct list_head {
        std::size_t count = 0;
        unsigned item_version = 0;
        bool has_item_version = true;
        bool has_bucket_count = false;
        std::size_t bucket_count = 0;
    };

    /// Appends to a string.
    explicit xml_oarchive(std::string& out, const xml_form& form = plain_form) : out_(&out), form_(form), boost_(out, form) {
        builder_.start();
    }

    /// Writes to a stream, the last of it when the archive is closed.
    template <class Stream, class = decltype(std::declval<Stream&>().write(std::declval<const char*>(), 0))>
    explicit xml_oarchive(Stream& stream, const xml_form& form = plain_form)
        : out_(&own_), stream_(&stream), write_([](void* to, const std::string& text) {
              static_cast<Stream*>(to)->write(text.data(), static_cast<std::ptrdiff_t>(text.size()));
          }),
          form_(form), boost_(own_, form) {
        builder_.start();
    }

    xml_oarchive(const xml_oarchive&) = delete;
    xml_oarchive& operator=(const xml_oarchive&) = delete;

    /// Closes the archive, unless an exception interrupts: then the text stays incomplete.
    ~xml_oarchive() {
        if (std::uncaught_exceptions() > exceptions_) return;
        try {
            close();
        } catch (...) {
            return;
        }
    }

    /// Writes what stands at the end; happens by itself otherwise.
    void close() {
        if (closed_) return;
        closed_ = true;
        if (form_.boost) boost_.finish();
        flush();
    }

    template <class Pair>
    xml_oarchive& operator<<(const Pair& pair) {
        static_assert(detail::is_nvp<Pair>::value,
                      "XML needs names: write archive << COMA_NVP(x) or coma::make_nvp(\"name\", x)");
        start(pair.name());
        save_value(pair.const_value());
        end(pair.name());
        return *this;
    }
    template <class Pair>
    xml_oarchive& operator&(const Pair& pair) {
        return *this << pair;
    }

    /// Boost's archives need this for classes that are saved through pointers to a base.
    template <class T>
    void register_type(const T* = nullptr) noexcept {}
    unsigned get_library_version() const noexcept { return form_.version; }
    bool is_boost_form() const noexcept { return form_.boost; }

    /// For the save() of a collection: what stands before the items.
    void begin_list(const list_head& head) {
        if (!form_.boost) {
            builder_.value() = tree::list();
            return;
        }
        boost_.leaf("count", head.count);
        if (head.has_bucket_count) boost_.leaf("bucket_count", head.bucket_count);
        if (head.has_item_version) boost_.leaf("item_version", head.item_version);
    }

    /// For the save() of a collection of numbers that lie one after the other.
    template <class T>
    void numbers(const T* first, std::size_t count) {
        if (form_.boost) {
            boost_.items(first, count, [this] { flush_if_large(); });
        } else {
            builder_.value() = tree(tree_list(first, first + count));
        }
    }

    /// For the save() of a type that is a value of its own in a tree: saves it without a name.
    template <class T>
    void save_value(const T& value) {
        if constexpr (std::is_array_v<T>)
            save_array(value);
        else if constexpr (std::is_pointer_v<T>)
            save_pointer(value);
        else if constexpr (std::is_enum_v<T>)
            put(static_cast<std::underlying_type_t<T>>(value));
        else if constexpr (std::is_arithmetic_v<T>)
            put(value);
        else if constexpr (std::is_same_v<T, std::string>)
            put_text(value);
        else if constexpr (std::is_same_v<T, std::wstring>)
            put_text(narrow(value));
        else if constexpr (std::is_same_v<T, tree>)
            put_tree(value);
        else
            save_object(value);
    }

    /// For the save() of a type that is written as a tree of its own where the form is plain.
    void put_tree(const tree& value) {
        if (form_.boost)
            boost_.tree_value(value);
        else
            builder_.value() = value;
    }

private:
    template <class T>
    friend tree to_tree(const T& object);

    /// Builds a tree and writes nothing.
    xml_oarchive() : out_(&own_), boost_(own_, plain_form), writes_text_(false) { builder_.start(); }

    void flush() {
        if (!stream_) return;
        write_(stream_, own_);
        own_.clear();
    }

    void flush_if_large() {
        if (own_.size() > 65536) flush();
    }

    void start(const char* name) {
        if (form_.boost)
            boost_.start(name);
        else
            builder_.start();
    }

    void end(const char* name) {
        if (form_.boost) return boost_.end(name), flush_if_large();
        if (writes_text_ && builder_.is_below_first())
            xml::append(*out_, name, builder_.take());
        else
            builder_.end(name);
    }

    template <class Number>
    void put(Number value) {
        if constexpr (std::is_same_v<Number, bool>) {
            form_.boost ? boost_.number(value ? 1 : 0) : static_cast<void>(builder_.value() = value);
        } else if constexpr (std::is_integral_v<Number>) {
            using wide = std::conditional_t<std::is_signed_v<Number>, std::int64_t, std::uint64_t>;
            form_.boost ? boost_.number(static_cast<wide>(value))
                   : static_cast<void>(builder_.value() = static_cast<wide>(value));
        } else {
            form_.boost ? boost_.number(value) : static_cast<void>(builder_.value() = value);
        }
    }

    void put_text(const std::string& text) {
        if (form_.boost)
            boost_.text(text);
        else
            builder_.value() = text;
    }

    static std::string narrow(const std::wstring& wide) {
        std::string text;
        for (const wchar_t c : wide) xml::append_character(text, static_cast<char32_t>(c));
        return text;
    }

    template <class T>
    static detail::class_record record_of() noexcept {
        return {&detail::type_key<T>::here, class_level<T>::value == level::class_info, detail::is_tracked<T>(),
                class_version<T>::value};
    }

    template <class T>
    void save_object(const T& object) {
        constexpr bool never_tracked = class_tracking<T>::value == tracking::never;
        constexpr bool unregistered = class_level<T>::value == level::primitive ||
                                      (class_level<T>::value == level::object && never_tracked);
        if (!form_.boost)
            builder_.value() = tree::dict();
        else if (!unregistered && !boost_.open_object(record_of<T>(), static_cast<const void*>(&object)))
            return;
        detail::save_members(*this, object, class_version<T>::value);
    }

    template <class T, std::size_t N>
    void save_array(const T (&array)[N]) {
        list_head head;
        head.count = N;
        head.has_item_version = false;
        begin_list(head);
        for (const T& item : array) *this << make_nvp("item", item);
    }

    template <class T>
    void save_pointer(const T* pointer) {
        using object = std::remove_cv_t<T>;
        static_assert(std::is_class_v<object>, "only pointers to objects of classes can be saved: save the value itself");
        static_assert(!std::is_polymorphic_v<object>,
                      "a pointer to a polymorphic class cannot be saved: which class the object really has is known only "
                      "to a registry of all classes, which Coma does not keep. boost::archive::xml_oarchive keeps one "
                      "(BOOST_CLASS_EXPORT) and writes a file that coma::xml_iarchive cannot restore either; save the "
                      "object by value, or a std::variant of the classes it can have.");
        static_cast<void>(&detail::pointer_use<object>::noted);
        if (!form_.boost) {
            if (pointer) save_object(*pointer);
        } else if (!pointer) {
            boost_.null_pointer(record_of<object>());
        } else if (boost_.open_pointee(record_of<object>(), static_cast<const void*>(pointer))) {
            detail::save_members(*this, *pointer, class_version<object>::value);
        }
    }

    std::string own_;
    std::string* out_;
    void* stream_ = nullptr;
    void (*write_)(void*, const std::string&) = nullptr;
    xml_form form_;
    detail::boost_writer boost_;
    detail::tree_builder builder_;
    int exceptions_ = std::uncaught_exceptions();
    bool writes_text_ = true;
    bool closed_ = false;
};

/// The tree of an object that has serialize().
template <class T>
tree to_tree(const T& object) {
    xml_oarchive archive;
    archive.save_value(object);
    return archive.builder_.take();
}

/// An object as XML.
template <class T>
std::string to_xml(const char* name, const T& object, const xml_form& form = plain_form) {
    std::string text;
    xml_oarchive archive(text, form);
    archive << make_nvp(name, object);
    archive.close();
    return text;
}

}  // namespace coma

#include "types/vector.hpp"

#endif

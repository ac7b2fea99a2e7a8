// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// Objects as XML in Boost's form.
#ifndef COMA_DETAIL_XML_BOOST_OARCHIVE_HPP
#define COMA_DETAIL_XML_BOOST_OARCHIVE_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>

#include "../../traits.hpp"
#include "../../tree.hpp"
#include "../../types/vector.hpp"  // IWYU pragma: keep
#include "../oarchive.hpp"
#include "../text_sink.hpp"
#include "boost_writer.hpp"
#include "form.hpp"

namespace coma {

/// Writes named values as Boost's XML archive does.
class boost_oarchive : public detail::oarchive<boost_oarchive> {
public:
    boost_oarchive(detail::text_sink& to, const xml_form& form)
        : to_(to), writer_(to.text(), form), version_(form.version) {}

    /// Writes what stands before the first value.
    void begin() { writer_.begin(); }
    /// Writes what stands behind the last value.
    void finish() { writer_.finish(); }

    unsigned get_library_version() const noexcept { return version_; }
    bool is_boost_form() const noexcept { return true; }

    /// For the save() of a collection: what stands before the items.
    void begin_list(const list_head& head) {
        writer_.leaf("count", head.count);
        if (head.has_bucket_count) writer_.leaf("bucket_count", head.bucket_count);
        if (head.has_item_version) writer_.leaf("item_version", head.item_version);
    }

    /// For the save() of a collection of numbers that lie one after the other.
    template <class T>
    void numbers(const T* first, std::size_t count) {
        writer_.items(first, count, [this] { to_.flush_if_large(); });
    }

    /// For the save() of a type that is written as a tree of its own.
    void put_tree(const tree& value) { writer_.tree_value(value); }

private:
    friend class detail::oarchive<boost_oarchive>;

    void start(const char* name) { writer_.start(name); }
    void end(const char* name) {
        writer_.end(name);
        to_.flush_if_large();
    }

    template <class Number>
    void put_number(Number value) {
        if constexpr (std::is_floating_point_v<Number>)
            writer_.number(value);
        else if constexpr (std::is_signed_v<Number>)
            writer_.number(static_cast<std::int64_t>(value));
        else
            writer_.number(static_cast<std::uint64_t>(value));
    }
    void put_text(const std::string& text) { writer_.text(text); }

    template <class T>
    static detail::class_record record_of() noexcept {
        return {&detail::type_key<T>::here, class_level<T>::value == level::class_info, detail::is_tracked<T>(),
                class_version<T>::value};
    }

    template <class T>
    void save_object(const T& object) {
        constexpr bool never_tracked = class_tracking<T>::value == tracking::never;
        constexpr bool unregistered =
            class_level<T>::value == level::primitive || (class_level<T>::value == level::object && never_tracked);
        if (!unregistered && !writer_.open_object(record_of<T>(), static_cast<const void*>(&object))) return;
        detail::save_members(*this, object, class_version<T>::value);
    }

    template <class T>
    void save_pointee(const T* pointer) {
        static_cast<void>(&detail::pointer_use<T>::noted);
        if (!pointer)
            writer_.null_pointer(record_of<T>());
        else if (writer_.open_pointee(record_of<T>(), static_cast<const void*>(pointer)))
            detail::save_members(*this, *pointer, class_version<T>::value);
    }

    detail::text_sink& to_;
    detail::boost_writer writer_;
    unsigned version_;
};

}  // namespace coma

#endif

// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// Elements, class attributes and object ids as Boost's XML archive writes them.
#ifndef COMA_DETAIL_XML_BOOST_WRITER_HPP
#define COMA_DETAIL_XML_BOOST_WRITER_HPP

#include <cfloat>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>

#include "../../errors.hpp"
#include "../../tree.hpp"
#include "../numbers.hpp"
#include "../pod_vector.hpp"
#include "../text.hpp"
#include "form.hpp"
#include "marks.hpp"
#include "object_table.hpp"
#include "text.hpp"

namespace coma::detail {

/// What an archive must know about the class of an object.
struct class_record {
    const void* key;
    bool class_info;
    bool tracked;
    unsigned version;
};

/// Writes elements of Boost's form to a string.
class boost_writer {
public:
    boost_writer(std::string& out, const xml_form& form) : out_(out), form_(form) {}

    void begin() {
        if (form_.header)
            add(out_,
                {"<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\" ?>\n<!DOCTYPE boost_serialization>\n"
                 "<boost_serialization signature=\"serialization::archive\" version=\"",
                 number_text(form_.version), "\">\n"});
    }

    void finish() { add(out_, form_.header ? "</boost_serialization>\n\n" : "\n"); }

    void start(std::string_view name) {
        check_xml_name(name, name);
        close_tag();
        if (depth_ > 0) new_line(depth_);
        if (++depth_ > max_xml_depth)
            raise<format_error>({"XML elements are nested deeper than ", number_text(max_xml_depth), " levels at <",
                                 name, ">: flatten the data or save less of it by pointers"});
        out_ += '<';
        add(out_, name);
        pending_ = true;
        indent_next_ = false;
    }

    void end(std::string_view name) {
        close_tag();
        --depth_;
        if (indent_next_) new_line(depth_);
        indent_next_ = true;
        add(out_, {"</", name, ">"});
        if (depth_ == 0) out_ += '\n';
    }

    template <class Number>
    void number(Number value) {
        close_tag();
        if constexpr (std::is_floating_point_v<Number>)
            real(value);
        else
            append_number(out_, value);
    }

    void text(std::string_view value) {
        close_tag();
        if (!form_.exact) check_xml_text(value, "a string");
        for (;;) {
            const std::size_t special = value.find_first_of(form_.exact ? "&<>\"'" : "&<>\"'\r");
            add(out_, value.substr(0, special));
            if (special == value.npos) return;
            add(out_, reference(value[special]));
            value.remove_prefix(special + 1);
        }
    }

    /// Numbers as the items of a list, between which `flush` may take the text away.
    template <class Number, class Flush>
    void items(const Number* first, std::size_t count, Flush&& flush) {
        close_tag();
        const std::string before = concat({"\n", std::string(depth_, '\t'), "<item>"});
        for (const Number* item = first; item != first + count; ++item) {
            add(out_, before);
            number(*item);
            add(out_, "</item>");
            flush();
        }
        indent_next_ = indent_next_ || count > 0;
    }

    template <class Number>
    void leaf(std::string_view name, Number value) {
        start(name);
        number(value);
        end(name);
    }

    /// A tree: as a root a class of its own, as a member without class attributes.
    void tree_value(const tree& value);

    /// Begins an object by value; false if it was saved before and only a reference was written.
    bool open_object(const class_record& about, const void* address) {
        known_class& known = classes_[class_id(about)];
        if (about.class_info && !known.shown) {
            attribute("class_id=\"", known.id);
            class_attributes(known, about);
        }
        if (!about.tracked) return true;
        const auto [object, is_new] = objects_.insert(address, about.key);
        if (object->by_pointer && !is_new)
            raise<error>(
                {"an object is saved by value that was saved through a pointer before: save it by value first, "
                 "or always through pointers"});
        attribute(is_new ? "object_id=\"_" : "object_id_reference=\"_", object->id);
        return is_new;
    }

    /// Begins an object behind a pointer; false if it was saved before and only a reference was written.
    bool open_pointee(const class_record& about, const void* address) {
        known_class& known = classes_[class_id(about)];
        attribute(known.shown ? "class_id_reference=\"" : "class_id=\"", known.id);
        if (!known.shown && about.class_info) class_attributes(known, about);
        known.shown = true;
        if (!about.tracked) return true;
        const auto [object, is_new] = objects_.insert(address, about.key);
        attribute(is_new ? "object_id=\"_" : "object_id_reference=\"_", object->id);
        object->by_pointer = object->by_pointer || is_new;
        return is_new;
    }

    /// A pointer's class has its number even where the pointer is null.
    void null_pointer(const class_record& about) {
        class_id(about);
        add(out_, " class_id=\"-1\"");
    }

private:
    struct known_class {
        const void* key;
        std::size_t id;
        bool shown;
    };

    static const char* mark_of(const tree& value);

    void close_tag() {
        if (pending_) out_ += '>';
        pending_ = false;
    }

    void new_line(std::size_t depth) { out_.append(1, '\n').append(depth, '\t'); }

    void attribute(std::string_view opening, std::size_t number) {
        add(out_, {" ", opening});
        append_number(out_, number);
        out_ += '"';
    }

    void class_attributes(known_class& known, const class_record& about) {
        attribute("tracking_level=\"", about.tracked ? 1 : 0);
        attribute("version=\"", about.version);
        known.shown = true;
    }

    std::size_t class_id(const class_record& about) {
        for (const known_class& known : classes_)
            if (known.key == about.key) return known.id;
        classes_.push_back({about.key, classes_.size(), false});
        return classes_.size() - 1;
    }

    template <class Real>
    void real(Real value) {
        if (!form_.exact && is_finite(static_cast<double>(value))) return append_number(out_, value);
        constexpr int digits = sizeof(Real) == sizeof(float)    ? FLT_DECIMAL_DIG
                               : sizeof(Real) == sizeof(double) ? DBL_DECIMAL_DIG
                                                                : LDBL_DECIMAL_DIG;
        real_text text;
        const char* end = write_scientific(text, value, digits);
        add(out_, {text, static_cast<std::size_t>(end - text)});
    }

    static const char* reference(char c) noexcept {
        switch (c) {
            case '&': return "&amp;";
            case '<': return "&lt;";
            case '>': return "&gt;";
            case '"': return "&quot;";
            case '\'': return "&apos;";
            default: return "&#13;";
        }
    }

    std::string& out_;
    xml_form form_;
    pod_vector<known_class> classes_;
    object_table objects_;
    std::size_t depth_ = 0;
    bool pending_ = false;
    bool indent_next_ = false;
};

inline void boost_writer::tree_value(const tree& value) {
    if (depth_ == 1) add(out_, " class_id=\"0\" class_name=\"coma\" tracking_level=\"0\" version=\"0\"");
    if (depth_ > 1) add(out_, mark_of(value));
    switch (value.kind()) {
        case kind::null: break;
        case kind::boolean: number(tree_access::is_true(value) ? 1 : 0); break;
        case kind::integer: text(value.integer_text()); break;
        case kind::real: number(*tree_access::real(value)); break;
        case kind::string: text(*tree_access::text(value)); break;
        case kind::list:
            leaf("count", value.size());
            leaf("item_version", 0);
            for (const tree& item : value.elements()) start("item"), tree_value(item), end("item");
            break;
        case kind::dict:
            for (const auto& [key, item] : value.items()) start(key), tree_value(item), end(key);
            break;
    }
}

/// The attribute without which a value would be read back as another one.
inline const char* boost_writer::mark_of(const tree& value) {
    if (value.is_null()) return " class_name=\"none\"";
    if (value.kind() == kind::boolean) return " class_name=\"bool\"";
    if (const std::string* text = tree_access::text(value); text && !reads_as_text(*text)) return " class_name=\"str\"";
    const bool marked = value.is_dict() && (value.size() == 0 || looks_like_list(value));
    return marked ? " class_name=\"dict\"" : "";
}

}  // namespace coma::detail

#endif

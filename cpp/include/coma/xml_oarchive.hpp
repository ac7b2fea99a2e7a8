// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// Objects as XML, in the plain form or in Boost's own.
#ifndef COMA_XML_OARCHIVE_HPP
#define COMA_XML_OARCHIVE_HPP

#include <exception>
#include <string>
#include <type_traits>

#include "detail/text_sink.hpp"
#include "detail/tree_oarchive.hpp"  // IWYU pragma: export
#include "detail/xml/boost_oarchive.hpp"
#include "detail/xml/form.hpp"  // IWYU pragma: export
#include "detail/xml/writer.hpp"
#include "nvp.hpp"

namespace coma {

/// Writes named values as XML: in the plain form by way of trees, in Boost's form as Boost does.
///
///     std::string text;
///     coma::xml_oarchive archive(text);                    // or (std::ofstream, coma::boost_form)
///     archive << coma::make_nvp("pendulum", pendulum);
class xml_oarchive {
public:
    using is_saving = std::true_type;
    using is_loading = std::false_type;

    /// Appends to a string, or writes to a stream: the last of it when the archive is closed.
    template <class Target, class = std::enable_if_t<std::is_constructible_v<detail::text_sink, Target&>>>
    explicit xml_oarchive(Target& to, const xml_form& form = plain_form) : to_(to), form_(form), boost_(to_, form) {
        if (form_.boost) boost_.begin();
    }

    xml_oarchive(const xml_oarchive&) = delete;
    xml_oarchive& operator=(const xml_oarchive&) = delete;

    /// Closes the archive, and throws what close() throws. When an exception interrupts, the text stays incomplete:
    /// what was saved is written, but not what stands at the end.
    ~xml_oarchive() noexcept(false) {  // NOLINT(bugprone-unsafe-to-allow-exceptions): else a full disk goes unnoticed
        if (std::uncaught_exceptions() == exceptions_) {
            close();
            return;
        }
        try {
            to_.flush();
        } catch (...) {  // the first exception says more
            return;
        }
    }

    /// Writes what stands at the end; happens by itself otherwise. Throws file_error if a stream could not be written.
    void close() {
        if (closed_) return;
        closed_ = true;
        if (form_.boost) boost_.finish();
        to_.flush();
    }

    template <class Pair>
    xml_oarchive& operator<<(const Pair& pair) {
        if (form_.boost)
            boost_ << pair;
        else
            detail::append_xml(to_.text(), pair.name(), to_tree(pair.const_value()));
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

private:
    detail::text_sink to_;
    xml_form form_;
    boost_oarchive boost_;
    int exceptions_ = std::uncaught_exceptions();
    bool closed_ = false;
};

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

#endif

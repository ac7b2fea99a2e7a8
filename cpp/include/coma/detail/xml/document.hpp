// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// XML text as a document of elements.
#ifndef COMA_DETAIL_XML_DOCUMENT_HPP
#define COMA_DETAIL_XML_DOCUMENT_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "../../errors.hpp"
#include "../numbers.hpp"
#include "../pod_vector.hpp"
#include "../text.hpp"
#include "../utf8.hpp"
#include "text.hpp"

namespace coma::detail {

/// An attribute as it stands in the text.
struct xml_attribute {
    std::string_view name;
    std::string_view raw;
};

/// An element; text and attributes stand in the document.
struct xml_element {
    std::string_view name;
    std::string_view raw;
    std::uint32_t first_child = 0;
    std::uint32_t next = 0;
    std::uint32_t first_attribute = 0;
    std::uint32_t attributes = 0;
};

/// The elements of a text. Element 0 is the document itself, its children are the roots.
class xml_document {
public:
    /// Takes a text, which a parser fills in as elements; `file` is its name in messages.
    xml_document(std::string text, std::string file) : text_(std::move(text)), file_(std::move(file)) {}
    xml_document(const xml_document&) = delete;
    xml_document& operator=(const xml_document&) = delete;

    /// The number of elements.
    std::size_t size() const noexcept { return elements_.size(); }
    const xml_element& top() const noexcept { return elements_[0]; }
    const xml_element* first_child(const xml_element& parent) const noexcept { return at(parent.first_child); }
    const xml_element* next(const xml_element& sibling) const noexcept { return at(sibling.next); }
    /// Whether the root is Boost's, with attributes on its elements.
    bool is_boost() const noexcept { return boost_; }

    /// The value of an attribute as it stands, or nullptr.
    const std::string_view* find_attribute(const xml_element& of, std::string_view name) const noexcept {
        for (std::uint32_t i = 0; i < of.attributes; ++i)
            if (attributes_[of.first_attribute + i].name == name) return &attributes_[of.first_attribute + i].raw;
        return nullptr;
    }
    bool has_attribute(const xml_element& of, std::string_view name, std::string_view value) const noexcept {
        const std::string_view* found = find_attribute(of, name);
        return found && *found == value;
    }

    /// The text of an element without children, with references resolved.
    std::string text(const xml_element& of) const;

    /// Throws parse_error with file and line of an element.
    [[noreturn]] void fail(const xml_element& at, std::initializer_list<std::string_view> what) const {
        fail_at(at.name.data(), what);
    }

private:
    friend class xml_parser;

    const xml_element* at(std::uint32_t index) const noexcept { return index ? &elements_[index] : nullptr; }
    [[noreturn]] void fail_at(const char* position, std::initializer_list<std::string_view> what) const;
    const char* end() const noexcept { return text_.data() + text_.size(); }
    bool starts_with(const char* at, std::string_view what) const noexcept {
        return static_cast<std::size_t>(end() - at) >= what.size() && std::memcmp(at, what.data(), what.size()) == 0;
    }
    const char* find(const char* from, std::string_view what, const char* context) const;
    char32_t reference(const char*& at, const char* last) const;

    std::string text_;
    std::string file_;
    pod_vector<xml_element> elements_;
    pod_vector<xml_attribute> attributes_;
    bool boost_ = false;
};

inline void xml_document::fail_at(const char* position, std::initializer_list<std::string_view> what) const {
    std::size_t line = 1;
    for (const char* c = text_.data(); c < position; ++c) line += *c == '\n' ? 1 : 0;
    raise<parse_error>({file_, ":", number_text(line), ": ", concat(what)});
}

inline const char* xml_document::find(const char* from, std::string_view what, const char* context) const {
    const std::string_view rest(from, static_cast<std::size_t>(end() - from));
    const std::size_t found = rest.find(what);
    if (found == rest.npos) fail_at(from, {"the file ends inside ", context, ": '", what, "' is missing"});
    return from + found;
}

/// The character of a reference that starts at `at`, which moves behind it.
inline char32_t xml_document::reference(const char*& at, const char* last) const {
    const std::string_view all(at, static_cast<std::size_t>(last - at));
    const std::string_view name = all.substr(1, all.find(';') == all.npos ? 0 : all.find(';') - 1);
    const char* begin = at;
    at += name.size() + 2;
    if (name == "amp") return '&';
    if (name == "lt") return '<';
    if (name == "gt") return '>';
    if (name == "quot") return '"';
    if (name == "apos") return '\'';
    if (name.empty()) fail_at(begin, {"a bare '&' must be written as &amp;"});
    if (name.size() < 2 || name[0] != '#') fail_at(begin, {"the entity '&", name.substr(0, 40), ";' is not known"});
    const bool hexadecimal = name[1] == 'x';
    const std::string_view digits = name.substr(hexadecimal ? 2 : 1);
    const char32_t code = parse_code(digits, hexadecimal);
    if (!is_xml_character(code)) fail_at(begin, {"'&", name.substr(0, 40), ";' is no character that XML allows"});
    return code;
}

inline std::string xml_document::text(const xml_element& of) const {
    if (of.raw.find_first_of("&<\r") == of.raw.npos) return std::string(of.raw);
    std::string decoded;
    const char* last = of.raw.data() + of.raw.size();
    for (const char* at = of.raw.data(); at < last;) {
        if (*at == '&') {
            append_character(decoded, reference(at, last));
        } else if (starts_with(at, "<![CDATA[")) {
            const char* closing = find(at, "]]>", "a CDATA section");
            decoded.append(at + 9, static_cast<std::size_t>(closing - at - 9));
            at = closing + 3;
        } else if (*at == '<') {
            at = starts_with(at, "<?") ? find(at, "?>", "an instruction") + 2 : find(at, "-->", "a comment") + 3;
        } else if (*at == '\r' && !boost_) {
            decoded += '\n';
            at += at + 1 < last && at[1] == '\n' ? 2 : 1;
        } else {
            decoded += *at++;
        }
    }
    return decoded;
}

}  // namespace coma::detail

#endif

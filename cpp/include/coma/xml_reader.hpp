// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// XML text as a document of elements, read safely: no entities of its own, limited in depth and size.
#ifndef COMA_XML_READER_HPP
#define COMA_XML_READER_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "errors.hpp"
#include "numbers.hpp"
#include "pod_vector.hpp"
#include "xml_text.hpp"
#include "xml_writer.hpp"

namespace coma::xml {

/// What a reader accepts at most.
struct limits {
    std::size_t depth = 256;
    std::size_t bytes = std::size_t{1} << 31;
};

/// An attribute as it stands in the text.
struct attribute {
    std::string_view name;
    std::string_view raw;
};

/// An element; text and attributes stand in the document.
struct element {
    std::string_view name;
    std::string_view raw;
    std::uint32_t first_child = 0;
    std::uint32_t next = 0;
    std::uint32_t first_attribute = 0;
    std::uint32_t attributes = 0;
};

/// The elements of a text. Element 0 is the document itself, its children are the roots.
class document {
public:
    /// Reads a text; `file` is its name in messages.
    document(std::string text, std::string file, const limits& limit = {});
    document(const document&) = delete;
    document& operator=(const document&) = delete;

    /// The number of elements.
    std::size_t size() const noexcept { return elements_.size(); }
    const element& top() const noexcept { return elements_[0]; }
    const element* first_child(const element& parent) const noexcept { return at(parent.first_child); }
    const element* next(const element& sibling) const noexcept { return at(sibling.next); }

    /// The value of an attribute as it stands, or nullptr.
    const std::string_view* find_attribute(const element& of, std::string_view name) const noexcept {
        for (std::uint32_t i = 0; i < of.attributes; ++i)
            if (attributes_[of.first_attribute + i].name == name) return &attributes_[of.first_attribute + i].raw;
        return nullptr;
    }
    bool has_attribute(const element& of, std::string_view name, std::string_view value) const noexcept {
        const std::string_view* found = find_attribute(of, name);
        return found && *found == value;
    }

    /// The text of an element without children, with references resolved.
    std::string text(const element& of) const;

    /// Throws parse_error with file and line of an element.
    [[noreturn]] void fail(const element& at, std::initializer_list<std::string_view> what) const {
        fail_at(at.name.data(), what);
    }
    /// Whether the root is Boost's, with attributes on its elements.
    bool is_boost() const noexcept { return boost_; }
    const std::string& file() const noexcept { return file_; }

private:
    const element* at(std::uint32_t index) const noexcept { return index ? &elements_[index] : nullptr; }
    [[noreturn]] void fail_at(const char* position, std::initializer_list<std::string_view> what) const;
    const char* end() const noexcept { return text_.data() + text_.size(); }
    bool starts_with(const char* at, std::string_view what) const noexcept {
        return static_cast<std::size_t>(end() - at) >= what.size() && std::memcmp(at, what.data(), what.size()) == 0;
    }
    const char* find(const char* from, std::string_view what, const char* context) const;
    const char* skip_blanks(const char* at) const noexcept {
        while (at < end() && numbers::detail::is_blank(*at)) ++at;
        return at;
    }

    /// What stands there, shortened for a message.
    static std::string_view beginning(const char* first, const char* last) noexcept {
        return std::string_view(first, static_cast<std::size_t>(last - first)).substr(0, 40);
    }

    void read(const limits& limit);
    const char* read_markup(const char* at);
    const char* read_declaration(const char* at);
    const char* read_doctype(const char* at);
    const char* read_start_tag(const char* at);
    const char* read_attributes(const char* at, element& of);
    const char* read_end_tag(const char* at);
    std::string_view read_name(const char* at) const;
    void add(element&& found);
    void close(const char* content_end);
    void refuse_text(const char* from, const char* to) const;
    char32_t reference(const char*& at, const char* last) const;

    struct open_element {
        std::uint32_t index;
        std::uint32_t last_child;
        const char* content;
    };

    std::string text_;
    std::string file_;
    coma::detail::pod_vector<element> elements_;
    coma::detail::pod_vector<attribute> attributes_;
    coma::detail::pod_vector<open_element> open_;
    std::size_t depth_limit_ = 0;
    bool boost_ = false;
};

}  // namespace coma::xml

#include "xml_tokens.hpp"

#endif

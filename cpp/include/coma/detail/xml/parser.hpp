// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// Fills a document from its text, safely: no entities of its own, limited in depth and size.
#ifndef COMA_DETAIL_XML_PARSER_HPP
#define COMA_DETAIL_XML_PARSER_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "../../errors.hpp"
#include "../numbers.hpp"
#include "../pod_vector.hpp"
#include "document.hpp"
#include "text.hpp"

namespace coma {

/// What a reader accepts at most.
struct xml_limits {
    std::size_t depth = 256;
    std::size_t bytes = std::size_t{1} << 31;
};

namespace detail {

/// Reads a document's text from its beginning to its end.
class xml_parser {
public:
    xml_parser(xml_document& into, const xml_limits& limit) : into_(into), depth_limit_(limit.depth) {
        if (into_.text_.size() > limit.bytes)
            raise<parse_error>({into_.file_, ": has ", number_text(into_.text_.size()),
                                " bytes, more than the limit of ", number_text(limit.bytes)});
    }

    void parse() {
        into_.elements_.push_back({});
        into_.elements_[0].name = std::string_view(into_.text_).substr(0, 0);
        open_.push_back({0, 0, into_.text_.data()});
        into_.elements_.reserve(into_.text_.size() / 32);
        const char* at = into_.text_.data();
        if (into_.starts_with(at, "\xEF\xBB\xBF")) at += 3;
        if (into_.starts_with(at, "<?xml")) at = read_declaration(at);
        while (at < into_.end()) {
            const void* markup = std::memchr(at, '<', static_cast<std::size_t>(into_.end() - at));
            const char* next = markup ? static_cast<const char*>(markup) : into_.end();
            if (open_.size() == 1 || open_.back().last_child) refuse_text(at, next);
            at = markup ? read_markup(next) : into_.end();
        }
        if (open_.size() > 1)
            into_.fail(into_.elements_[open_.back().index],
                       {"the file ends inside <", into_.elements_[open_.back().index].name, ">: it was cut off"});
        if (!into_.elements_[0].first_child)
            into_.fail_at(into_.end(), {"there is no element: this is no XML, or an empty file"});
    }

private:
    struct open_element {
        std::uint32_t index;
        std::uint32_t last_child;
        const char* content;
    };

    const char* skip_blanks(const char* at) const noexcept {
        while (at < into_.end() && is_blank(*at)) ++at;
        return at;
    }

    /// What stands there, shortened for a message.
    static std::string_view beginning(const char* first, const char* last) noexcept {
        return std::string_view(first, static_cast<std::size_t>(last - first)).substr(0, 40);
    }

    const char* read_markup(const char* at) {
        const char next = at + 1 < into_.end() ? at[1] : ' ';
        if (next == '/') return read_end_tag(at);
        if (next == '?') return into_.find(at + 2, "?>", "a processing instruction") + 2;
        if (next != '!') return read_start_tag(at);
        if (into_.starts_with(at, "<!--")) return into_.find(at + 4, "-->", "a comment") + 3;
        if (!into_.starts_with(at, "<![CDATA[")) return read_doctype(at);
        if (open_.size() == 1 || open_.back().last_child) into_.fail_at(at, {"text stands beside elements"});
        return into_.find(at + 9, "]]>", "a CDATA section") + 3;
    }

    const char* read_declaration(const char* at) {
        const char* last = into_.find(at, "?>", "the XML declaration");
        const std::string_view declaration(at, static_cast<std::size_t>(last - at));
        const std::size_t encoding = declaration.find("encoding");
        if (encoding == declaration.npos) return last + 2;
        const std::size_t quote = declaration.find_first_of("\"'", encoding);
        const std::string_view rest = declaration.substr(quote == declaration.npos ? declaration.size() : quote + 1);
        const std::string_view name = rest.substr(0, rest.find_first_of("\"'"));
        if (!equal_ignoring_case(name, "utf-8") && !equal_ignoring_case(name, "us-ascii") &&
            !equal_ignoring_case(name, "ascii"))
            into_.fail_at(at, {"the encoding is '", name, "', only UTF-8 is read: convert the file"});
        return last + 2;
    }

    const char* read_doctype(const char* at) {
        const char* last = into_.find(at, ">", "a document type");
        const std::string_view content(at, static_cast<std::size_t>(last - at));
        if (!into_.starts_with(at, "<!DOCTYPE") || open_.size() > 1 || into_.elements_[0].first_child)
            into_.fail_at(at, {"'", content.substr(0, 20), "...' is not allowed here"});
        if (content.find('[') != content.npos || content.find('"') != content.npos ||
            content.find('\'') != content.npos)
            into_.fail_at(
                at, {"the document type defines or loads something, which is refused: only <!DOCTYPE name> is read"});
        return last + 1;
    }

    const char* read_start_tag(const char* at) {
        xml_element found;
        found.name = read_name(at + 1);
        at = read_attributes(at + 1 + found.name.size(), found);
        const bool empty = *at == '/';
        if (empty && !into_.starts_with(at, "/>")) into_.fail_at(at, {"'/' in a tag must be followed by '>'"});
        add(found);
        if (!empty) {
            open_.back().content = at + 1;
            return at + 1;
        }
        close(nullptr);
        return at + 2;
    }

    /// Reads up to the '>' or '/' of a start tag.
    const char* read_attributes(const char* at, xml_element& of) {
        of.first_attribute = static_cast<std::uint32_t>(into_.attributes_.size());
        for (;;) {
            const char* blank = at;
            at = skip_blanks(at);
            if (at == into_.end()) into_.fail_at(of.name.data(), {"the file ends inside the tag <", of.name, ">"});
            if (*at == '>' || *at == '/') return at;
            if (at == blank) into_.fail_at(at, {"a blank is missing in the tag <", of.name, ">"});
            const std::string_view name = read_name(at);
            at = skip_blanks(at + name.size());
            if (at == into_.end() || *at != '=')
                into_.fail_at(name.data(), {"the attribute '", name, "' has no value"});
            at = skip_blanks(at + 1);
            if (at == into_.end() || (*at != '"' && *at != '\''))
                into_.fail_at(name.data(), {"an attribute's value needs quotes"});
            const char* last = into_.find(at + 1, std::string_view(at, 1), "an attribute");
            const std::string_view value(at + 1, static_cast<std::size_t>(last - at - 1));
            if (value.find('<') != value.npos)
                into_.fail_at(at, {"'<' in an attribute's value must be written as &lt;"});
            for (std::size_t i = of.first_attribute; i < into_.attributes_.size(); ++i)
                if (into_.attributes_[i].name == name) into_.fail_at(at, {"the attribute '", name, "' stands twice"});
            if (++of.attributes > 64) into_.fail_at(at, {"more than 64 attributes on one element"});
            into_.attributes_.push_back({name, value});
            at = last + 1;
        }
    }

    std::string_view read_name(const char* at) const {
        const char* last = at;
        while (last < into_.end() && static_cast<unsigned char>(*last) > ' ' && *last != '>' && *last != '/' &&
               *last != '=' && *last != '<')
            ++last;
        const std::string_view name(at, static_cast<std::size_t>(last - at));
        if (name != "item" && !is_xml_name(name, true))
            into_.fail_at(at, {"'", name.substr(0, 60), "' is no name of an element"});
        return name;
    }

    void add(const xml_element& found) {
        if (open_.size() > depth_limit_)
            into_.fail(found, {"elements are nested deeper than the limit of ", number_text(depth_limit_), " levels"});
        open_element& parent = open_.back();
        if (open_.size() > 1 && !parent.last_child) refuse_text(parent.content, found.name.data() - 1);
        if (open_.size() == 1 && found.name == "boost_serialization") into_.boost_ = true;
        const auto index = static_cast<std::uint32_t>(into_.elements_.size());
        (parent.last_child ? into_.elements_[parent.last_child].next : into_.elements_[parent.index].first_child) =
            index;
        parent.last_child = index;
        into_.elements_.push_back(found);
        open_.push_back({index, 0, nullptr});
    }

    void close(const char* content_end) {
        const open_element& done = open_.back();
        if (content_end && !done.last_child)
            into_.elements_[done.index].raw =
                std::string_view(done.content, static_cast<std::size_t>(content_end - done.content));
        open_.pop_back();
    }

    const char* read_end_tag(const char* at) {
        if (open_.size() == 1) into_.fail_at(at, {"an end tag stands where nothing is open"});
        const std::string_view name = into_.elements_[open_.back().index].name;
        if (static_cast<std::size_t>(into_.end() - at) < name.size() + 3 ||
            std::memcmp(at + 2, name.data(), name.size()) != 0)
            into_.fail_at(at, {"the end tag of <", name, "> was expected, found '", beginning(at, into_.end()), "'"});
        const char* last = skip_blanks(at + 2 + name.size());
        if (last == into_.end() || *last != '>') into_.fail_at(at, {"the end tag of <", name, "> was expected"});
        close(at);
        return last + 1;
    }

    void refuse_text(const char* from, const char* to) const {
        for (const char* at = from; at < to; ++at) {
            if (is_blank(*at)) continue;
            if (std::string_view(at, static_cast<std::size_t>(to - at)).substr(0, 4) == "<!--") {
                at = into_.find(at, "-->", "a comment") + 2;
            } else if (std::string_view(at, static_cast<std::size_t>(to - at)).substr(0, 2) == "<?") {
                at = into_.find(at, "?>", "a processing instruction") + 1;
            } else {
                into_.fail_at(at, {"text stands beside elements: '", beginning(at, to), "'"});
            }
        }
    }

    xml_document& into_;
    std::size_t depth_limit_;
    pod_vector<open_element> open_;
};

/// Fills a document with the elements of its text.
inline const xml_document& parse_xml(xml_document& into, const xml_limits& limit) {
    xml_parser(into, limit).parse();
    return into;
}

}  // namespace detail
}  // namespace coma

#endif

// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// The members of xml::document, included by xml_reader.hpp.
#ifndef COMA_XML_TOKENS_HPP
#define COMA_XML_TOKENS_HPP

#include "xml_reader.hpp"

namespace coma::xml {

inline document::document(std::string text, std::string file, const limits& limit)
    : text_(std::move(text)), file_(std::move(file)) {
    if (text_.size() > limit.bytes)
        coma::detail::raise<parse_error>(
            {file_, ": has ", numbers::to_text(text_.size()), " bytes, more than the limit of ",
             numbers::to_text(limit.bytes)});
    elements_.push_back({});
    elements_[0].name = std::string_view(text_.data(), 0);
    open_.push_back({0, 0, text_.data()});
    read(limit);
}

inline void document::fail_at(const char* position, std::initializer_list<std::string_view> what) const {
    std::size_t line = 1;
    for (const char* c = text_.data(); c < position; ++c) line += *c == '\n' ? 1 : 0;
    coma::detail::raise<parse_error>({file_, ":", numbers::to_text(line), ": ", coma::detail::concat(what)});
}

inline const char* document::find(const char* from, std::string_view what, const char* context) const {
    const std::string_view rest(from, static_cast<std::size_t>(end() - from));
    const std::size_t found = rest.find(what);
    if (found == rest.npos)
        fail_at(from, {"the file ends inside ", context, ": '", what, "' is missing"});
    return from + found;
}

inline void document::read(const limits& limit) {
    depth_limit_ = limit.depth;
    elements_.reserve(text_.size() / 32);
    const char* at = text_.data();
    if (starts_with(at, "\xEF\xBB\xBF")) at += 3;
    if (starts_with(at, "<?xml")) at = read_declaration(at);
    while (at < end()) {
        const void* markup = std::memchr(at, '<', static_cast<std::size_t>(end() - at));
        const char* next = markup ? static_cast<const char*>(markup) : end();
        if (open_.size() == 1 || open_.back().last_child) refuse_text(at, next);
        at = markup ? read_markup(next) : end();
    }
    if (open_.size() > 1)
        fail(elements_[open_.back().index],
            {"the file ends inside <", elements_[open_.back().index].name, ">: it was cut off"});
    if (!elements_[0].first_child) fail_at(end(), {"there is no element: this is no XML, or an empty file"});
}

inline const char* document::read_markup(const char* at) {
    const char next = at + 1 < end() ? at[1] : ' ';
    if (next == '/') return read_end_tag(at);
    if (next == '?') return find(at + 2, "?>", "a processing instruction") + 2;
    if (next != '!') return read_start_tag(at);
    if (starts_with(at, "<!--")) return find(at + 4, "-->", "a comment") + 3;
    if (!starts_with(at, "<![CDATA[")) return read_doctype(at);
    if (open_.size() == 1 || open_.back().last_child) fail_at(at, {"text stands beside elements"});
    return find(at + 9, "]]>", "a CDATA section") + 3;
}

inline const char* document::read_declaration(const char* at) {
    const char* last = find(at, "?>", "the XML declaration");
    const std::string_view declaration(at, static_cast<std::size_t>(last - at));
    const std::size_t encoding = declaration.find("encoding");
    if (encoding == declaration.npos) return last + 2;
    const std::size_t quote = declaration.find_first_of("\"'", encoding);
    const std::string_view rest = declaration.substr(quote == declaration.npos ? declaration.size() : quote + 1);
    const std::string_view name = rest.substr(0, rest.find_first_of("\"'"));
    if (!numbers::detail::equal_ignoring_case(name, "utf-8") && !numbers::detail::equal_ignoring_case(name, "us-ascii") &&
        !numbers::detail::equal_ignoring_case(name, "ascii"))
        fail_at(at, {"the encoding is '", name, "', only UTF-8 is read: convert the file"});
    return last + 2;
}

inline const char* document::read_doctype(const char* at) {
    const char* last = find(at, ">", "a document type");
    const std::string_view content(at, static_cast<std::size_t>(last - at));
    if (!starts_with(at, "<!DOCTYPE") || open_.size() > 1 || elements_[0].first_child)
        fail_at(at, {"'", content.substr(0, 20), "...' is not allowed here"});
    if (content.find('[') != content.npos || content.find('"') != content.npos || content.find('\'') != content.npos)
        fail_at(at, {"the document type defines or loads something, which is refused: only <!DOCTYPE name> is read"});
    return last + 1;
}

inline std::string_view document::read_name(const char* at) const {
    const char* last = at;
    while (last < end() && static_cast<unsigned char>(*last) > ' ' && *last != '>' && *last != '/' && *last != '=' &&
           *last != '<')
        ++last;
    const std::string_view name(at, static_cast<std::size_t>(last - at));
    if (name != "item" && !is_name(name, true))
        fail_at(at, {"'", name.substr(0, 60), "' is no name of an element"});
    return name;
}

inline const char* document::read_start_tag(const char* at) {
    element found;
    found.name = read_name(at + 1);
    at = read_attributes(at + 1 + found.name.size(), found);
    const bool empty = *at == '/';
    if (empty && !starts_with(at, "/>")) fail_at(at, {"'/' in a tag must be followed by '>'"});
    add(std::move(found));
    if (!empty) {
        open_.back().content = at + 1;
        return at + 1;
    }
    close(nullptr);
    return at + 2;
}

/// Reads up to the '>' or '/' of a start tag.
inline const char* document::read_attributes(const char* at, element& of) {
    of.first_attribute = static_cast<std::uint32_t>(attributes_.size());
    for (;;) {
        const char* blank = at;
        at = skip_blanks(at);
        if (at == end()) fail_at(of.name.data(), {"the file ends inside the tag <", of.name, ">"});
        if (*at == '>' || *at == '/') return at;
        if (at == blank) fail_at(at, {"a blank is missing in the tag <", of.name, ">"});
        const std::string_view name = read_name(at);
        at = skip_blanks(at + name.size());
        if (at == end() || *at != '=') fail_at(name.data(), {"the attribute '", name, "' has no value"});
        at = skip_blanks(at + 1);
        if (at == end() || (*at != '"' && *at != '\'')) fail_at(name.data(), {"an attribute's value needs quotes"});
        const char* last = find(at + 1, std::string_view(at, 1), "an attribute");
        const std::string_view value(at + 1, static_cast<std::size_t>(last - at - 1));
        if (value.find('<') != value.npos) fail_at(at, {"'<' in an attribute's value must be written as &lt;"});
        for (std::size_t i = of.first_attribute; i < attributes_.size(); ++i)
            if (attributes_[i].name == name) fail_at(at, {"the attribute '", name, "' stands twice"});
        if (++of.attributes > 64) fail_at(at, {"more than 64 attributes on one element"});
        attributes_.push_back({name, value});
        at = last + 1;
    }
}

inline void document::add(element&& found) {
    if (open_.size() > depth_limit_)
        fail(found, {"elements are nested deeper than the limit of ", numbers::to_text(depth_limit_), " levels"});
    open_element& parent = open_.back();
    if (open_.size() > 1 && !parent.last_child) refuse_text(parent.content, found.name.data() - 1);
    if (open_.size() == 1 && found.name == "boost_serialization") boost_ = true;
    const auto index = static_cast<std::uint32_t>(elements_.size());
    (parent.last_child ? elements_[parent.last_child].next : elements_[parent.index].first_child) = index;
    parent.last_child = index;
    elements_.push_back(found);
    open_.push_back({index, 0, nullptr});
}

inline void document::close(const char* content_end) {
    const open_element& done = open_.back();
    if (content_end && !done.last_child)
        elements_[done.index].raw = std::string_view(done.content, static_cast<std::size_t>(content_end - done.content));
    open_.pop_back();
}

inline const char* document::read_end_tag(const char* at) {
    if (open_.size() == 1) fail_at(at, {"an end tag stands where nothing is open"});
    const std::string_view name = elements_[open_.back().index].name;
    if (static_cast<std::size_t>(end() - at) < name.size() + 3 || std::memcmp(at + 2, name.data(), name.size()) != 0)
        fail_at(at,
            {"the end tag of <", name, "> was expected, found '", beginning(at, end()),
             "'"});
    const char* last = skip_blanks(at + 2 + name.size());
    if (last == end() || *last != '>') fail_at(at, {"the end tag of <", name, "> was expected"});
    close(at);
    return last + 1;
}

inline void document::refuse_text(const char* from, const char* to) const {
    for (const char* at = from; at < to; ++at) {
        if (numbers::detail::is_blank(*at)) continue;
        if (std::string_view(at, static_cast<std::size_t>(to - at)).substr(0, 4) == "<!--") {
            at = find(at, "-->", "a comment") + 2;
        } else if (std::string_view(at, static_cast<std::size_t>(to - at)).substr(0, 2) == "<?") {
            at = find(at, "?>", "a processing instruction") + 1;
        } else {
            fail_at(at, {"text stands beside elements: '", beginning(at, to), "'"});
        }
    }
}

/// The character of a reference that starts at `at`, which moves behind it.
inline char32_t document::reference(const char*& at, const char* last) const {
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
    if (name.size() < 2 || name[0] != '#')
        fail_at(begin, {"the entity '&", name.substr(0, 40), ";' is not known"});
    const bool hexadecimal = name[1] == 'x';
    const std::string_view digits = name.substr(hexadecimal ? 2 : 1);
    const char32_t code = parse_code(digits, hexadecimal);
    if (!is_character(code))
        fail_at(begin, {"'&", name.substr(0, 40), ";' is no character that XML allows"});
    return code;
}

inline std::string document::text(const element& of) const {
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

}  // namespace coma::xml

#endif

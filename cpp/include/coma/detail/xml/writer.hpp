// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// A tree as XML in the plain form.
#ifndef COMA_DETAIL_XML_WRITER_HPP
#define COMA_DETAIL_XML_WRITER_HPP

#include <cstddef>
#include <string>
#include <string_view>

#include "../../errors.hpp"
#include "../../tree.hpp"
#include "../numbers.hpp"
#include "../stand_in.hpp"
#include "../text.hpp"
#include "marks.hpp"
#include "text.hpp"

namespace coma::detail {

/// Appends elements to a string; keeps the way to the present one for messages.
class xml_writer {
public:
    explicit xml_writer(std::string& out, const stand_in& other = {}) : out_(out), other_(other) {}

    void element(std::string_view name, const tree& given) {
        const tree& value = *other_.of(&given);
        enter(name);
        switch (value.kind()) {
            case kind::null: out_.append("/>\n"); break;
            case kind::list: list(name, value); break;
            case kind::dict: dict(name, value); break;
            case kind::string: text(name, *tree_access::text(value)); break;
            case kind::boolean: boolean(name, tree_access::is_true(value)); break;
            case kind::integer:
            case kind::real: number(name, value); break;
        }
        --depth_;
    }

private:
    void enter(std::string_view name) {
        if (!is_xml_name(name)) check_xml_name(name, path());
        check_depth();
        out_.append(2 * depth_, ' ').append(1, '<');
        add(out_, name);
        way_[depth_++] = name;
    }

    /// Throws format_error where the present element is too deep to have another one in it.
    [[gnu::noinline]] void check_depth() const {
        if (depth_ < max_xml_depth) return;
        static_assert(max_xml_depth == 200, "said in words below");
        const std::string where = path();
        raise<format_error>(
            {"XML elements are nested deeper than 200 levels at '", {where.data(), 200}, "...': flatten the tree"});
    }

    /// The way from below the root to the present element.
    [[gnu::noinline]] std::string path() const {
        std::string joined;
        for (std::size_t i = 1; i < depth_; ++i) add(joined, {i > 1 ? "/" : "", way_[i]});
        return joined;
    }

    void end(std::string_view name) { add(out_, {"</", name, ">\n"}); }

    void boolean(std::string_view name, bool value) {
        out_.append(value ? " class_name=\"bool\">1" : " class_name=\"bool\">0");
        end(name);
    }

    void number(std::string_view name, const tree& value) {
        out_ += '>';
        if (!tree_access::append_integer(out_, value)) append_number(out_, *tree_access::real(value));
        end(name);
    }

    void text(std::string_view name, std::string_view content) {
        if (find_invalid_xml(content) != content.npos) check_xml_text(content, path());
        out_.append(reads_as_text(content) ? ">" : " class_name=\"str\">");
        append_escaped(out_, content);
        end(name);
    }

    void list(std::string_view name, const tree& value) {
        check_depth();
        const tree_list& items = *tree_access::elements(value);
        std::string before;
        before.append(2 * depth_, ' ');
        out_.append(">\n").append(before).append("<count>");
        append_number(out_, items.size());
        out_.append("</count>\n").append(before).append("<item_version>0</item_version>\n");
        before.append("<item>");
        out_.reserve(out_.size() + items.size() * (before.size() + 32));
        for (std::size_t i = 0; i < items.size(); ++i) {
            if (const double* number = tree_access::real(items[i])) {
                out_.append(before);
                append_number(out_, *number);
                out_.append("</item>\n");
            } else {
                element("item", items[i]);
            }
        }
        out_.append(2 * (depth_ - 1), ' ');
        end(name);
    }

    void dict(std::string_view name, const tree& value) {
        const tree_entries& items = *tree_access::entries(value);
        if (items.size() == 0) {
            out_.append(" class_name=\"dict\">");
        } else {
            out_.append(looks_like_list(value) ? " class_name=\"dict\">\n" : ">\n");
            for (std::size_t i = 0; i < items.size(); ++i) element(items[i].key, items[i].value);
            out_.append(2 * (depth_ - 1), ' ');
        }
        end(name);
    }

    std::string& out_;
    stand_in other_;
    std::string_view way_[max_xml_depth];
    std::size_t depth_ = 0;
};

/// Appends a tree as an element of this name; throws format_error for what XML cannot hold.
inline void append_xml(std::string& out, std::string_view name, const tree& value) {
    xml_writer(out).element(name, value);
}

/// A tree as XML.
inline std::string xml_text(std::string_view name, const tree& value) {
    std::string out;
    xml_writer(out).element(name, value);
    return out;
}

}  // namespace coma::detail

#endif

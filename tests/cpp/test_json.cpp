// SPDX-License-Identifier: BSD-2-Clause
#include <coma/detail/json/reader.hpp>
#include <coma/detail/json/writer.hpp>

#include <cmath>

#include "check.hpp"

using coma::tree;

namespace {

tree read(const std::string& text) { return coma::detail::read_json(text, "m.json"); }

void writes_as_python_does() {
    tree t;
    t["a"] = {1, 2.0, "x\n\"\xC3\xA4\xF0\x9F\x98\x80", nullptr, true};
    t["b"] = tree::dict();
    t["c"] = tree::list();
    CHECK_EQUAL(coma::detail::json_text(t),
                "{\n  \"a\": [\n    1,\n    2.0,\n    \"x\\n\\\"\\u00e4\\ud83d\\ude00\",\n    null,\n    true\n  ],\n"
                "  \"b\": {},\n  \"c\": []\n}");
}

void comes_back_equal() {
    const tree values = tree::list({nullptr, true, -1, UINT64_MAX, 1.5, NAN, -INFINITY, "", "a\\b/\b\f\t\x01\x7F",
                                    tree::dict({{"a/b", 1}}), tree::big_integer("123456789012345678901234567890")});
    CHECK(same(read(coma::detail::json_text(values)), values));
    CHECK_EQUAL(read(" [ 1 , \"\\u0041\\ud83d\\ude00\\/\" ] "), tree::list({1, "A\xF0\x9F\x98\x80/"}));
}

void refuses_what_is_wrong() {
    for (const char* text : {"", "[", "[1", "[1,]", "{\"a\"", "{\"a\":}", "{1:2}", "tru", "\"a", "\"\\x\"", "\"\\u12\"",
                             "\"\\ud83d\"", "1 2", "{\"a\":1,\"a\":2}", "[1e]"})
        CHECK_THROWS(coma::parse_error, "m.json:1: ", read(text));
    CHECK_THROWS(coma::parse_error, "nested deeper", read(std::string(100000, '[')));
    CHECK_THROWS(coma::format_error, "not UTF-8", coma::detail::json_text(tree("\xFF")));
}

}  // namespace

int main() {
    writes_as_python_does();
    comes_back_equal();
    refuses_what_is_wrong();
    return check::result();
}

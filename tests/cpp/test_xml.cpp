// SPDX-License-Identifier: BSD-2-Clause
#include <coma/detail/xml/reader.hpp>
#include <coma/detail/xml/writer.hpp>

#include <cmath>

#include "check.hpp"

using coma::tree;

namespace {

tree read(const std::string& text) { return coma::detail::read_xml(text, "m", "m.xml"); }

tree through_text(const tree& t) { return read(coma::detail::xml_text("m", t)); }

void writes_the_plain_form() {
    tree t;
    t["info/measurement_id"] = 1;
    t["parameters/theta_0"] = -5.0;
    t["parameters/sizes"] = {8, 16};
    t["n"] = nullptr;
    t["b"] = true;
    t["s"] = "";
    CHECK_EQUAL(
        coma::detail::xml_text("m", t),
        "<m>\n  <info>\n    <measurement_id>1</measurement_id>\n  </info>\n  <parameters>\n"
        "    <theta_0>-5.0</theta_0>\n    <sizes>\n      <count>2</count>\n      <item_version>0</item_version>\n"
        "      <item>8</item>\n      <item>16</item>\n    </sizes>\n  </parameters>\n  <n/>\n"
        "  <b class_name=\"bool\">1</b>\n  <s class_name=\"str\"></s>\n</m>\n");
}

void comes_back_equal() {
    const tree values = tree::list({nullptr,
                                    true,
                                    false,
                                    0,
                                    -1,
                                    INT64_MIN,
                                    UINT64_MAX,
                                    1.0,
                                    -0.0,
                                    1e300,
                                    NAN,
                                    INFINITY,
                                    -INFINITY,
                                    "",
                                    " ",
                                    "x ",
                                    "\tx",
                                    "12",
                                    " 12 ",
                                    "1e5",
                                    "nan",
                                    "True",
                                    "-Infinity",
                                    "a<b>&\"'",
                                    "a\r\nb\rc",
                                    "\xC3\xA4",
                                    "]]>",
                                    "<!-- x -->",
                                    "\xF0\x9F\x98\x80",
                                    tree::list(),
                                    tree::dict(),
                                    tree::list({1}),
                                    tree::dict({{"a", tree::dict()}}),
                                    tree::dict({{"count", 0}, {"item_version", 0}}),
                                    tree::dict({{"count", 1}, {"item_version", 0}, {"item", 5}}),
                                    tree::dict({{"count", 2}, {"item_version", 0}, {"item", 5}}),
                                    tree::big_integer("123456789012345678901234567890")});
    CHECK(same(through_text(values), values));
    for (const tree& value : values.elements())
        CHECK(same(through_text(tree::dict({{"x", value}})), tree::dict({{"x", value}})));
}

void reads_what_others_write() {
    CHECK(read("<?xml version='1.0' encoding='UTF-8'?>\r\n<!-- x --><?p?>\n<m><a>1</a>\n<b/></m>\n").get<int>("a") ==
          1);
    CHECK(read("\xEF\xBB\xBF<m/>").is_null());
    CHECK(read("<m></m>").is_null());
    CHECK_EQUAL(read("<m><![CDATA[<&>]]>&#65;&#x42;<!-- c -->&amp;&quot;&apos;</m>"), tree("<&>AB&\"'"));
    CHECK_EQUAL(read("<m><count>1</count><item_version>0</item_version><item>5</item></m>"), tree::list({5}));
    CHECK(read("<m><count>2</count><item_version>0</item_version><item>5</item></m>").is_dict());
    CHECK_EQUAL(read("<m>a\r\nb</m>"), tree("a\nb"));
    CHECK_EQUAL(read("<m> 007 </m>"), tree(7));
    CHECK(read("<m>True</m>") == tree(true) && read("<m> True</m>") == tree(" True"));
    CHECK(read("<m class_name=\"none\"></m>").is_null());
    CHECK_EQUAL(read("<m> x </m>"), tree(" x "));
    CHECK_EQUAL(read("<m class_name='dict'/>"), tree::dict());
}

void reads_the_form_of_boost() {
    const auto boost = [](const std::string& text) {
        return read("<?xml version=\"1.0\"?><!DOCTYPE boost_serialization><boost_serialization version=\"19\">" + text +
                    "</boost_serialization>\n\n");
    };
    CHECK(boost("<m class_id=\"0\"><a>1.5e+00</a><b class_id=\"-1\"></b></m>") ==
          tree::dict({{"a", 1.5}, {"b", nullptr}}));
    CHECK_EQUAL(boost("<m><count>2</count><item>1</item><item>0</item></m>"), tree::list({1, 0}));
    CHECK(boost("<m><count>1</count><bucket_count>13</bucket_count><item_version>0</item_version><item>1</item></m>") ==
          tree::list({1}));
    CHECK_EQUAL(boost("<m><count>0</count></m>"), tree::list());
    CHECK_EQUAL(boost("<m>a\rb</m>"), tree("a\rb"));
    CHECK_THROWS(coma::parse_error, "refers to another object", boost("<m><a object_id_reference=\"_0\"></a></m>"));
}

void refuses_what_is_wrong() {
    using coma::parse_error;
    CHECK_THROWS(parse_error, "m.xml:1: there is no element", read(""));
    CHECK_THROWS(parse_error, "m.xml:2: the end tag of <a> was expected", read("<m>\n<a></b></m>"));
    CHECK_THROWS(parse_error, "the file ends inside <m>", read("<m><a/>"));
    CHECK_THROWS(parse_error, "the root is <x>, expected <m>", read("<x/>"));
    CHECK_THROWS(parse_error, "second root", read("<m/><m/>"));
    CHECK_THROWS(parse_error, "<a> stands twice in <m>", read("<m><a/><a/></m>"));
    CHECK_THROWS(parse_error, "text stands beside elements", read("<m>x<a/></m>"));
    CHECK_THROWS(parse_error, "text stands beside elements", read("<m/>x"));
    CHECK_THROWS(parse_error, "which is refused", read("<!DOCTYPE m [<!ENTITY a \"b\">]><m>&a;</m>"));
    CHECK_THROWS(parse_error, "which is refused", read("<!DOCTYPE m SYSTEM \"file:///etc/passwd\"><m/>"));
    CHECK_THROWS(parse_error, "'&a;' is not known", read("<m>&a;</m>"));
    CHECK_THROWS(parse_error, "bare '&'", read("<m>a & b</m>"));
    CHECK_THROWS(parse_error, "no character", read("<m>&#0;</m>"));
    CHECK_THROWS(parse_error, "no UTF-8", read("<m>\xFF</m>"));
    CHECK_THROWS(parse_error, "no UTF-8", read("<m>\xED\xA0\x80</m>"));
    CHECK_THROWS(parse_error, "no UTF-8", read("<m>\x01</m>"));
    CHECK_THROWS(parse_error, "stands twice", read("<m a='1' a='2'/>"));
    CHECK_THROWS(parse_error, "only UTF-8 is read", read("<?xml version='1.0' encoding='latin1'?><m/>"));
    CHECK_THROWS(parse_error, "a boolean is 0 or 1", read("<m class_name='bool'>yes</m>"));
    std::string deep;
    for (int i = 0; i < 10000; ++i) deep += "<m>";
    CHECK_THROWS(parse_error, "deeper than the limit of 256", read(deep));
    coma::xml_limits small;
    small.bytes = 3;
    CHECK_THROWS(parse_error, "more than the limit of 3", coma::detail::read_xml("<m/>", "m", "m.xml", small));
}

void refuses_every_cut_text() {
    const std::string whole = "<?xml version='1.0'?><!DOCTYPE m><m a='b'><!-- c --><x>&amp;<![CDATA[d]]></x><y/></m>";
    for (std::size_t length = 0; length < whole.size(); ++length)
        CHECK_THROWS(coma::parse_error, "m.xml:1: ", read(whole.substr(0, length)));
}

void refuses_what_xml_cannot_hold() {
    using coma::format_error;
    tree t;
    t["a/b"] = std::string("x\0", 2);
    CHECK_THROWS(format_error, "at 'a/b': it has the character number 0 at position 1", through_text(t));
    t["a/b"] = "\xFF";
    CHECK_THROWS(format_error, "not UTF-8", through_text(t));
    for (const char* key : {"", "1a", "x y", "a:b", "-a", "a/b", "\xC3", "a<"}) {
        tree bad;
        bad.add(key, 1);
        CHECK_THROWS(format_error, "XML cannot hold the key", through_text(bad));
    }
    CHECK_EQUAL(through_text(tree::dict({{"\xC3\xA4_1.x-y", 1}})).size(), 1u);
    tree deep;
    for (int i = 0; i < 300; ++i) deep = tree::list({deep});
    CHECK_THROWS(format_error, "deeper than 200", through_text(deep));
}

}  // namespace

int main() {
    writes_the_plain_form();
    comes_back_equal();
    reads_what_others_write();
    reads_the_form_of_boost();
    refuses_what_is_wrong();
    refuses_every_cut_text();
    refuses_what_xml_cannot_hold();
    return check::result();
}

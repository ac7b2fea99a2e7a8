// SPDX-License-Identifier: BSD-2-Clause
#include <coma/coma.hpp>
#include <coma/types/all.hpp>

#include <cmath>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "check.hpp"

namespace {

using coma::tree;

struct leaf {
    int n = 1;
    template <class Archive>
    void serialize(Archive& archive, unsigned) {
        archive & COMA_NVP(n);
    }
};

struct two {
    int a = 0, b = 0;
    template <class Archive>
    void serialize(Archive& archive, unsigned) {
        archive & COMA_NVP(a) & COMA_NVP(b);
    }
};

struct parent;

struct child {
    std::weak_ptr<parent> up;
    template <class Archive>
    void serialize(Archive& archive, unsigned) {
        archive & COMA_NVP(up);
    }
};

struct parent {
    std::shared_ptr<child> down;
    template <class Archive>
    void serialize(Archive& archive, unsigned) {
        archive & COMA_NVP(down);
    }
};

struct owners {
    std::unique_ptr<leaf> a, b;
    leaf value;
    template <class Archive>
    void serialize(Archive& archive, unsigned) {
        archive & COMA_NVP(value) & COMA_NVP(a) & COMA_NVP(b);
    }
};

struct versioned {
    int n = 0;
    unsigned seen = 99;
    template <class Archive>
    void serialize(Archive& archive, unsigned version) {
        seen = version;
        archive & COMA_NVP(n);
    }
};

/// Described beside the class.
struct plain {
    double x = 0.5;
};
template <class Archive>
void serialize(Archive& archive, plain& p, unsigned) {
    using coma::make_nvp;
    archive & make_nvp("x", p.x);
}

struct member_twice {
    template <class Archive>
    void serialize(Archive& archive, unsigned) {
        int x = 1;
        archive & COMA_NVP(x) & COMA_NVP(x);
    }
};

struct deep {
    std::unique_ptr<deep> next;
    template <class Archive>
    void serialize(Archive& archive, unsigned) {
        archive & COMA_NVP(next);
    }
};

struct list_holder {
    std::vector<list_holder> items;
    template <class Archive>
    void serialize(Archive& archive, unsigned) {
        archive & COMA_NVP(items);
    }
};

const std::string head = "<boost_serialization signature=\"serialization::archive\" version=\"19\">";

template <class T>
void read_boost(const std::string& text, T& object) {
    coma::from_xml(head + text + "</boost_serialization>", "x", object, "x.xml");
}

void trees_of_objects() {
    plain p;
    coma::from_tree(coma::to_tree(plain{2.5}), p);
    CHECK_EQUAL(p.x, 2.5);
    CHECK_EQUAL(coma::to_tree(std::map<std::string, std::optional<int>>{{"a", 1}}).get<int>("0/second"), 1);
    CHECK_EQUAL(coma::to_tree(std::complex<double>(1, 2)).get<std::string>("__type__"), "complex");
    CHECK(coma::to_tree(std::make_tuple(1, std::string("x"), std::optional<int>())) ==
          coma::tree::list({1, "x", nullptr}));
    CHECK_THROWS(coma::format_error, "two members of the name 'x'", coma::to_tree(member_twice()));
    std::vector<double> numbers;
    coma::from_tree(coma::tree::dict({{"__type__", "numpy.ndarray"}, {"list", coma::tree::list({1, 2.5})}}), numbers);
    CHECK_EQUAL(numbers, (std::vector<double>{1, 2.5}));
}

/// What to_tree() makes of the object comes back, and stands in JSON with the same keys.
template <class T>
void comes_back(const T& object) {
    const tree state = coma::to_tree(object);
    T from_tree{};
    coma::from_tree(state, from_tree);
    CHECK_EQUAL(coma::to_tree(from_tree), state);
    T from_json{};
    const std::string json = coma::to_json("x", object);
    coma::from_json(json, "x", from_json);
    CHECK_EQUAL(coma::to_json("x", from_json), json);
    T from_xml{};
    coma::from_xml(coma::to_xml("x", object), "x", from_xml);
    CHECK_EQUAL(coma::to_tree(from_xml), state);
}

enum class colour : short { red = -1, green = 7 };

struct everything {
    bool flag = false;
    char letter = 'a';
    colour shade = colour::green;
    long double wide = 0.1L;
    std::wstring text;
    int numbers[3] = {1, 2, 3};
    std::array<leaf, 2> leaves;
    std::vector<bool> flags;
    std::list<std::string> names;
    std::map<std::string, std::vector<double>> map;
    std::unordered_set<int> set;
    std::complex<float> complex;
    std::bitset<4> bits;
    std::pair<int, std::string> pair;
    std::tuple<int, leaf> tuple;
    std::optional<leaf> some, none;
    std::variant<int, std::string> variant;
    std::shared_ptr<leaf> shared, nothing;
    std::unique_ptr<leaf> own;
    std::valarray<double> values;
    tree any;
    template <class Archive>
    void serialize(Archive& archive, unsigned) {
        archive & COMA_NVP(flag) & COMA_NVP(letter) & COMA_NVP(shade) & COMA_NVP(wide) & COMA_NVP(text);
        archive & COMA_NVP(numbers) & COMA_NVP(leaves) & COMA_NVP(flags) & COMA_NVP(names) & COMA_NVP(map);
        archive & COMA_NVP(set) & COMA_NVP(complex) & COMA_NVP(bits) & COMA_NVP(pair) & COMA_NVP(tuple);
        archive & COMA_NVP(some) & COMA_NVP(none) & COMA_NVP(variant) & COMA_NVP(shared) & COMA_NVP(nothing);
        archive & COMA_NVP(own) & COMA_NVP(values) & COMA_NVP(any);
    }
};

void every_type_comes_back() {
    everything e;
    comes_back(e);
    e.flag = true;
    e.shade = colour::red;
    e.text = L"\u00e4 12";
    e.flags = {true, false};
    e.names = {"12", "", " True"};
    e.map = {{"a", {1, INFINITY}}, {"b", {}}};
    e.set = {3};
    e.complex = {0.1f, -2};
    e.bits = 5;
    e.pair = {1, "1e5"};
    e.some = leaf{4};
    e.variant = "007";
    e.shared = std::make_shared<leaf>(leaf{5});
    e.own = std::make_unique<leaf>(leaf{6});
    e.values = {1.5, 2};
    e.any["a/b"] = {1, nullptr, "x"};
    comes_back(e);
}

void trees_convert_without_loss() {
    const auto get = [](const tree& from, auto value) {
        coma::from_tree(from, value);
        return value;
    };
    CHECK_EQUAL(get(2.0, 0), 2);
    CHECK_EQUAL(get(2, 0.5), 2.0);
    CHECK_EQUAL(get("12", 0), 12);
    CHECK_EQUAL(get(true, 0), 1);
    CHECK_EQUAL(get(1, false), true);
    CHECK_EQUAL(get(12, std::string()), "12");
    CHECK_EQUAL(get(0.1, std::string()), "0.1");
    CHECK_EQUAL(get(nullptr, std::string("x")), "");
    CHECK_EQUAL(get("0.1", 0.0L), 0.1L);
    CHECK_EQUAL(get(UINT64_MAX, std::uint64_t{0}), UINT64_MAX);
    CHECK_THROWS(coma::parse_error, "tree: the tree is an integer 300, but an integer from 0 to 255 was asked for",
                 get(300, static_cast<unsigned char>(0)));
    CHECK_THROWS(coma::parse_error, "a floating point number 2.5, but an integer from", get(2.5, 0));
    CHECK_THROWS(coma::parse_error, "an integer 2, but a boolean was asked for", get(2, false));
    CHECK_THROWS(coma::parse_error, "is null, but a number was asked for", get(nullptr, 0.0));
    CHECK_THROWS(coma::parse_error, "is a list, but a text was asked for", get(tree::list({1}), std::string()));
    CHECK_THROWS(coma::parse_error, "is a dictionary, but a list was asked for",
                 get(tree::dict({{"a", 1}}), std::vector<int>()));
}

/// What does not fit is named by its path, in a tree and in JSON.
void errors_name_the_path() {
    two t;
    CHECK_THROWS(coma::parse_error, "tree: there is no 'b': the tree has the keys a",
                 coma::from_tree(tree::dict({{"a", 1}}), t));
    std::map<std::string, std::vector<two>> map;
    const auto read = [&](const char* text) { coma::from_json(text, "m", map, "m.json"); };
    CHECK_THROWS(coma::parse_error, "m.json: there is no 'm/0/second/1/b': 'm/0/second/1' has the keys a",
                 read(R"({"m": [{"first": "x", "second": [{"a": 1, "b": 2}, {"a": 3}]}]})"));
    CHECK_THROWS(coma::parse_error, "m.json: 'm/0/second/0/b' is a string 'y', but an integer from -2147483648 to",
                 read(R"({"m": [{"first": "x", "second": [{"a": 1, "b": "y"}]}]})"));
    CHECK_THROWS(coma::parse_error, "m.json: there is no 'm': the tree has the keys n", read(R"({"n": []})"));
    CHECK_THROWS(coma::parse_error, "m.json:2: ", read("{\n\"m\": [}"));
    std::vector<double> numbers;
    CHECK_THROWS(coma::parse_error, "tree: '1' is a string 'x', but a number was asked for",
                 coma::from_tree(tree::list({1, "x"}), numbers));
    int array[2];
    CHECK_THROWS(coma::parse_error, "an array of 2 items was expected, there are 3",
                 coma::from_tree(tree::list({1, 2, 3}), array));
    std::variant<int, std::string> variant;
    CHECK_THROWS(coma::parse_error, "tree: the tree: the variant holds an alternative",
                 coma::from_tree(tree::dict({{"which", 5}, {"value", 1}}), variant));
}

/// A number that its type cannot hold is an error in each way to read it, and none that is infinite.
void numbers_beyond_the_range() {
    float f = 7;
    double d = 7;
    CHECK_THROWS(coma::parse_error, "1e39", coma::from_xml("<x>1e39</x>", "x", f));
    CHECK_THROWS(coma::parse_error, "1e400", coma::from_xml("<x>1e400</x>", "x", d));
    CHECK_THROWS(coma::parse_error, "1e-400", coma::from_xml("<x>1e-400</x>", "x", d));
    CHECK_THROWS(coma::parse_error, "1e+39", coma::from_json("{\"x\": 1e39}", "x", f));
    CHECK_THROWS(coma::parse_error, "16777217", coma::from_json("{\"x\": 16777217}", "x", f));
    CHECK_THROWS(coma::parse_error, "1e400", coma::from_json("{\"x\": \"1e400\"}", "x", d));
    CHECK_THROWS(coma::parse_error, "1e+300", coma::from_tree(tree(1e300), f));
    coma::from_xml("<x>inf</x>", "x", f);
    CHECK_EQUAL(coma::to_json("x", f), "{\n  \"x\": Infinity\n}");
}

void any_order_and_clear_errors() {
    two t;
    coma::from_xml("<t><b>2</b><more/><a>1</a></t>", "t", t);
    CHECK(t.a == 1 && t.b == 2);
    CHECK_THROWS(coma::parse_error, "f.xml:2: <t>: there is no <b>, only <a>",
                 coma::from_xml("\n<t><a>1</a></t>", "t", t, "f.xml"));
    CHECK_THROWS(coma::parse_error, "<a>: 'x' is no integer from -2147483648",
                 coma::from_xml("<t><a>x</a></t>", "t", t));
    CHECK_THROWS(coma::parse_error, "there is no <t>, only <u>", coma::from_xml("<u/>", "t", t));
    std::vector<int> list;
    CHECK_THROWS(coma::parse_error, "should have 3 items, but it has 1",
                 coma::from_xml("<l><count>3</count><item_version>0</item_version><item>1</item></l>", "l", list));
    CHECK_THROWS(coma::parse_error, "a list was expected", coma::from_xml("<l>1</l>", "l", list));
    CHECK_THROWS(coma::parse_error, "a list was expected", coma::from_xml("<l><count>-1</count></l>", "l", list));
}

void versions() {
    versioned v;
    read_boost("<x class_id=\"0\" tracking_level=\"0\" version=\"1\"><n>1</n></x>", v);
    CHECK_EQUAL(v.seen, 1u);
    CHECK_THROWS(coma::parse_error, "was written in version 4, this program knows versions up to 2",
                 read_boost("<x class_id=\"0\" tracking_level=\"0\" version=\"4\"><n>1</n></x>", v));
    coma::from_xml(coma::to_xml("x", v), "x", v);
    CHECK_EQUAL(v.seen, 2u);
}

void ownership() {
    auto top = std::make_shared<parent>();
    top->down = std::make_shared<child>();
    top->down->up = top;
    std::shared_ptr<parent> read;
    coma::from_xml(coma::to_xml("p", top, coma::boost_form), "p", read);
    CHECK(read && read->down->up.lock() == read);
    CHECK_EQUAL(read.use_count(), 1);
    owners o;
    const std::string value =
        "<x><value class_id=\"1\" tracking_level=\"1\" version=\"0\" object_id=\"_0\"><n>7</n></value>";
    CHECK_THROWS(coma::parse_error, "belongs to something else",
                 read_boost(value + "<a><tx class_id=\"1\" object_id_reference=\"_0\"/></a></x>", o));
    CHECK_THROWS(coma::parse_error, "two unique pointers point to one object",
                 read_boost(value + "<a><tx class_id=\"1\" object_id=\"_1\"><n>1</n></tx></a>"
                                    "<b><tx class_id=\"1\" object_id_reference=\"_1\"/></b></x>",
                            o));
    CHECK_THROWS(coma::parse_error, "which was not read before",
                 read_boost(value + "<a><tx class_id=\"1\" object_id_reference=\"_5\"/></a></x>", o));
    std::unique_ptr<deep> self;
    CHECK_THROWS(
        coma::parse_error, "belongs to something else",
        read_boost("<x><tx class_id=\"0\" object_id=\"_0\"><next><tx class_id=\"0\" object_id_reference=\"_0\"/>"
                   "</next></tx></x>",
                   self));
}

/// References that double the data at each step are stopped long before memory is full.
void repeated_references() {
    std::string text = "<x object_id=\"_0\"><items><count>0</count><item_version>0</item_version></items></x>";
    std::string all = "<y><items><count>40</count><item_version>0</item_version>";
    for (int i = 0; i < 40; ++i) {
        const std::string reference = i ? "<item object_id_reference=\"_" + std::to_string(i - 1) + "\"/>"
                                        : "<item><items><count>0</count></items></item>";
        all += "<item object_id=\"_" + std::to_string(i) + "\"><items><count>2</count><item_version>0</item_version>" +
               reference + reference + "</items></item>";
    }
    list_holder h;
    CHECK_THROWS(coma::parse_error, "repeat the same data too often",
                 coma::from_xml(head + all + "</items></y></boost_serialization>", "y", h));
    CHECK_THROWS(
        coma::parse_error, "refers to itself by value",
        read_boost("<x object_id=\"_0\"><items><count>1</count><item object_id_reference=\"_0\"/></items></x>", h));
}

void depth() {
    deep top;
    deep* last = &top;
    for (int i = 0; i < 2000; ++i) last->next = std::make_unique<deep>(), last = last->next.get();
    CHECK_THROWS(coma::format_error, "deeper", coma::to_xml("d", top));
    CHECK_THROWS(coma::format_error, "deeper", coma::to_xml("d", top, coma::boost_form));
}

void streams() {
    std::ostringstream out;
    {
        coma::xml_oarchive archive(out, coma::boost_form);
        archive << coma::make_nvp("p", plain{1.5}) << coma::make_nvp("v", std::vector<float>(20000, 0.1f));
    }
    std::istringstream in(out.str());
    plain p;
    std::vector<float> v;
    coma::xml_iarchive archive(in);
    archive >> coma::make_nvp("p", p) >> coma::make_nvp("v", v);
    CHECK(p.x == 1.5 && v == std::vector<float>(20000, 0.1f));
    CHECK_EQUAL(archive.get_library_version(), 19u);
}

/// A stream that cannot be written is noticed, at the latest when the archive is closed or destroyed.
void streams_that_fail() {
    const std::vector<double> many(100000, 0.1);
    const int one = 1;
    for (const char* name : {"/nonexistent/x.xml", "/dev/full"}) {
        for (const coma::xml_form& form : {coma::plain_form, coma::boost_form}) {
            const auto save = [&](const auto& value, bool close) {
                std::ofstream file(name);
                coma::xml_oarchive archive(file, form);
                archive << coma::make_nvp("value", value);
                if (close) archive.close();
            };
            CHECK_THROWS(coma::file_error, "the stream of an archive cannot be written", save(many, true));
            CHECK_THROWS(coma::file_error, "the stream of an archive cannot be written", save(one, true));
            CHECK_THROWS(coma::file_error, "see whether its file could be opened", save(many, false));
            CHECK_THROWS(coma::file_error, "see whether its file could be opened", save(one, false));
        }
    }
}

/// What was saved before an exception is in the stream, whose own errors do not hide the exception.
void an_exception_keeps_what_was_saved() {
    for (const coma::xml_form& form : {coma::plain_form, coma::boost_form}) {
        std::ostringstream out;
        std::ofstream full("/dev/full");
        const auto fails = [&form](std::ostream& stream) {
            coma::xml_oarchive archive(stream, form);
            archive << coma::make_nvp("kept", std::string("all of it"));
            throw std::runtime_error("the first");
        };
        CHECK_THROWS(std::runtime_error, "the first", fails(out));
        CHECK(out.str().find("all of it</kept>") != std::string::npos);
        CHECK_THROWS(std::runtime_error, "the first", fails(full));
    }
}

void an_exception_leaves_the_archive_open() {
    std::string text;
    try {
        coma::xml_oarchive archive(text, coma::boost_form);
        archive << coma::make_nvp("a", 1);
        throw 1;
    } catch (int) {
        CHECK_EQUAL(text.find("</boost_serialization>"), text.npos);
    }
}

}  // namespace

COMA_CLASS_VERSION(versioned, 2)

int main() {
    trees_of_objects();
    every_type_comes_back();
    trees_convert_without_loss();
    errors_name_the_path();
    numbers_beyond_the_range();
    any_order_and_clear_errors();
    versions();
    ownership();
    repeated_references();
    depth();
    streams();
    streams_that_fail();
    an_exception_keeps_what_was_saved();
    an_exception_leaves_the_archive_open();
    return check::result();
}

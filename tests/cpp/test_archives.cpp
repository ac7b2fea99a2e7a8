// SPDX-License-Identifier: BSD-2-Clause
#include <coma/coma.hpp>
#include <coma/types/all.hpp>

#include <sstream>

#include "check.hpp"

namespace {

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
    CHECK(coma::to_tree(std::map<std::string, std::optional<int>>{{"a", 1}}).get<int>("0/second") == 1);
    CHECK(coma::to_tree(std::complex<double>(1, 2)).get<std::string>("__type__") == "complex");
    CHECK(coma::to_tree(std::make_tuple(1, std::string("x"), std::optional<int>())) ==
          coma::tree::list({1, "x", nullptr}));
    CHECK_THROWS(coma::format_error, "two members of the name 'x'", coma::to_tree(member_twice()));
    std::vector<double> numbers;
    coma::from_tree(coma::tree::dict({{"__type__", "numpy.ndarray"}, {"list", coma::tree::list({1, 2.5})}}), numbers);
    CHECK(numbers == (std::vector<double>{1, 2.5}));
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

void an_exception_leaves_the_archive_open() {
    std::string text;
    try {
        coma::xml_oarchive archive(text, coma::boost_form);
        archive << coma::make_nvp("a", 1);
        throw 1;
    } catch (int) {
        CHECK(text.find("</boost_serialization>") == text.npos);
    }
}

}  // namespace

COMA_CLASS_VERSION(versioned, 2)

int main() {
    trees_of_objects();
    any_order_and_clear_errors();
    versions();
    ownership();
    repeated_references();
    depth();
    streams();
    an_exception_leaves_the_archive_open();
    return check::result();
}

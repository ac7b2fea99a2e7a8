// SPDX-License-Identifier: BSD-2-Clause
#include <coma/tree.hpp>

#include <cmath>
#include <cstring>

#include "check.hpp"

using coma::tree;

namespace {

void paths() {
    tree t;
    t["parameters/L"] = 1.0;
    t["results/energies"] = {-0.5, 1.5};
    CHECK_EQUAL(t.get<double>("parameters/L"), 1.0);
    CHECK_EQUAL(t.get<double>("results/energies/1"), 1.5);
    CHECK_EQUAL(t.get<int>("results/steps", 3), 3);
    CHECK(t.has("results/energies/0") && !t.has("results/energies/2") && !t.has("results/x/y") && !t.has(""));
    t["results/energies/0"] = 7;
    CHECK_EQUAL(t.get<int>("results/energies/0"), 7);
    const tree& c = t;
    CHECK_THROWS(coma::path_error, "there is no 'results/t': 'results' has the keys energies", c["results/t"]);
    CHECK_THROWS(coma::path_error, "the tree has the keys parameters, results", c["t"]);
    CHECK_THROWS(coma::path_error, "'results/energies' is a list of 2 elements", c["results/energies/2"]);
    CHECK_THROWS(coma::path_error, "cannot set 'parameters/L/x': 'parameters/L' is a floating point number",
                 t["parameters/L/x"]);
    CHECK_THROWS(coma::path_error, "empty component", t["a//b"]);
    CHECK_THROWS(coma::path_error, "empty component", t["/a"]);
}

void kinds() {
    CHECK(tree().is_null() && tree(nullptr).is_null());
    CHECK_EQUAL(tree(true).kind(), coma::kind::boolean);
    CHECK(tree(1).kind() == coma::kind::integer && tree(1.0f).kind() == coma::kind::real);
    CHECK(tree("x").kind() == coma::kind::string && tree(std::string("x")) == tree(std::string_view("x")));
    CHECK_EQUAL(tree(std::vector<bool>{true, false}), tree::list({true, false}));
    CHECK_EQUAL(tree(std::vector<std::string>{"a"}).get<std::vector<std::string>>()[0], "a");
    CHECK_EQUAL(tree(UINT64_MAX).get<std::uint64_t>(), UINT64_MAX);
    CHECK_EQUAL(tree(INT64_MIN).integer_text(), "-9223372036854775808");
    CHECK_EQUAL(tree(UINT64_MAX).integer_text(), "18446744073709551615");
    CHECK_EQUAL(tree::big_integer("-0012345678901234567890123").integer_text(), "-12345678901234567890123");
    CHECK_EQUAL(tree::big_integer("-0000000000000000000000000").get<int>(), 0);
    CHECK_EQUAL(tree::big_integer("100000000000000000000").get<double>(), 1e20);
}

/// A float is recorded in its own digits, 0.1, as archives write it, and comes back as the same float.
void floats_keep_their_digits() {
    CHECK_EQUAL(tree(0.1f), tree(0.1));
    CHECK_EQUAL(coma::to_json("x", 0.1f), "{\n  \"x\": 0.1\n}");
    CHECK_EQUAL(tree(std::vector<float>{0.1f, -0.3f}), tree::list({0.1, -0.3}));
    std::uint32_t bits = 2463534242u;
    for (int i = 0; i < 200000; ++i) {
        bits ^= bits << 13, bits ^= bits >> 17, bits ^= bits << 5;
        float x = 0;
        std::memcpy(&x, &bits, sizeof x);
        if (!coma::detail::is_finite(static_cast<double>(x)) || std::fabs(x) < 1e-37f) continue;
        const auto back = tree(x).get<float>();
        CHECK(std::memcmp(&back, &x, sizeof x) == 0);
    }
}

void conversions_lose_nothing() {
    CHECK_EQUAL(tree(2.0).get<int>(), 2);
    CHECK_EQUAL(tree(2).get<double>(), 2.0);
    CHECK_EQUAL(tree(1).get<bool>(), true);
    CHECK_THROWS(coma::type_error, "is a floating point number 2.5, but an integer", tree(2.5).get<int>());
    CHECK_THROWS(coma::type_error, "an integer 300", tree(300).get<unsigned char>());
    CHECK_THROWS(coma::type_error, "an integer -1", tree(-1).get<std::uint64_t>());
    CHECK_THROWS(coma::type_error, "a string 'x', but a number", tree("x").get<double>());
    CHECK_THROWS(coma::type_error, "number 1e+300, but a number (of the type's range)", tree(1e300).get<float>());
    CHECK_THROWS(coma::type_error, "number 1e-300, but a number", tree(1e-300).get<float>());
    CHECK_THROWS(coma::type_error, "an integer 16777217, but a number", tree(16777217).get<float>());
    CHECK_THROWS(coma::type_error, "an integer -9007199254740993", tree(-9007199254740993).get<double>());
    CHECK_THROWS(coma::type_error, "an integer 18446744073709551615", tree(UINT64_MAX).get<double>());
    CHECK_THROWS(coma::type_error, "an integer 1000", tree::big_integer("1" + std::string(400, '0')).get<double>());
    CHECK_THROWS(coma::type_error, "0000001, but a number",
                 tree::big_integer("10000000000000000000000000001").get<double>());
    CHECK_THROWS(coma::type_error, "a list, but a list of such values",
                 tree::list({1.0, 1e300}).get<std::vector<float>>());
    CHECK_EQUAL(tree(16777216).get<float>(), 16777216.0f);
    CHECK_EQUAL(tree(INT64_MIN).get<float>(), -9223372036854775808.0f);
    CHECK_EQUAL(tree(9007199254740993).get<long double>(), 9007199254740993.0L);
    CHECK_THROWS(coma::type_error, "but an integer", tree(UINT64_MAX).get<std::int64_t>());
    CHECK_THROWS(coma::type_error, "but a number", tree(true).get<double>());
    CHECK_THROWS(coma::type_error, "a dictionary was asked for, but this is a list", tree::list().items());
    CHECK_THROWS(coma::parse_error, "'1x' is no integer", tree::big_integer("1x"));
    const tree array =
        tree::dict({{"__type__", "numpy.ndarray"}, {"shape", tree::list({2})}, {"list", tree::list({1, 2.5})}});
    CHECK_EQUAL(array.get<std::vector<double>>(), (std::vector<double>{1, 2.5}));
}

void order_and_equality() {
    tree t = tree::dict({{"b", 1}, {"a", 2}});
    CHECK_EQUAL(t.items()[0].key, "b");
    CHECK_EQUAL(t, tree::dict({{"a", 2}, {"b", 1}}));
    CHECK(t != tree::dict({{"a", 2}, {"b", 1.0}}));
    CHECK(tree(NAN) != tree(NAN) && same(tree(NAN), tree(NAN)));
    CHECK(!t.add("a", 3) && t.add("x/y", 3) && t.size() == 3);
    CHECK_THROWS(coma::path_error, "occurs twice", tree::dict({{"a", 1}, {"a", 2}}));
    for (int i = 0; i < 5000; ++i) t["many/k" + std::to_string(i)] = i;
    int sum = 0;
    for (int i = 0; i < 5000; ++i) sum += t.get<int>("many/k" + std::to_string(i));
    CHECK_EQUAL(sum, 5000 * 4999 / 2);
    const tree copy = t;
    t = t["many"];
    CHECK_EQUAL(t.size(), 5000u);
    CHECK_EQUAL(copy.size(), 4u);
    t = {};
    CHECK(t.is_list() && t.size() == 0);
    t.push_back(1);
    CHECK_EQUAL(t[0].get<int>(), 1);
    t[0] = "x";
    CHECK_THROWS(coma::path_error, "there is no element 1: the tree is a list of 1 elements", t[1]);
    CHECK_THROWS(coma::type_error, "cannot append to a string", tree("x").push_back(1));
}

}  // namespace

int main() {
    paths();
    kinds();
    floats_keep_their_digits();
    conversions_lose_nothing();
    order_and_equality();
    return check::result();
}

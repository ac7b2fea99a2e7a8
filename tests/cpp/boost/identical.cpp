// SPDX-License-Identifier: BSD-2-Clause
// Every type that Boost has had for long, see identical.hpp.
#include <boost/serialization/array.hpp>
#include <boost/serialization/bitset.hpp>
#include <boost/serialization/complex.hpp>
#include <boost/serialization/deque.hpp>
#include <boost/serialization/forward_list.hpp>
#include <boost/serialization/list.hpp>
#include <boost/serialization/map.hpp>
#include <boost/serialization/set.hpp>
#include <boost/serialization/shared_ptr.hpp>
#include <boost/serialization/unique_ptr.hpp>
#include <boost/serialization/unordered_map.hpp>
#include <boost/serialization/unordered_set.hpp>
#include <boost/serialization/utility.hpp>
#include <boost/serialization/valarray.hpp>
#include <boost/serialization/weak_ptr.hpp>

#include "cases.hpp"
#include "identical.hpp"

using namespace identical;

namespace {

void structs() {
    using namespace cases;
    check_thrice("struct", point());
    check_thrice("struct, untracked", untracked());
    check_thrice("empty struct", empty());
    check_thrice("struct with version", versioned(), not_for_boost);
    check_thrice("struct, track_never", never_tracked());
    check_thrice("struct, track_always", always_tracked(), not_for_boost);
    check_thrice("struct, object_serializable", without_class_info());
    check_thrice("struct with save and load", split());
    check_thrice("struct with base classes", derived());
    check("numbers, bool, characters, enums", scalars());
    check("std::string, std::wstring", strings());
    check("vector of enum", std::vector<colour>{red, green});
}

void sequences() {
    using cases::point;
    using cases::untracked;
    check_thrice("std::vector<double>", std::vector<double>{1, 0.1, -2e300});
    check_thrice("std::vector<int>", std::vector<int>());
    check_thrice("std::vector<char>", std::vector<char>{'a', 'b'});
    check_thrice("std::vector<float>", std::vector<float>{0.1f});
    check_thrice("std::vector<long long>", std::vector<long long>{1});
    check_thrice("std::vector<unsigned short>", std::vector<unsigned short>{1});
    check_thrice("std::vector<wchar_t>", std::vector<wchar_t>{1});
    check_thrice("std::vector<long double>", std::vector<long double>{0.1L});
    check_thrice("std::vector<std::string>", std::vector<std::string>{"a", ""});
    check_thrice("std::vector<bool>", std::vector<bool>{true, false, true}, not_for_boost);
    check_thrice("std::vector of struct", std::vector<point>(3));
    check_thrice("std::vector of vector", std::vector<std::vector<double>>{{1, 2}, {}, {3}});
    check_thrice("std::list<int>", std::list<int>{1, 2});
    check_thrice("std::list of struct", std::list<untracked>(2));
    check_thrice("std::deque<double>", std::deque<double>{1, 2});
    check_thrice("std::deque of struct", std::deque<point>(2));
    check_thrice("std::forward_list<float>", std::forward_list<float>{1, 2});
    check_thrice("std::set<int>", std::set<int>{3, 1, 2});
    check_thrice("std::set<std::string>", std::set<std::string>{"b", "a"});
    check_thrice("std::multiset of struct", std::multiset<untracked>{untracked(), untracked()});
    check("std::valarray<double>", std::valarray<double>{1, 2, 3}, not_for_boost);
    check("std::valarray<int> as member", holder<std::valarray<int>>(std::valarray<int>{1, 2}), not_for_boost);
    check("std::array<int, 3>", std::array<int, 3>{{1, 2, 3}}, not_for_boost);
    check("std::array of struct", std::array<point, 2>(), not_for_boost);
    check("C array", array_of<double>{{1, 2, 3}}, not_for_boost);
    check("C array of struct", array_of<untracked>(), not_for_boost);
    check("C array of char", array_of<char>{{'a', 'b', 0}}, not_for_boost);
}

void maps() {
    using cases::untracked;
    check_thrice("std::map<std::string, double>", std::map<std::string, double>{{"a", 1}, {"b", 0.5}});
    check_thrice("std::map<int, struct>", std::map<int, untracked>{{1, {}}, {2, {}}});
    check_thrice("std::map of map", std::map<int, std::map<int, int>>{{1, {{2, 3}}}, {2, {}}});
    check_thrice("std::multimap<int, std::string>", std::multimap<int, std::string>{{1, "a"}, {1, "b"}});
    check<false>("std::unordered_map<int, double>", std::unordered_map<int, double>{{1, 1}, {2, 2}}, not_for_boost);
    check<false>("std::unordered_multimap<int, int>", std::unordered_multimap<int, int>{{1, 1}, {1, 2}}, not_for_boost);
    check<false>("std::unordered_set<int>", std::unordered_set<int>{1, 2, 3}, not_for_boost);
    check<false>("std::unordered_multiset<int>", std::unordered_multiset<int>{1, 1, 2}, not_for_boost);
}

void small_types() {
    using cases::point;
    check_thrice("std::pair<int, std::string>", std::pair<int, std::string>(1, "x"));
    check_thrice("std::complex<double>", std::complex<double>(0.5, -0.25), not_for_boost);
    check("std::complex<float> in a vector", std::vector<std::complex<float>>(2), not_for_boost);
    check_thrice("std::bitset<10>", std::bitset<10>(0x155));
}

void pointers() {
    using namespace cases;
    point point_a, point_b;
    point_b.x = 2;
    node ring[3];
    for (int i = 0; i < 3; ++i) ring[i].n = i, ring[i].next = &ring[(i + 1) % 3];
    cases::pointers p;
    p.first = p.same = ring;
    p.points = {&point_a, nullptr, &point_b, &point_a};
    check("raw pointers: shared, null, in a ring", p, not_for_boost);
    const auto shared = std::make_shared<point>();
    using pointer = std::shared_ptr<point>;
    check("std::shared_ptr", holder<pointer>(shared), not_for_boost);
    check("std::shared_ptr, null", holder<pointer>(), not_for_boost);
    check("std::vector of std::shared_ptr", std::vector<pointer>{shared, nullptr, shared, std::make_shared<point>()},
          not_for_boost);
    std::pair<pointer, std::weak_ptr<point>> weak(shared, shared);
    check("std::weak_ptr", weak, not_for_boost);
    holder<std::unique_ptr<point>> unique(std::make_unique<point>());
    check("std::unique_ptr", unique, not_for_boost);
    const holder<std::unique_ptr<untracked>> none;
    check("std::unique_ptr, null", none, not_for_boost);
}

}  // namespace

int main() {
    structs();
    sequences();
    maps();
    small_types();
    pointers();
    return failures == 0 ? 0 : 1;
}

// SPDX-License-Identifier: BSD-2-Clause
// Classes as users of Boost.Serialization write them, which Coma must save in the same bytes.
#ifndef COMA_TESTS_BOOST_CASES_HPP
#define COMA_TESTS_BOOST_CASES_HPP

#include <boost/serialization/access.hpp>
#include <boost/serialization/base_object.hpp>
#include <boost/serialization/nvp.hpp>
#include <boost/serialization/split_member.hpp>
#include <boost/serialization/tracking.hpp>
#include <boost/serialization/version.hpp>

#include <coma/traits.hpp>

#include <string>
#include <vector>

namespace cases {

enum colour { red, green = 7 };
enum class mode : short { slow = -3, fast = 300 };

struct point {
    double x = 1.5;
    float y = 0.1f;
    template <class Archive>
    void serialize(Archive& ar, const unsigned) {
        ar & BOOST_SERIALIZATION_NVP(x) & BOOST_SERIALIZATION_NVP(y);
    }
    bool operator<(const point& other) const { return x < other.x; }
    bool operator==(const point& other) const { return x == other.x && y == other.y; }
};

/// Nothing in the program saves a pointer to it.
struct untracked {
    int n = 3;
    template <class Archive>
    void serialize(Archive& ar, const unsigned) {
        ar & BOOST_SERIALIZATION_NVP(n);
    }
    bool operator<(const untracked& other) const { return n < other.n; }
};

struct empty {
    template <class Archive>
    void serialize(Archive&, const unsigned) {}
};

struct versioned {
    int n = 5;
    unsigned seen = 0;
    template <class Archive>
    void serialize(Archive& ar, const unsigned version) {
        seen = version;
        ar & BOOST_SERIALIZATION_NVP(n);
    }
};

struct never_tracked {
    int n = 1;
    template <class Archive>
    void serialize(Archive& ar, const unsigned) {
        ar & BOOST_SERIALIZATION_NVP(n);
    }
};

struct always_tracked {
    int n = 2;
    template <class Archive>
    void serialize(Archive& ar, const unsigned) {
        ar & BOOST_SERIALIZATION_NVP(n);
    }
};

struct without_class_info {
    int n = 4;
    template <class Archive>
    void serialize(Archive& ar, const unsigned) {
        ar & BOOST_SERIALIZATION_NVP(n);
    }
};

class split {
public:
    int n = 6;

private:
    friend class boost::serialization::access;
    friend class coma::access;
    template <class Archive>
    void save(Archive& ar, const unsigned) const {
        const int doubled = 2 * n;
        ar << BOOST_SERIALIZATION_NVP(doubled);
    }
    template <class Archive>
    void load(Archive& ar, const unsigned) {
        int doubled = 0;
        ar >> BOOST_SERIALIZATION_NVP(doubled);
        n = doubled / 2;
    }
    BOOST_SERIALIZATION_SPLIT_MEMBER()
};

struct derived : point, untracked {
    int own = 8;
    template <class Archive>
    void serialize(Archive& ar, const unsigned) {
        ar & BOOST_SERIALIZATION_BASE_OBJECT_NVP(point) & BOOST_SERIALIZATION_BASE_OBJECT_NVP(untracked);
        ar & BOOST_SERIALIZATION_NVP(own);
    }
};

struct scalars {
    bool yes = true;
    char letter = 'a';
    signed char small = -5;
    unsigned char byte = 200;
    wchar_t wide = L'w';
    short s = -300;
    unsigned short us = 60000;
    int i = -70000;
    unsigned u = 4000000000u;
    long l = -5000000000;
    unsigned long ul = 18446744073709551615u;
    long long ll = INT64_MIN;
    unsigned long long ull = UINT64_MAX;
    float f = 0.1f;
    double d = -1.0 / 3.0;
    double huge = 1.7976931348623157e308;
    double tiny = 5e-324;
    double zero = -0.0;
    long double ld = 0.1L;
    colour c = green;
    mode m = mode::fast;
    template <class Archive>
    void serialize(Archive& ar, const unsigned) {
        ar & BOOST_SERIALIZATION_NVP(yes) & BOOST_SERIALIZATION_NVP(letter) & BOOST_SERIALIZATION_NVP(small);
        ar & BOOST_SERIALIZATION_NVP(byte) & BOOST_SERIALIZATION_NVP(wide) & BOOST_SERIALIZATION_NVP(s);
        ar & BOOST_SERIALIZATION_NVP(us) & BOOST_SERIALIZATION_NVP(i) & BOOST_SERIALIZATION_NVP(u);
        ar & BOOST_SERIALIZATION_NVP(l) & BOOST_SERIALIZATION_NVP(ul) & BOOST_SERIALIZATION_NVP(ll);
        ar & BOOST_SERIALIZATION_NVP(ull) & BOOST_SERIALIZATION_NVP(f) & BOOST_SERIALIZATION_NVP(d);
        ar & BOOST_SERIALIZATION_NVP(huge) & BOOST_SERIALIZATION_NVP(tiny) & BOOST_SERIALIZATION_NVP(zero);
        ar & BOOST_SERIALIZATION_NVP(ld) & BOOST_SERIALIZATION_NVP(c) & BOOST_SERIALIZATION_NVP(m);
    }
};

struct strings {
    std::string plain = "abc";
    std::string none;
    std::string escapes = "<a> & \"b\" 'c'";
    std::string blanks = " x\ty\nz ";
    std::string number = "12";
    std::string utf8 = "\xC3\xA4\xE2\x82\xAC";
    std::wstring wide = L"wide";
    template <class Archive>
    void serialize(Archive& ar, const unsigned) {
        ar & BOOST_SERIALIZATION_NVP(plain) & BOOST_SERIALIZATION_NVP(none) & BOOST_SERIALIZATION_NVP(escapes);
        ar & BOOST_SERIALIZATION_NVP(blanks) & BOOST_SERIALIZATION_NVP(number) & BOOST_SERIALIZATION_NVP(utf8);
        ar & BOOST_SERIALIZATION_NVP(wide);
    }
};

struct node {
    int n = 0;
    node* next = nullptr;
    template <class Archive>
    void serialize(Archive& ar, const unsigned) {
        ar & BOOST_SERIALIZATION_NVP(n) & BOOST_SERIALIZATION_NVP(next);
    }
};

/// A ring of nodes, and pointers that share or are null.
struct pointers {
    node* first = nullptr;
    node* same = nullptr;
    node* null = nullptr;
    std::vector<point*> points;
    template <class Archive>
    void serialize(Archive& ar, const unsigned) {
        ar & BOOST_SERIALIZATION_NVP(first) & BOOST_SERIALIZATION_NVP(same) & BOOST_SERIALIZATION_NVP(null);
        ar & BOOST_SERIALIZATION_NVP(points);
    }
};

}  // namespace cases

BOOST_CLASS_VERSION(cases::versioned, 3)
COMA_CLASS_VERSION(cases::versioned, 3)
BOOST_CLASS_TRACKING(cases::never_tracked, boost::serialization::track_never)
COMA_CLASS_TRACKING(cases::never_tracked, coma::tracking::never)
BOOST_CLASS_TRACKING(cases::always_tracked, boost::serialization::track_always)
COMA_CLASS_TRACKING(cases::always_tracked, coma::tracking::always)
BOOST_CLASS_IMPLEMENTATION(cases::without_class_info, boost::serialization::object_serializable)
COMA_CLASS_LEVEL(cases::without_class_info, coma::level::object)

#endif

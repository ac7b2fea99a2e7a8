// SPDX-License-Identifier: BSD-2-Clause
// Checks that the bytes of Coma and of Boost are equal for an object, and that each reads what the other wrote.
// Prints one line per type: name | bytes equal | Boost reads Coma | Coma reads Boost | Boost reads the plain form
#ifndef COMA_TESTS_BOOST_IDENTICAL_HPP
#define COMA_TESTS_BOOST_IDENTICAL_HPP

#include <boost/archive/xml_iarchive.hpp>
#include <boost/archive/xml_oarchive.hpp>
#include <boost/serialization/nvp.hpp>
#include <boost/serialization/string.hpp>
#include <boost/serialization/vector.hpp>

#include <coma/types/all.hpp>
#include <coma/xml_iarchive.hpp>
#include <coma/xml_oarchive.hpp>

#include <cstdio>
#include <iostream>
#include <sstream>

namespace identical {

inline int failures = 0;

template <class T>
std::string boost_text(const T& object) {
    std::ostringstream out;
    {
        boost::archive::xml_oarchive archive(out);
        archive << boost::serialization::make_nvp("root", object);
    }
    return out.str();
}

template <class T>
void boost_read(const std::string& text, T& object, unsigned flags = 0) {
    std::istringstream in(text);
    boost::archive::xml_iarchive archive(in, flags);
    archive >> boost::serialization::make_nvp("root", object);
}

inline coma::xml_form form_of(bool exact) {
    coma::xml_form form = exact ? coma::exact_boost_form : coma::boost_form;
    const auto version = boost::archive::BOOST_ARCHIVE_VERSION();
    form.version = version;
    return form;
}

template <class T>
std::string coma_text(const T& object, bool exact = true) {
    return coma::to_xml("root", object, form_of(exact));
}

template <class Try>
bool works(const char* name, const char* what, Try&& attempt) {
    try {
        if (attempt()) return true;
        std::cerr << name << ": " << what << ": another value\n";
    } catch (const std::exception& e) {
        std::cerr << name << ": " << what << ": " << e.what() << '\n';
    }
    return false;
}

/// Where the order of a hash table may change on the way, values are compared instead of bytes.
template <bool Ordered, class T>
bool equal(const T& a, const T& b) {
    if constexpr (Ordered)
        return coma_text(a) == coma_text(b);
    else
        return a == b;
}

enum plain { read_by_boost, not_for_boost };

template <bool Ordered = true, class T>
void check(const char* name, const T& object, plain plain_form = read_by_boost) {
    const std::string by_boost = boost_text(object);
    const std::string by_coma = coma_text(object);
    const bool same = by_boost == by_coma;
    if (!same) std::cerr << name << ": other bytes\n--- Boost\n" << by_boost << "--- Coma\n" << by_coma;
    T reads[4];
    const bool exact = works(name, "Boost reads exact",
                             [&] { return boost_read(by_coma, reads[0]), equal<Ordered>(reads[0], object); });
    const bool shortest = works(name, "Boost reads shortest", [&] {
        return boost_read(coma_text(object, false), reads[1]), equal<Ordered>(reads[1], object);
    });
    const bool back = works(name, "Coma reads", [&] {
        return coma::from_xml(by_boost, "root", reads[2]), equal<Ordered>(reads[2], object);
    });
    bool plain_read = true;
    if (plain_form == read_by_boost)
        plain_read = works(name, "Boost reads plain", [&] {
            boost_read(coma::to_xml("root", object), reads[3], boost::archive::no_header);
            return equal<Ordered>(reads[3], object);
        });
    std::printf("%s | %s | %s | %s | %s\n", name, same ? "yes" : "no", exact && shortest ? "yes" : "no",
                back ? "yes" : "no",
                plain_form == not_for_boost ? "-"
                : plain_read                ? "yes"
                                            : "no");
    if (!same || !exact || !shortest || !back || !plain_read) ++failures;
}

template <class T>
struct holder {
    T value{};
    int after = 1;
    holder() = default;
    explicit holder(T v) : value(std::move(v)) {}
    template <class Archive>
    void serialize(Archive& ar, const unsigned) {
        ar & BOOST_SERIALIZATION_NVP(value) & BOOST_SERIALIZATION_NVP(after);
    }
    bool operator==(const holder& other) const { return value == other.value; }
};

/// The same type twice as a member and once in a vector, so that class ids and attributes matter.
template <class T>
struct thrice {
    T first{};
    T second{};
    std::vector<T> more;
    thrice() = default;
    explicit thrice(const T& value) : first(value), second(value), more(3, value) {}
    template <class Archive>
    void serialize(Archive& ar, const unsigned) {
        ar & BOOST_SERIALIZATION_NVP(first) & BOOST_SERIALIZATION_NVP(second) & BOOST_SERIALIZATION_NVP(more);
    }
};

template <class T>
void check_thrice(const char* name, const T& value, plain plain_form = read_by_boost) {
    check(name, value, plain_form);
    check((std::string(name) + " thrice").c_str(), thrice<T>(value), plain_form);
}

template <class T>
struct array_of {
    T values[3];
    template <class Archive>
    void serialize(Archive& ar, const unsigned) {
        ar & BOOST_SERIALIZATION_NVP(values);
    }
};

}  // namespace identical

#endif

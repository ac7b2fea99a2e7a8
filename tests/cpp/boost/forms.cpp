// SPDX-License-Identifier: BSD-2-Clause
// Real Boost reads what Coma writes beyond single types: measurements, trees, numbers that are not finite.
#include <boost/archive/codecvt_null.hpp>
#include <boost/archive/xml_iarchive.hpp>
#include <boost/archive/xml_oarchive.hpp>
#include <boost/math/special_functions/nonfinite_num_facets.hpp>
#include <boost/serialization/nvp.hpp>
#include <boost/serialization/vector.hpp>

#include <coma/coma.hpp>

#include <cmath>
#include <sstream>

#include "../check.hpp"

namespace {

struct parameters {
    double theta_0 = 0;
    std::vector<int> sizes;
    bool hot = false;
    std::string name;
    template <class Archive>
    void serialize(Archive& ar, const unsigned) {
        ar & BOOST_SERIALIZATION_NVP(theta_0) & BOOST_SERIALIZATION_NVP(sizes) & BOOST_SERIALIZATION_NVP(hot);
        ar & BOOST_SERIALIZATION_NVP(name);
    }
};

struct results {
    std::vector<double> energies;
    template <class Archive>
    void serialize(Archive& ar, const unsigned) {
        ar & BOOST_SERIALIZATION_NVP(energies);
    }
};

struct info {
    unsigned measurement_id = 0;
    std::string start_date, end_date, program, version, host;
    template <class Archive>
    void serialize(Archive& ar, const unsigned) {
        ar & BOOST_SERIALIZATION_NVP(measurement_id) & BOOST_SERIALIZATION_NVP(start_date) &
            BOOST_SERIALIZATION_NVP(end_date);
        ar & BOOST_SERIALIZATION_NVP(program) & BOOST_SERIALIZATION_NVP(version) & BOOST_SERIALIZATION_NVP(host);
    }
};

struct whole {
    ::info info;
    ::parameters parameters;
    ::results results;
    template <class Archive>
    void serialize(Archive& ar, const unsigned) {
        ar & BOOST_SERIALIZATION_NVP(info) & BOOST_SERIALIZATION_NVP(parameters) & BOOST_SERIALIZATION_NVP(results);
    }
};

coma::measurement example() {
    coma::measurement m("pendulum", "1.0");
    m["parameters/theta_0"] = -5.0;
    m["parameters/sizes"] = {8, 16};
    m["parameters/hot"] = true;
    m["parameters/name"] = " <12>\r\n ";
    m["results/energies"] = {0.1, 1e300};
    return m;
}

void expect_example(const whole& read) {
    CHECK_EQUAL(read.info.measurement_id, 7u);
    CHECK_EQUAL(read.info.program + read.info.version, "pendulum1.0");
    CHECK_EQUAL(read.parameters.theta_0, -5.0);
    CHECK(read.parameters.sizes == (std::vector<int>{8, 16}) && read.parameters.hot);
    CHECK_EQUAL(read.parameters.name, " <12>\r\n ");
    CHECK_EQUAL(read.results.energies, (std::vector<double>{0.1, 1e300}));
}

template <class T>
void boost_read(const std::string& text, const char* name, T& object, unsigned flags, bool facets = false) {
    std::istringstream in(text);
    if (facets)
        in.imbue(std::locale(std::locale(in.getloc(), new boost::archive::codecvt_null<char>),
                             new boost::math::nonfinite_num_get<char>));
    boost::archive::xml_iarchive archive(in, flags);
    archive >> boost::serialization::make_nvp(name, object);
}

void boost_reads_measurements() {
    whole plain;
    boost_read(example().to_xml(7), "measurement", plain, boost::archive::no_header);
    expect_example(plain);
    whole full;
    boost_read(coma::to_xml("measurement", example().to_tree(7), coma::boost_form), "measurement", full, 0);
    expect_example(full);
}

void coma_reads_measurements_of_boost() {
    whole written;
    boost_read(example().to_xml(7), "measurement", written, boost::archive::no_header);
    std::ostringstream out;
    {
        boost::archive::xml_oarchive archive(out);
        archive << boost::serialization::make_nvp("measurement", written);
    }
    whole read;
    coma::from_xml(out.str(), "measurement", read);
    expect_example(read);
    coma::tree t;
    coma::from_xml(out.str(), "measurement", t);
    CHECK_EQUAL(t.get<double>("parameters/theta_0"), -5.0);
    CHECK_EQUAL(t.get<double>("results/energies/1"), 1e300);
}

void numbers_that_are_not_finite() {
    results written{{NAN, INFINITY, -INFINITY, 1.5}};
    for (const coma::xml_form& form : {coma::plain_form, coma::boost_form, coma::exact_boost_form}) {
        results read;
        boost_read(coma::to_xml("r", written, form), "r", read, form.boost ? 0u : unsigned{boost::archive::no_header},
                   true);
        CHECK(std::isnan(read.energies[0]) && read.energies[1] == INFINITY && read.energies[2] == -INFINITY);
        results back;
        coma::from_xml(coma::to_xml("r", written, form), "r", back);
        CHECK(std::isnan(back.energies[0]) && back.energies[1] == INFINITY && back.energies[2] == -INFINITY);
    }
    std::ostringstream out;
    {
        boost::archive::xml_oarchive archive(out);
        archive << boost::serialization::make_nvp("r", written);
    }
    coma::xml_form form = coma::exact_boost_form;
    const auto version = boost::archive::BOOST_ARCHIVE_VERSION();
    form.version = version;
    CHECK_EQUAL(out.str(), coma::to_xml("r", written, form));
}

void several_roots_without_header() {
    std::ostringstream out;
    {
        boost::archive::xml_oarchive archive(out, boost::archive::no_header);
        const int a = 1;
        const std::vector<double> b{2.5};
        archive << BOOST_SERIALIZATION_NVP(a) << BOOST_SERIALIZATION_NVP(b);
    }
    std::string text;
    {
        coma::xml_form form = coma::exact_boost_form;
        form.header = false;
        coma::xml_oarchive archive(text, form);
        archive << coma::make_nvp("a", 1) << coma::make_nvp("b", std::vector<double>{2.5});
    }
    CHECK_EQUAL(out.str(), text);
    int a = 0;
    std::vector<double> b;
    coma::xml_iarchive archive(text);
    archive >> COMA_NVP(a) >> COMA_NVP(b);
    CHECK(a == 1 && b[0] == 2.5);
}

}  // namespace

int main() {
    boost_reads_measurements();
    coma_reads_measurements_of_boost();
    numbers_that_are_not_finite();
    several_roots_without_header();
    return check::result();
}

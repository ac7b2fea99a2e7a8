// SPDX-License-Identifier: BSD-2-Clause
#include <coma/detail/numbers.hpp>

#include <clocale>
#include <cmath>
#include <cstring>
#include <limits>
#include <locale>

#include "check.hpp"

using namespace coma;

namespace {

struct comma : std::numpunct<char> {
    char do_decimal_point() const override { return ','; }
    char do_thousands_sep() const override { return '.'; }
    std::string do_grouping() const override { return "\3"; }
};

/// Whether the processor takes the smallest numbers for 0, as -ffast-math lets it do.
bool smallest_are_zero() {
    const volatile double smallest = 5e-324;
    return smallest * 1e300 == 0;
}

void writes_as_python_does() {
    CHECK_EQUAL(detail::number_text(1.0), "1.0");
    CHECK_EQUAL(detail::number_text(-0.0), "-0.0");
    CHECK_EQUAL(detail::number_text(0.1), "0.1");
    CHECK_EQUAL(detail::number_text(0.1 + 0.2), "0.30000000000000004");
    CHECK_EQUAL(detail::number_text(100000.0), "100000.0");
    CHECK_EQUAL(detail::number_text(1e15), "1000000000000000.0");
    CHECK_EQUAL(detail::number_text(9999999999999998.0), "9999999999999998.0");
    CHECK_EQUAL(detail::number_text(1e16), "1e+16");
    CHECK_EQUAL(detail::number_text(1.5e-5), "1.5e-05");
    CHECK_EQUAL(detail::number_text(0.0001), "0.0001");
    CHECK_EQUAL(detail::number_text(1e-05), "1e-05");
    CHECK_EQUAL(detail::number_text(1e100), "1e+100");
    if (!smallest_are_zero()) CHECK_EQUAL(detail::number_text(5e-324), "5e-324");
    CHECK_EQUAL(detail::number_text(1.7976931348623157e308), "1.7976931348623157e+308");
    CHECK_EQUAL(detail::number_text(std::nan("")), "NaN");
    CHECK_EQUAL(detail::number_text(-INFINITY), "-Infinity");
    CHECK_EQUAL(detail::number_text(0.1f), "0.1");
}

void reads_back_equal() {
    std::uint64_t bits = 88172645463325252u;
    for (int i = 0; i < 200000; ++i) {
        bits ^= bits << 13, bits ^= bits >> 7, bits ^= bits << 17;
        double x = 0;
        std::memcpy(&x, &bits, sizeof x);
        double y = 0;
        if (detail::is_nan(x) || (std::abs(x) < 1e-307 && smallest_are_zero())) continue;
        const bool comes_back = detail::parse_number(detail::number_text(x), y) && std::memcmp(&x, &y, sizeof x) == 0;
        CHECK(comes_back);
    }
}

void tells_numbers_from_text() {
    using detail::look;
    for (const char* text : {"0", "-1", "+5", "007", " 12\n", "123456789012345678901234567890"})
        CHECK_EQUAL(detail::look_of(text), look::integer);
    for (const char* text : {"1.0", "5.", ".5", "1e5", "-1E-05", "nan", "NaN", "-inf", "+Infinity", "INF", " 1.5 "})
        CHECK_EQUAL(detail::look_of(text), look::real);
    for (const char* text :
         {"", " ", "-", ".", "e5", "1e", "1e+", "0x10", "1_000", "1,5", "1 2", "nan(1)", "--1", "infinit"})
        CHECK_EQUAL(detail::look_of(text), look::text);
}

void reads_out_of_range() {
    double x = 0;
    bool in_range = true;
    CHECK(detail::parse_number("1e400", x, &in_range) && detail::number_text(x) == "Infinity" && !in_range);
    CHECK(detail::parse_number("-1e400", x, &in_range) && detail::number_text(x) == "-Infinity" && !in_range);
    CHECK(detail::parse_number("1e-400", x, &in_range) && x == 0 && !in_range);
    CHECK(detail::parse_number("0.000e999999999999", x, &in_range) && x == 0 && in_range);
    CHECK(detail::parse_number("inf", x, &in_range) && detail::number_text(x) == "Infinity" && in_range);
    CHECK(detail::parse_number("5e-324", x, &in_range) && detail::magnitude_bits(x) == 1 && in_range);
    CHECK(detail::parse_number("-nan", x, &in_range) && detail::is_nan(x) && in_range);
    float f = 0;
    CHECK(detail::parse_number("1e39", f, &in_range) && detail::number_text(f) == "Infinity" && !in_range);
    signed char c = 7;
    CHECK(!detail::parse_number("300", c) && c == 7);
    unsigned u = 7;
    CHECK(!detail::parse_number("-1", u) && u == 7);
    CHECK(detail::parse_number("-0", u) && u == 0);
    CHECK_EQUAL(detail::canonical_integer(" -000 "), "0");
    CHECK_EQUAL(detail::canonical_integer("+0012"), "12");
}

template <class Real>
void limits(const char* largest) {
    using real = std::numeric_limits<Real>;
    CHECK_EQUAL(detail::number_text(real::quiet_NaN()), "NaN");
    CHECK_EQUAL(detail::number_text(-real::quiet_NaN()), "NaN");
    CHECK_EQUAL(detail::number_text(real::infinity()), "Infinity");
    CHECK_EQUAL(detail::number_text(-real::infinity()), "-Infinity");
    CHECK_EQUAL(detail::number_text(real::max()), largest);
    CHECK_EQUAL(detail::number_text(-real::max()), std::string("-") + largest);
    CHECK_EQUAL(detail::number_text(Real(0)), "0.0");
    for (const Real value : {real::max(), real::min(), real::epsilon(), Real(0.1), Real(-7)}) {
        Real back = 0;
        CHECK(detail::parse_number(detail::number_text(value), back) && back == value);
    }
}

void limits_of_each_type() {
    limits<float>("3.4028235e+38");
    limits<double>("1.7976931348623157e+308");
    if (sizeof(long double) == 16) limits<long double>("1.189731495357231765e+4932");
}

/// Trees, in which files and parameters lie, tell what is no number by its bits.
void values_that_are_no_numbers() {
    const double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
    CHECK(tree(nan) != tree(nan) && same(tree(nan), tree(nan)));
    CHECK(tree(inf) == tree(inf) && tree(inf) != tree(-inf) && !same(tree(nan), tree(inf)));
    CHECK(!same(tree(nan), tree(0.0)) && tree(0.0) == tree(-0.0) && tree(5e-324) != tree(0.0));
    CHECK(detail::is_nan(static_cast<double>(tree(nan).get<float>())) && !detail::is_finite(tree(inf).get<double>()));
    CHECK_THROWS(type_error, "number NaN, but an integer", tree(nan).get<int>());
    CHECK_THROWS(type_error, "number -Infinity, but an integer", tree(-inf).get<std::int64_t>());
    CHECK_EQUAL(to_json("x", std::vector<double>{nan, inf, -inf}),
                "{\n  \"x\": [\n    NaN,\n    Infinity,\n    -Infinity\n  ]\n}");
    double back = 0;
    from_json("{\"x\": NaN}", "x", back);
    CHECK(detail::is_nan(back));
}

}  // namespace

int main() {
    std::locale::global(std::locale(std::locale(), new comma));
    std::setlocale(LC_ALL, "de_DE.UTF-8");
    writes_as_python_does();
    reads_back_equal();
    tells_numbers_from_text();
    reads_out_of_range();
    limits_of_each_type();
    values_that_are_no_numbers();
    return check::result();
}

// SPDX-License-Identifier: BSD-2-Clause
// The types of C++17 that Boost has had since 1.84; its headers for them and for smart pointers exclude each other.
#include <boost/serialization/optional.hpp>
#include <boost/serialization/std_variant.hpp>

#include "cases.hpp"
#include "identical.hpp"

using namespace identical;

int main() {
    using cases::point;
    check("std::optional<double>", holder<std::optional<double>>(0.5), not_for_boost);
    check("std::optional of struct", holder<std::optional<point>>(point()), not_for_boost);
    check("std::optional, empty", holder<std::optional<int>>(), not_for_boost);
    check("std::vector of std::optional", std::vector<std::optional<int>>{1, std::nullopt}, not_for_boost);
    check("std::variant", holder<std::variant<int, std::string>>(std::variant<int, std::string>("x")), not_for_boost);
    check("std::vector of std::variant", std::vector<std::variant<int, point>>{1, point()}, not_for_boost);
    return failures == 0 ? 0 : 1;
}

// SPDX-License-Identifier: BSD-2-Clause
// Two units include everything and share values.
#include <coma/coma.hpp>

#include "../check.hpp"

coma::tree numbers_from_other_unit();
std::string xml_from_other_unit(const coma::tree& t);

int main() {
    const coma::tree t = numbers_from_other_unit();
    CHECK_EQUAL(t.get<double>("numbers/1"), 1e300);
    CHECK_EQUAL(xml_from_other_unit(t), coma::to_xml("t", t));
    return check::result();
}

// SPDX-License-Identifier: BSD-2-Clause
// The second of two units that include everything.
#include <coma/coma.hpp>

coma::tree numbers_from_other_unit();
std::string xml_from_other_unit(const coma::tree& t);

coma::tree numbers_from_other_unit() {
    coma::tree t;
    t["numbers"] = std::vector<double>{0.1, 1e300};
    return t;
}

std::string xml_from_other_unit(const coma::tree& t) { return coma::to_xml("t", t); }

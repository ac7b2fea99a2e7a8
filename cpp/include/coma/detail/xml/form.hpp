// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// The forms in which objects are written as XML.
#ifndef COMA_DETAIL_XML_FORM_HPP
#define COMA_DETAIL_XML_FORM_HPP

namespace coma {

/// How an archive is written.
struct xml_form {
    bool boost = false;     ///< Boost's full form: tabs, class attributes, object ids
    bool header = true;     ///< declaration and root element of the full form
    bool exact = false;     ///< the very bytes of Boost: all 17 digits, strings without any check
    unsigned version = 19;  ///< the archive version in the header; 19 is that of Boost 1.76 to 1.83
};

/// The plain form: what Coma's files are written in.
inline constexpr xml_form plain_form{};
/// Boost's full form with the shortest digits that read back equal.
inline constexpr xml_form boost_form{true, true, false, 19};
/// Boost's full form, byte by byte.
inline constexpr xml_form exact_boost_form{true, true, true, 19};

}  // namespace coma

#endif

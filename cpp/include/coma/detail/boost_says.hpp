// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// What Boost's macros, such as BOOST_CLASS_VERSION, say of a class, if the program includes Boost's headers.
#ifndef COMA_DETAIL_BOOST_SAYS_HPP
#define COMA_DETAIL_BOOST_SAYS_HPP

#include <type_traits>

#include "requirements.hpp"  // IWYU pragma: keep

namespace boost::serialization {

template <class T>
struct version;
template <class T>
struct tracking_level;
template <class T>
struct implementation_level;

}  // namespace boost::serialization

namespace coma::detail {

/// What Boost's macros say of a class; incomplete, and so without a word, where Boost's headers are not included.
template <template <class> class Trait, class T, class = void>
struct boost_says {
    static constexpr bool anything = false;
};
template <template <class> class Trait, class T>
struct boost_says<Trait, T, std::void_t<decltype(Trait<T>::value)>> {
    static constexpr bool anything = true;
    static constexpr int value = Trait<T>::value;
};

}  // namespace coma::detail

#endif

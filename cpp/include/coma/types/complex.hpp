// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// Archives save and load std::complex.
#ifndef COMA_TYPES_COMPLEX_HPP
#define COMA_TYPES_COMPLEX_HPP

#include <complex>
#include <type_traits>

#include "../nvp.hpp"
#include "../traits.hpp"
#include "../tree.hpp"

namespace coma {

template <class T>
struct class_level<std::complex<T>> : std::integral_constant<level, level::object> {};
template <class T>
struct class_tracking<std::complex<T>> : std::integral_constant<tracking, tracking::never> {};

template <class Archive, class T>
void save(Archive& archive, const std::complex<T>& number, unsigned) {
    if (!archive.is_boost_form()) archive.put_tree(tree::dict({{"__type__", "complex"}}));
    archive << make_nvp("real", number.real()) << make_nvp("imag", number.imag());
}

template <class Archive, class T>
void load(Archive& archive, std::complex<T>& number, unsigned) {
    T real{};
    T imag{};
    archive >> COMA_NVP(real) >> COMA_NVP(imag);
    number = std::complex<T>(real, imag);
}

}  // namespace coma

#endif

// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// Arrays of numpy as trees {"__type__", "shape", "dtype", "list"}, laid out as Python's half of Coma does, and back.
#ifndef COMA_DETAIL_NUMPY_HPP
#define COMA_DETAIL_NUMPY_HPP

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <complex>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "../errors.hpp"
#include "../tree.hpp"

namespace coma::detail {

inline tree from_python(pybind11::handle object, int depth = 0);
inline pybind11::object to_python(const tree& value);

inline pybind11::object list_to_python(const tree& value) {
    pybind11::list result(value.size());
    for (std::size_t i = 0; i < value.size(); ++i) result[i] = to_python(value[i]);
    return std::move(result);
}

/// The name of a type in files: numpy's, which says the order of bytes where that is not this machine's.
inline std::string dtype_name(const pybind11::dtype& type) {
    const std::string_view named = "biufcO";
    if (type.kind() == 'T') {
        if (!type.equal(pybind11::module_::import("numpy").attr("dtypes").attr("StringDType")()))
            throw pybind11::type_error("an array of " + pybind11::repr(type).cast<std::string>() +
                                       " does not come back as such; store array.tolist()");
        return "T";
    }
    const bool is_native = type.attr("isnative").cast<bool>() && named.find(type.kind()) != named.npos;
    return type.attr(is_native ? "name" : "str").cast<std::string>();
}

template <class T>
tree items_of(const pybind11::array& array) {
    const auto flat = pybind11::array_t<T, pybind11::array::c_style | pybind11::array::forcecast>::ensure(array);
    if (!flat) throw pybind11::error_already_set();
    const T* first = flat.data();
    return tree(tree_list(first, first + flat.size()));
}

/// Real and imaginary parts in turn.
inline tree complex_items_of(const pybind11::array& array) {
    using complex = std::complex<double>;
    const auto flat = pybind11::array_t<complex, pybind11::array::c_style | pybind11::array::forcecast>::ensure(array);
    if (!flat) throw pybind11::error_already_set();
    const double* first = reinterpret_cast<const double*>(flat.data());
    return tree(tree_list(first, first + 2 * flat.size()));
}

/// The texts of some objects: of numbers that a double does not hold.
inline tree texts_of(const pybind11::object& objects) {
    tree_list texts;
    for (const pybind11::handle object : objects) texts.push_back(pybind11::str(object).cast<std::string>());
    return tree(std::move(texts));
}

/// Strings of bytes as texts whose characters are the bytes.
inline tree latin1_of(const pybind11::object& strings) {
    tree_list texts;
    for (const pybind11::handle bytes : strings) texts.push_back(bytes.attr("decode")("latin-1").cast<std::string>());
    return tree(std::move(texts));
}

inline tree array_items(const pybind11::array& array, int depth) {
    const pybind11::object flat = array.attr("ravel")();
    const bool is_long = array.dtype().itemsize() > (array.dtype().kind() == 'c' ? 16 : 8);
    switch (array.dtype().kind()) {
        case 'b': return items_of<bool>(array);
        case 'i': return items_of<std::int64_t>(array);
        case 'u': return items_of<std::uint64_t>(array);
        case 'f': return is_long ? texts_of(flat) : items_of<double>(array);
        case 'c':
            return is_long ? texts_of(flat.attr("view")(flat.attr("real").attr("dtype"))) : complex_items_of(array);
        case 'm':
        case 'M': return items_of<std::int64_t>(flat.attr("astype")("int64"));
        case 'S': return latin1_of(flat.attr("tolist")());
        case 'V':
            throw pybind11::type_error(
                "a structured array has no form as a tree; store each field as an array of its own");
        default: return from_python(flat.attr("tolist")(), depth);
    }
}

/// Numbers are copied without making Python objects of them.
inline tree array_from_python(const pybind11::array& array, int depth) {
    if (pybind11::isinstance(array, pybind11::module_::import("numpy").attr("ma").attr("MaskedArray")))
        throw pybind11::type_error("a masked array loses its mask; store array.data and array.mask, or array.filled()");
    tree shape = tree::list();
    for (pybind11::ssize_t axis = 0; axis < array.ndim(); ++axis) shape.push_back(tree(array.shape(axis)));
    std::string type = dtype_name(array.dtype());
    return tree::dict({{"__type__", "numpy.ndarray"},
                       {"shape", std::move(shape)},
                       {"dtype", std::move(type)},
                       {"list", array_items(array, depth)}});
}

template <class T>
pybind11::array array_of(const tree_list& items) {
    pybind11::array_t<T> array(static_cast<pybind11::ssize_t>(items.size()));
    T* to = array.mutable_data();
    for (const tree& item : items)
        if (!tree_access::to_number(item, *to++)) throw type_error("an array of numbers holds " + in_words(item));
    return std::move(array);
}

/// An array of Python's objects, which numpy would take apart if it made the array of a list.
inline pybind11::object objects_of(const tree& list, const pybind11::dtype& type) {
    pybind11::object array = pybind11::module_::import("numpy").attr("empty")(list.size(), type);
    for (std::size_t i = 0; i < list.size(); ++i) array[pybind11::int_(i)] = to_python(list[i]);
    return array;
}

inline pybind11::object strings_of_bytes(const tree& list) {
    pybind11::list strings;
    for (const tree& text : list.elements()) strings.append(to_python(text).attr("encode")("latin-1"));
    return std::move(strings);
}

/// The items of an array of this type, without its shape.
inline pybind11::object flat_array(const tree& list, const pybind11::dtype& type) {
    const auto make_array = pybind11::module_::import("numpy").attr("array");
    const bool is_long = type.itemsize() > (type.kind() == 'c' ? 16 : 8);
    const tree_list& items = list.elements();
    switch (type.kind()) {
        case 'b': return array_of<bool>(items);
        case 'i':
        case 'm':
        case 'M': return array_of<std::int64_t>(items);
        case 'u': return array_of<std::uint64_t>(items);
        case 'f': return is_long ? make_array(to_python(list), type) : array_of<double>(items);
        case 'c':
            return is_long ? make_array(to_python(list), "longdouble").attr("view")("clongdouble")
                           : array_of<double>(items).attr("view")("complex128");
        case 'O': return objects_of(list, type);
        case 'S': return make_array(strings_of_bytes(list), type);
        default: return make_array(to_python(list), type);
    }
}

/// The numpy array that array_from_python() took apart; without a type, as older files have it, numpy chooses one.
inline pybind11::object array_to_python(const tree& value) {
    const tree& list = value.at("list");
    const tree* name = value.find("dtype");
    pybind11::object flat;
    if (name) {
        const auto type = pybind11::dtype::from_args(pybind11::str(name->get<std::string>()));
        flat = flat_array(list, type).attr("astype")(type, pybind11::arg("copy") = false);
    } else {
        flat = pybind11::module_::import("numpy").attr("array")(to_python(list));
    }
    return flat.attr("reshape")(to_python(value.at("shape")));
}

}  // namespace coma::detail

#endif

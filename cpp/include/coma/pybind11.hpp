// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// Trees and objects with serialize() in Python extensions made with pybind11.
///
///     #include <coma/pybind11.hpp>
///
///     py::class_<Pendulum> cls(module, "Pendulum");
///     cls.def(py::init<>());
///     coma::bind_state<Pendulum>(cls);   // coma_getstate, coma_setstate, pickling, repr
///
/// Functions may take and return coma::tree.
#ifndef COMA_PYBIND11_HPP
#define COMA_PYBIND11_HPP

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <complex>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "detail/tree_iarchive.hpp"
#include "detail/tree_oarchive.hpp"
#include "errors.hpp"
#include "tree.hpp"

namespace coma {
namespace detail {

inline tree from_python(pybind11::handle object);
inline pybind11::object to_python(const tree& value);

/// An integer of any size; only those beyond 64 bits go through their digits.
inline tree integer_from_python(pybind11::handle object) {
    int overflow = 0;
    const long long value = PyLong_AsLongLongAndOverflow(object.ptr(), &overflow);
    return overflow ? tree::big_integer(pybind11::str(object).cast<std::string>()) : tree(value);
}

inline tree dict_from_python(pybind11::handle object) {
    tree result = tree::dict();
    for (const auto& [key, value] : pybind11::reinterpret_borrow<pybind11::dict>(object)) {
        if (!pybind11::isinstance<pybind11::str>(key))
            throw pybind11::type_error("a tree has keys of type str, not " + pybind11::repr(key).cast<std::string>());
        result.add(key.cast<std::string>(), from_python(value));
    }
    return result;
}

inline tree list_from_python(pybind11::handle object) {
    tree_list elements;
    for (const pybind11::handle element : pybind11::reinterpret_borrow<pybind11::iterable>(object))
        elements.push_back(from_python(element));
    return tree(std::move(elements));
}

template <class T>
tree items_of(const pybind11::array& array) {
    const auto flat = pybind11::array_t<T, pybind11::array::c_style | pybind11::array::forcecast>::ensure(array);
    const T* first = flat.data();
    return tree(tree_list(first, first + flat.size()));
}

/// Real and imaginary parts in turn.
inline tree complex_items_of(const pybind11::array& array) {
    using complex = std::complex<double>;
    const auto flat = pybind11::array_t<complex, pybind11::array::c_style | pybind11::array::forcecast>::ensure(array);
    const double* first = reinterpret_cast<const double*>(flat.data());
    return tree(tree_list(first, first + 2 * flat.size()));
}

/// An array as {"__type__", "shape", "dtype", "list"}; its items are copied without making Python objects of them.
inline tree array_from_python(const pybind11::array& array) {
    const char type = array.dtype().kind();
    tree items;
    switch (type) {
        case 'b': items = items_of<bool>(array); break;
        case 'i': items = items_of<std::int64_t>(array); break;
        case 'u': items = items_of<std::uint64_t>(array); break;
        case 'f': items = items_of<double>(array); break;
        case 'c': items = complex_items_of(array); break;
        default: items = from_python(array.attr("ravel")().attr("tolist")());
    }
    tree shape = tree::list();
    for (pybind11::ssize_t axis = 0; axis < array.ndim(); ++axis) shape.push_back(tree(array.shape(axis)));
    return tree::dict({{"__type__", "numpy.ndarray"},
                       {"shape", std::move(shape)},
                       {"dtype", pybind11::str(array.dtype()).cast<std::string>()},
                       {"list", std::move(items)}});
}

/// Whatever has coma_getstate() is asked for its tree.
inline tree from_python(pybind11::handle object) {
    namespace py = pybind11;
    if (object.is_none()) return nullptr;
    if (py::isinstance<py::bool_>(object)) return object.cast<bool>();
    if (PyLong_Check(object.ptr())) return integer_from_python(object);
    if (py::isinstance<py::float_>(object)) return object.cast<double>();
    if (py::isinstance<py::str>(object)) return object.cast<std::string>();
    if (py::isinstance<py::dict>(object)) return dict_from_python(object);
    if (py::isinstance<py::list>(object) || py::isinstance<py::tuple>(object)) return list_from_python(object);
    if (PyComplex_Check(object.ptr()))
        return tree::dict({{"__type__", "complex"},
                           {"real", object.attr("real").cast<double>()},
                           {"imag", object.attr("imag").cast<double>()}});
    if (py::isinstance<py::array>(object)) return array_from_python(py::reinterpret_borrow<py::array>(object));
    if (py::hasattr(object, "coma_getstate")) return from_python(object.attr("coma_getstate")());
    if (py::hasattr(object, "item") && py::hasattr(object, "dtype")) return from_python(object.attr("item")());
    throw py::type_error("a tree cannot hold " + py::repr(object).cast<std::string>() +
                         ": it holds None, bool, int, float, complex, str, list, tuple, dict and numpy arrays");
}

inline pybind11::object integer_to_python(const tree& value) {
    if (std::int64_t small = 0; tree_access::to_number(value, small)) return pybind11::int_(small);
    return pybind11::reinterpret_steal<pybind11::object>(PyLong_FromString(value.integer_text().c_str(), nullptr, 10));
}

template <class T>
pybind11::array array_of(const tree_list& items) {
    pybind11::array_t<T> array(static_cast<pybind11::ssize_t>(items.size()));
    T* to = array.mutable_data();
    for (const tree& item : items)
        if (!tree_access::to_number(item, *to++)) throw type_error("an array of numbers holds " + in_words(item));
    return array;
}

/// The numpy array that array_from_python() took apart.
inline pybind11::object array_to_python(const tree& value) {
    const tree_list& items = value.at("list").elements();
    const pybind11::dtype type(value.get<std::string>("dtype", "float64"));
    pybind11::object flat;
    switch (type.kind()) {
        case 'b': flat = array_of<bool>(items); break;
        case 'i': flat = array_of<std::int64_t>(items); break;
        case 'u': flat = array_of<std::uint64_t>(items); break;
        case 'f': flat = array_of<double>(items); break;
        case 'c': flat = array_of<double>(items).attr("view")("complex128"); break;
        default: flat = pybind11::module_::import("numpy").attr("array")(to_python(value.at("list")), type);
    }
    return flat.attr("astype")(type, pybind11::arg("copy") = false).attr("reshape")(to_python(value.at("shape")));
}

inline pybind11::object dict_to_python(const tree& value) {
    const std::string type = value.get<std::string>("__type__", "");
    if (type == "complex")
        return pybind11::cast(std::complex<double>(value.get<double>("real"), value.get<double>("imag")));
    if (type == "numpy.ndarray") return array_to_python(value);
    pybind11::dict result;
    for (const auto& [key, item] : value.items()) result[pybind11::str(key)] = to_python(item);
    return std::move(result);
}

inline pybind11::object to_python(const tree& value) {
    namespace py = pybind11;
    switch (value.kind()) {
        case kind::boolean: return py::bool_(tree_access::is_true(value));
        case kind::integer: return integer_to_python(value);
        case kind::real: return py::float_(value.get<double>());
        case kind::string: return py::str(*tree_access::text(value));
        case kind::dict: return dict_to_python(value);
        case kind::list: {
            py::list result(value.size());
            for (std::size_t i = 0; i < value.size(); ++i) result[i] = to_python(value[i]);
            return std::move(result);
        }
        default: return py::none();
    }
}

/// `a=1.5, b=[1, 2]`: the members of a state, each in at most 60 characters.
inline std::string members_in_words(const pybind11::object& state) {
    std::string words;
    for (const auto& [key, value] : pybind11::reinterpret_borrow<pybind11::dict>(state)) {
        const std::string shown = pybind11::repr(value).cast<std::string>();
        words.append(words.empty() ? "" : ", ").append(pybind11::str(key).cast<std::string>()).append("=");
        words.append(shown.size() > 60 ? shown.substr(0, 57) + "..." : shown);
    }
    return words;
}

}  // namespace detail

/// Gives a bound class its state: coma_getstate(), coma_setstate(), pickling and a readable repr, from serialize().
/// The class needs a default constructor, in Python too for unpickling.
template <class T, class Class>
Class& bind_state(Class& cls) {
    namespace py = pybind11;
    cls.def(
        "coma_getstate", [](const T& object) { return detail::to_python(to_tree(object)); },
        "Return the state as a tree.");
    cls.def(
        "coma_setstate", [](T& object, const py::object& state) { from_tree(detail::from_python(state), object); },
        py::arg("state"), "Take over the state of a tree.");
    cls.def("__repr__", [](const py::object& self) {
        const std::string name = py::type::of(self).attr("__qualname__").cast<std::string>();
        return name + "(" + detail::members_in_words(self.attr("coma_getstate")()) + ")";
    });
    cls.def(py::pickle([](const T& object) { return detail::to_python(to_tree(object)); },
                       [](const py::object& state) {
                           T object;
                           from_tree(detail::from_python(state), object);
                           return object;
                       }));
    return cls;
}

}  // namespace coma

namespace pybind11::detail {

/// coma::tree as a dict, list, number, string, array or None.
template <>
struct type_caster<coma::tree> {
    PYBIND11_TYPE_CASTER(coma::tree, const_name("object"));

    bool load(handle source, bool) {
        value = coma::detail::from_python(source);
        return true;
    }
    static handle cast(const coma::tree& source, return_value_policy, handle) {
        return coma::detail::to_python(source).release();
    }
};

}  // namespace pybind11::detail

#endif

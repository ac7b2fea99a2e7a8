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
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "detail/numpy.hpp"
#include "detail/tree_iarchive.hpp"
#include "detail/tree_oarchive.hpp"
#include "tree.hpp"

namespace coma {
namespace detail {

/// An integer of any size; only those beyond 64 bits go through their digits.
inline tree integer_from_python(pybind11::handle object) {
    int overflow = 0;
    const long long value = PyLong_AsLongLongAndOverflow(object.ptr(), &overflow);
    return overflow ? tree::big_integer(pybind11::str(object).cast<std::string>()) : tree(value);
}

/// The types that trees hold as dictionaries with a `__type__`, but for arrays and complex numbers: each has one text.
struct text_type {
    const char* name;
    const char* key;
    const char* module;
    const char* type;
};
inline constexpr text_type text_types[] = {{"bytes", "base64", "builtins", "bytes"},
                                           {"datetime", "iso", "datetime", "datetime"},
                                           {"date", "iso", "datetime", "date"},
                                           {"path", "path", "pathlib", "PurePath"}};

inline pybind11::object class_of(const text_type& known) {
    return pybind11::module_::import(known.module).attr(known.type);
}

inline pybind11::object text_to_python(const text_type& known, const tree& value) {
    const pybind11::str text(value.get<std::string>(known.key));
    const std::string_view key = known.key;
    if (key == "base64") return pybind11::module_::import("base64").attr("b64decode")(text);
    return key == "path" ? pybind11::module_::import("pathlib").attr("Path")(text)
                         : class_of(known).attr("fromisoformat")(text);
}

inline tree text_from_python(const text_type& known, pybind11::handle object) {
    const std::string_view key = known.key;
    pybind11::object text;
    if (key == "base64")
        text = pybind11::module_::import("base64").attr("b64encode")(object).attr("decode")("ascii");
    else
        text = key == "path" ? pybind11::str(object) : object.attr("isoformat")();
    tree result = tree::dict({{"__type__", known.name}, {known.key, text.cast<std::string>()}});
    if (key == "iso" && !text_to_python(known, result).equal(object))
        throw pybind11::type_error(pybind11::repr(object).cast<std::string>() +
                                   " is no datetime to the last digit; store it as a numpy.datetime64");
    return result;
}

/// Whether a dictionary whose `__type__` is this name would not come back as a dictionary.
inline bool is_reserved(std::string_view name) noexcept {
    for (const text_type& known : text_types)
        if (name == known.name) return true;
    return name == "numpy.ndarray" || name == "complex";
}

inline tree dict_from_python(pybind11::handle object, int depth) {
    tree result = tree::dict();
    for (const auto& [key, value] : pybind11::reinterpret_borrow<pybind11::dict>(object)) {
        if (!pybind11::isinstance<pybind11::str>(key))
            throw pybind11::type_error("a tree has keys of type str, not " + pybind11::repr(key).cast<std::string>());
        result.add(key.cast<std::string>(), from_python(value, depth + 1));
    }
    if (const tree* type = tree_access::find_key(result, "__type__"))
        if (const std::string* name = tree_access::text(*type); name && is_reserved(*name))
            throw pybind11::type_error("a dictionary has the key '__type__' with the value '" + *name +
                                       "', which marks a stored object; rename the key");
    return result;
}

inline tree list_from_python(pybind11::handle object, int depth) {
    tree_list elements;
    for (const pybind11::handle element : pybind11::reinterpret_borrow<pybind11::iterable>(object))
        elements.push_back(from_python(element, depth + 1));
    return tree(std::move(elements));
}

/// A number of numpy that Python's own types hold as one of these, any other as an array without dimensions.
inline tree scalar_from_python(pybind11::handle object, int depth) {
    const std::string_view kinds = "biufcUS";
    const auto type = object.attr("dtype").cast<pybind11::dtype>();
    const bool is_long = (type.kind() == 'f' && type.itemsize() > 8) || (type.kind() == 'c' && type.itemsize() > 16);
    if (!is_long && kinds.find(type.kind()) != kinds.npos) return from_python(object.attr("item")(), depth + 1);
    return array_from_python(pybind11::module_::import("numpy").attr("asarray")(object), depth);
}

/// Whatever has coma_getstate() is asked for its tree.
inline tree from_python(pybind11::handle object, int depth) {
    namespace py = pybind11;
    if (depth > 200) throw py::value_error("a tree is deeper than 200 levels; does it contain itself?");
    if (object.is_none()) return nullptr;
    if (py::isinstance<py::bool_>(object)) return object.cast<bool>();
    if (PyLong_Check(object.ptr())) return integer_from_python(object);
    if (py::isinstance<py::float_>(object)) return object.cast<double>();
    if (py::isinstance<py::str>(object)) return object.cast<std::string>();
    if (py::isinstance<py::dict>(object)) return dict_from_python(object, depth);
    if (py::isinstance<py::list>(object) || py::isinstance<py::tuple>(object)) return list_from_python(object, depth);
    if (PyComplex_Check(object.ptr()))
        return tree::dict({{"__type__", "complex"},
                           {"real", object.attr("real").cast<double>()},
                           {"imag", object.attr("imag").cast<double>()}});
    if (py::isinstance<py::array>(object)) return array_from_python(py::reinterpret_borrow<py::array>(object), depth);
    if (py::hasattr(object, "coma_getstate")) return from_python(object.attr("coma_getstate")(), depth + 1);
    for (const text_type& known : text_types)
        if (py::isinstance(object, class_of(known))) return text_from_python(known, object);
    if (py::isinstance(object, py::module_::import("numpy").attr("generic"))) return scalar_from_python(object, depth);
    throw py::type_error("a tree cannot hold " + py::repr(object).cast<std::string>() +
                         ": it holds None, bool, int, float, complex, str, bytes, dates, paths, list, tuple, dict and "
                         "numpy arrays");
}

inline pybind11::object integer_to_python(const tree& value) {
    if (std::int64_t small = 0; tree_access::to_number(value, small)) return pybind11::int_(small);
    return pybind11::reinterpret_steal<pybind11::object>(PyLong_FromString(value.integer_text().c_str(), nullptr, 10));
}

inline pybind11::object dict_to_python(const tree& value) {
    const tree* type = tree_access::find_key(value, "__type__");
    const std::string* text = type ? tree_access::text(*type) : nullptr;
    const std::string_view name = text ? *text : std::string_view();
    if (name == "complex")
        return pybind11::cast(std::complex<double>(value.get<double>("real"), value.get<double>("imag")));
    if (name == "numpy.ndarray") return array_to_python(value);
    for (const text_type& known : text_types)
        if (name == known.name) return text_to_python(known, value);
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
        case kind::list: return list_to_python(value);
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

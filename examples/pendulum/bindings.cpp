// SPDX-License-Identifier: BSD-2-Clause
// The pendulum as a Python extension module.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <coma/pybind11.hpp>

#include "pendulum.hpp"

namespace py = pybind11;
using namespace py::literals;
using pendulum::Pendulum;

PYBIND11_MODULE(pendulum_ext, module) {
    module.doc() = "A pendulum released at rest, in C++. Angles in degrees, lengths in metres, times in seconds.";
    module.def("swing_time", py::vectorize(pendulum::swing_time), "theta_0"_a, "theta"_a, "L"_a = 1.0,
               "Time to swing from theta_0 to theta, for numbers or arrays.");
    module.def("small_angle_time", py::vectorize(pendulum::small_angle_time), "theta_0"_a, "theta"_a, "L"_a = 1.0,
               "The same time in the small-angle approximation.");

    py::class_<Pendulum> cls(module, "Pendulum", "The simulation as an object, which tells Coma its state.");
    cls.def(py::init<>())
        .def_readwrite("theta_0", &Pendulum::theta_0)
        .def_readwrite("theta", &Pendulum::theta)
        .def_readwrite("L", &Pendulum::L)
        .def_readonly("t", &Pendulum::t)
        .def_readonly("t_", &Pendulum::t_)
        .def_property_readonly_static("g", [](const py::object&) { return Pendulum::g; })
        .def_property_readonly_static("program", [](const py::object&) { return Pendulum::program; })
        .def_property_readonly_static("version", [](const py::object&) { return Pendulum::version; })
        .def("run", &Pendulum::run, py::call_guard<py::gil_scoped_release>(), "Compute t and t_.");
    coma::bind_state<Pendulum>(cls);
}

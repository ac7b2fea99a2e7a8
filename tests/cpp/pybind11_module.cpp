// SPDX-License-Identifier: BSD-2-Clause
// A Python extension whose classes get their state from serialize().
#include <coma/json.hpp>
#include <coma/pybind11.hpp>
#include <coma/types/complex.hpp>
#include <coma/types/map.hpp>

namespace {

struct layer {
    double thickness = 0.5;
    std::string material = "Si";
    template <class Archive>
    void serialize(Archive& archive, unsigned) {
        archive & COMA_NVP(thickness) & COMA_NVP(material);
    }
};

struct sample {
    std::vector<layer> layers;
    std::complex<double> index{1.5, -0.25};
    std::map<std::string, int> counts{{"a", 1}};
    std::string label = "12\x01";
    bool flag = true;
    template <class Archive>
    void serialize(Archive& archive, unsigned) {
        archive & COMA_NVP(layers) & COMA_NVP(index) & COMA_NVP(counts) & COMA_NVP(label) & COMA_NVP(flag);
    }
};

coma::tree echo(const coma::tree& t) { return t; }

}  // namespace

PYBIND11_MODULE(pybind11_module, module) {
    module.def("echo", &echo);
    module.def("as_json", [](const coma::tree& t) { return coma::to_json("tree", t); });
    module.def("kind", [](const coma::tree& t) { return std::string(coma::name_of(t.kind())); });
    pybind11::class_<sample> cls(module, "Sample");
    cls.def(pybind11::init<>());
    cls.def("add", [](sample& s, double thickness) { s.layers.push_back({thickness, "Ge"}); });
    coma::bind_state<sample>(cls);
}

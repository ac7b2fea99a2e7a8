// SPDX-License-Identifier: BSD-2-Clause
// Any bytes are read or refused with coma::error, as XML tree, as JSON and as archives; what was read comes back equal.
// clang++ -fsanitize=fuzzer,address,undefined
#include <coma/coma.hpp>
#include <coma/detail/json/reader.hpp>
#include <coma/detail/xml/reader.hpp>
#include <coma/types/all.hpp>

#include <cstdlib>

namespace {

struct leaf {
    int n = 0;
    template <class Archive>
    void serialize(Archive& archive, unsigned) {
        archive & COMA_NVP(n);
    }
};

struct node {
    int n = 0;
    std::vector<node> more;
    std::shared_ptr<leaf> shared;
    std::unique_ptr<node> own;
    std::weak_ptr<leaf> weak;
    template <class Archive>
    void serialize(Archive& archive, unsigned) {
        archive & COMA_NVP(n) & COMA_NVP(more) & COMA_NVP(shared) & COMA_NVP(own);
        archive & COMA_NVP(weak);
    }
};

struct everything {
    node first;
    std::map<std::string, double> map;
    std::optional<int> optional;
    std::variant<int, std::string> variant;
    std::set<int> set;
    std::array<double, 2> array{};
    std::bitset<3> bits;
    coma::tree tree;
    template <class Archive>
    void serialize(Archive& archive, unsigned) {
        archive & COMA_NVP(first) & COMA_NVP(map) & COMA_NVP(optional) & COMA_NVP(variant);
        archive & COMA_NVP(set) & COMA_NVP(array) & COMA_NVP(bits) & COMA_NVP(tree);
    }
};

template <class Action>
void refuse_or(Action&& action) {
    try {
        action();
    } catch (const coma::error&) {
        return;
    }
}

void come_back(const coma::tree& tree) {
    const coma::tree back = coma::detail::read_xml(coma::to_xml("m", tree), "m", "again");
    if (!same(tree, back)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    refuse_or([&] { come_back(coma::detail::read_xml(text, "m", "fuzz")); });
    refuse_or([&] { come_back(coma::detail::read_json(text, "fuzz")); });
    refuse_or([&] {
        everything e;
        coma::from_xml(text, "m", e, "fuzz");
    });
    refuse_or([&] {
        node n;
        coma::from_xml(text, "m", n, "fuzz");
    });
    refuse_or([&] {
        everything e;
        coma::from_json(text, "m", e, "fuzz");
    });
    refuse_or([&] {
        node n;
        coma::from_json(text, "m", n, "fuzz");
    });
    return 0;
}

// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// Numbers objects by address and type.
#ifndef COMA_DETAIL_XML_OBJECT_TABLE_HPP
#define COMA_DETAIL_XML_OBJECT_TABLE_HPP

#include <cstddef>
#include <cstdint>

#include "../pod_vector.hpp"

namespace coma::detail {

/// Objects in order of their insertion, found by hash.
class object_table {
public:
    struct entry {
        const void* address = nullptr;
        const void* type = nullptr;
        std::size_t id = 0;
        bool by_pointer = false;
    };

    /// The entry of an object, which stays valid until the next call.
    struct inserted {
        entry* object;
        bool is_new;
    };

    inserted insert(const void* address, const void* type) {
        if (2 * (count_ + 1) > slots_.size()) grow();
        entry* found = find_slot(address, type);
        if (found->address) return {found, false};
        *found = entry{address, type, count_++, false};
        return {found, true};
    }

    /// The entry of an object, or nullptr.
    const entry* find(const void* address, const void* type) noexcept {
        if (slots_.empty()) return nullptr;
        const entry* found = find_slot(address, type);
        return found->address ? found : nullptr;
    }

private:
    entry* find_slot(const void* address, const void* type) noexcept {
        const auto bits = static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(address)) ^
                          static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(type)) << 32;
        std::size_t slot = static_cast<std::size_t>(bits * 0x9E3779B97F4A7C15u >> 20) & (slots_.size() - 1);
        while (slots_[slot].address && (slots_[slot].address != address || slots_[slot].type != type))
            slot = (slot + 1) & (slots_.size() - 1);
        return &slots_[slot];
    }

    void grow() {
        pod_vector<entry> old;
        old.resize(slots_.empty() ? 64 : 2 * slots_.size(), entry());
        old.swap(slots_);
        for (const entry& e : old)
            if (e.address) *find_slot(e.address, e.type) = e;
    }

    pod_vector<entry> slots_;
    std::size_t count_ = 0;
};

}  // namespace coma::detail

#endif

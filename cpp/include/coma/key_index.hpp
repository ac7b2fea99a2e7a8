// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// Finds keys among the entries of a dictionary, quickly also when there are many.
#ifndef COMA_KEY_INDEX_HPP
#define COMA_KEY_INDEX_HPP

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "pod_vector.hpp"
#include "text.hpp"

namespace coma::detail {

/// Positions of keys by hash; entries are any sequence whose elements have a `key`.
class key_index {
public:
    static constexpr std::size_t nowhere = static_cast<std::size_t>(-1);

    /// The position of the entry with this key, or `nowhere`.
    template <class Entries>
    std::size_t find(const Entries& entries, std::string_view key) const noexcept {
        if (!slots_.empty()) return slots_[slot_of(entries, key)];
        std::size_t position = entries.size();
        while (position-- > 0 && !equal(entries[position].key, key)) continue;
        return position;
    }

    /// To be called after an entry was appended.
    template <class Entries>
    void appended(const Entries& entries) {
        std::size_t first = entries.size() - 1;
        if (first < few) return;
        if (slots_.size() < 2 * entries.size()) {
            slots_.fill(slots_.empty() ? 4 * few : 2 * slots_.size(), nowhere);
            first = 0;
        }
        for (; first < entries.size(); ++first) slots_[slot_of(entries, entries[first].key)] = first;
    }

private:
    static constexpr std::size_t few = 16;

    /// The slot of the entry with this key, or the empty one where it belongs.
    template <class Entries>
    std::size_t slot_of(const Entries& entries, std::string_view key) const noexcept {
        std::uint64_t hash = 14695981039346656037u;
        for (const char c : key) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
        std::size_t slot = static_cast<std::size_t>(hash ^ (hash >> 32));
        for (;; ++slot) {
            slot &= slots_.size() - 1;
            if (slots_[slot] == nowhere || equal(entries[slots_[slot]].key, key)) return slot;
        }
    }

    pod_vector<std::size_t> slots_;
};

}  // namespace coma::detail

#endif

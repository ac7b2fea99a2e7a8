// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// Finds keys among the entries of a dictionary, quickly also when there are many.
#ifndef COMA_KEY_INDEX_HPP
#define COMA_KEY_INDEX_HPP

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "pod_vector.hpp"

namespace coma::detail {

/// Positions of keys by hash; entries are any sequence whose elements have a `key`.
class key_index {
public:
    static constexpr std::size_t nowhere = static_cast<std::size_t>(-1);

    /// The position of the entry with this key, or `nowhere`.
    template <class Entries>
    std::size_t find(const Entries& entries, std::string_view key) const noexcept {
        if (slots_.empty()) return find_among_few(entries, key);
        std::size_t slot = first_slot(key);
        for (; slots_[slot] != nowhere; slot = (slot + 1) & (slots_.size() - 1))
            if (entries[slots_[slot]].key == key) return slots_[slot];
        return nowhere;
    }

    /// To be called after an entry was appended.
    template <class Entries>
    void appended(const Entries& entries) {
        if (entries.size() <= few) return;
        if (entries.size() * 2 <= slots_.size()) {
            insert(entries.back().key, entries.size() - 1);
        } else {
            pod_vector<std::size_t> larger;
            larger.resize(slots_.empty() ? 4 * few : slots_.size() * 2, nowhere);
            slots_.swap(larger);
            for (std::size_t i = 0; i < entries.size(); ++i) insert(entries[i].key, i);
        }
    }

private:
    static constexpr std::size_t few = 16;

    template <class Entries>
    static std::size_t find_among_few(const Entries& entries, std::string_view key) noexcept {
        for (std::size_t i = 0; i < entries.size(); ++i)
            if (entries[i].key == key) return i;
        return nowhere;
    }

    std::size_t first_slot(std::string_view key) const noexcept {
        std::uint64_t hash = 14695981039346656037u;
        for (const char c : key) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
        return static_cast<std::size_t>(hash ^ (hash >> 32)) & (slots_.size() - 1);
    }

    void insert(std::string_view key, std::size_t position) noexcept {
        std::size_t slot = first_slot(key);
        while (slots_[slot] != nowhere) slot = (slot + 1) & (slots_.size() - 1);
        slots_[slot] = position;
    }

    pod_vector<std::size_t> slots_;
};

}  // namespace coma::detail

#endif

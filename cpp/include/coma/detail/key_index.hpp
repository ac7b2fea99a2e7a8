// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// Finds keys among the entries of a dictionary, quickly also when there are many.
#ifndef COMA_DETAIL_KEY_INDEX_HPP
#define COMA_DETAIL_KEY_INDEX_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <string_view>

#include "text.hpp"

namespace coma::detail {

/// Positions of keys by hash; entries are any sequence whose elements have a `key`.
class key_index {
public:
    static constexpr std::size_t nowhere = static_cast<std::size_t>(-1);

    key_index() = default;
    key_index(const key_index& other) : slots_(empty_slots(other.size_)), size_(other.size_) {
        if (size_ > 0) std::memcpy(slots_, other.slots_, size_ * sizeof *slots_);
    }
    key_index& operator=(const key_index&) = delete;
    ~key_index() { ::operator delete(slots_); }

    /// The position of the entry with this key, or `nowhere`.
    template <class Entries>
    std::size_t find(const Entries& entries, std::string_view key) const noexcept {
        if (size_ > 0) return slots_[slot_of(entries, key)];
        for (std::size_t position = entries.size(); position > 0; --position)
            if (equal(entries[position - 1].key, key)) return position - 1;
        return nowhere;
    }

    /// To be called after an entry was appended.
    template <class Entries>
    [[gnu::noinline]] void appended(const Entries& entries) {
        std::size_t first = entries.size() - 1;
        if (first < few) return;
        if (size_ < 2 * entries.size()) {
            std::size_t* larger = empty_slots(size_ > 0 ? 2 * size_ : 4 * few);
            ::operator delete(slots_);
            slots_ = larger;
            size_ = size_ > 0 ? 2 * size_ : 4 * few;
            first = 0;
        }
        for (; first < entries.size(); ++first) slots_[slot_of(entries, entries[first].key)] = first;
    }

private:
    static constexpr std::size_t few = 16;

    /// So many times `nowhere`, all of whose bits are set.
    static std::size_t* empty_slots(std::size_t size) {
        const std::size_t bytes = size * sizeof(std::size_t);
        return size > 0 ? static_cast<std::size_t*>(std::memset(::operator new(bytes), 0xFF, bytes)) : nullptr;
    }

    /// The slot of the entry with this key, or the empty one where it belongs.
    template <class Entries>
    std::size_t slot_of(const Entries& entries, std::string_view key) const noexcept {
        std::uint64_t hash = 14695981039346656037u;
        for (std::size_t i = 0; i < key.size(); ++i)
            hash = (hash ^ static_cast<unsigned char>(key.data()[i])) * 1099511628211u;
        std::size_t slot = static_cast<std::size_t>(hash ^ (hash >> 32));
        for (;; ++slot) {
            slot &= size_ - 1;
            if (slots_[slot] == nowhere || equal(entries[slots_[slot]].key, key)) return slot;
        }
    }

    std::size_t* slots_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace coma::detail

#endif

// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// What an archive that loads must remember: objects by their ids, classes with their versions, shared owners.
#ifndef COMA_DETAIL_XML_LOADED_OBJECTS_HPP
#define COMA_DETAIL_XML_LOADED_OBJECTS_HPP

#include <cstddef>
#include <type_traits>

#include "../../traits.hpp"
#include "../numbers.hpp"
#include "../pod_vector.hpp"
#include "document.hpp"
#include "object_table.hpp"

namespace coma::detail {

/// Objects with ids, classes with versions, pointers with owners.
class loaded_objects {
public:
    std::size_t size() const noexcept { return noted_.size(); }

    /// Remembers an object that is being loaded.
    void note(std::size_t id, void* address, const void* type, const xml_element& from) {
        noted_.push_back({id, address, type, &from, false});
        if (id >= by_id_.size() && id < 2 * by_id_.size() + 1000) by_id_.resize(id + 1, nowhere);
        if (id < by_id_.size()) by_id_[id] = noted_.size() - 1;
    }
    void complete(std::size_t id) noexcept {
        if (id < by_id_.size() && by_id_[id] != nowhere) noted_[by_id_[id]].complete = true;
    }

    /// The element of an object that was loaded before.
    const xml_element& element_of(std::size_t id, const xml_document& in, const xml_element& at) const {
        const noted& object = find(id, in, at);
        if (!object.complete) in.fail(at, {"an object refers to itself by value: object_id _", number_text(id)});
        return *object.from;
    }

    /// The address of an object of this type that was loaded before.
    void* address_of(std::size_t id, const void* type, const xml_document& in, const xml_element& at) const {
        const noted& object = find(id, in, at);
        if (object.type != type) in.fail(at, {"the object with object_id _", number_text(id), " is of another class"});
        return object.address;
    }

    /// Follows objects that were noted since then and lie inside something that was moved.
    void moved(std::size_t since, const void* from, std::size_t size, const void* to) noexcept {
        const char* begin = static_cast<const char*>(from);
        for (std::size_t i = since; i < noted_.size(); ++i) {
            const std::ptrdiff_t offset = static_cast<const char*>(noted_[i].address) - begin;
            if (offset >= 0 && offset < static_cast<std::ptrdiff_t>(size))
                noted_[i].address = const_cast<char*>(static_cast<const char*>(to)) + offset;
        }
    }

    /// The version of a class: as on its first object; without one, what the program has.
    unsigned version(const void* type, std::size_t attribute, unsigned known) {
        for (const auto& [key, version] : versions_)
            if (key == type) return version;
        if (attribute == static_cast<std::size_t>(-1)) return known;
        versions_.push_back({type, attribute < 65536 ? static_cast<unsigned>(attribute) : 65536u});
        return versions_.back().version;
    }

    /// Remembers an object that a pointer created, and that may therefore get an owner.
    void created(const void* address, const void* type) {
        if (table_.insert(address, type).is_new) owners_.push_back({nullptr, nullptr, nullptr, false});
    }
    void loaded(const void* address, const void* type) noexcept { find_owner(address, type)->complete = true; }
    bool is_owned(const void* address, const void* type) noexcept { return find_owner(address, type)->object; }

    /// The owner of an object that a pointer created; nullptr if none did, or the owner is of another kind, or it
    /// wants to be alone (`Owner::alone`) while the object is still being loaded.
    template <class Owner>
    Owner* owner_of(const void* address, const void* type) {
        any_owner* found = find_owner(address, type);
        if (!found || (is_alone<Owner>::value && !found->complete)) return nullptr;
        any_owner& owner = *found;
        if (!owner.object) {
            owner.object = new Owner();
            owner.type = &type_key<Owner>::here;
            owner.destroy = [](void* object) { delete static_cast<Owner*>(object); };
        }
        return owner.type == &type_key<Owner>::here ? static_cast<Owner*>(owner.object) : nullptr;
    }

    loaded_objects() = default;
    loaded_objects(const loaded_objects&) = delete;
    loaded_objects& operator=(const loaded_objects&) = delete;
    ~loaded_objects() {
        for (const any_owner& owner : owners_)
            if (owner.object) owner.destroy(owner.object);
    }

private:
    static constexpr std::size_t nowhere = static_cast<std::size_t>(-1);

    struct known_version {
        const void* type;
        unsigned version;
    };

    struct any_owner {
        void* object;
        const void* type;
        void (*destroy)(void*);
        bool complete;
    };

    template <class Owner, class = void>
    struct is_alone : std::false_type {};
    template <class Owner>
    struct is_alone<Owner, std::void_t<typename Owner::alone>> : std::true_type {};

    any_owner* find_owner(const void* address, const void* type) noexcept {
        const object_table::entry* found = table_.find(address, type);
        return found ? &owners_[found->id] : nullptr;
    }

    struct noted {
        std::size_t id;
        void* address;
        const void* type;
        const xml_element* from;
        bool complete;
    };

    const noted& find(std::size_t id, const xml_document& in, const xml_element& at) const {
        if (id >= by_id_.size() || by_id_[id] == nowhere)
            in.fail(at, {"it refers to object_id _", number_text(id), ", which was not read before"});
        return noted_[by_id_[id]];
    }

    pod_vector<noted> noted_;
    pod_vector<std::size_t> by_id_;
    pod_vector<known_version> versions_;
    object_table table_;
    pod_vector<any_owner> owners_;
};

}  // namespace coma::detail

#endif

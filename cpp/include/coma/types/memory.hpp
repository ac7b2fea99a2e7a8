// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// Archives save and load std::unique_ptr, shared_ptr and weak_ptr.
#ifndef COMA_TYPES_MEMORY_HPP
#define COMA_TYPES_MEMORY_HPP

#include <memory>
#include <type_traits>

#include "../nvp.hpp"
#include "../traits.hpp"

namespace coma {

template <class T>
struct class_version<std::shared_ptr<T>> : std::integral_constant<unsigned, 1> {};
template <class T>
struct class_tracking<std::shared_ptr<T>> : std::integral_constant<tracking, tracking::never> {};

namespace detail {

/// A plain form shows what a pointer points to, or null.
template <class Archive, class T>
void save_pointer(Archive& archive, const char* name, const T* pointer) {
    if (archive.is_boost_form())
        archive << make_nvp(name, pointer);
    else if (pointer)
        archive.save_value(*pointer);
    else
        archive.put_tree(nullptr);
}

/// Whether a unique pointer has taken an object.
struct taken {
    using alone = void;
    bool already = false;
};

template <class Archive, class T>
void load_pointer(Archive& archive, const char* name, T*& pointer) {
    if (archive.has_member(name))
        archive >> make_nvp(name, pointer);
    else
        archive.load_value(pointer);
}

}  // namespace detail

template <class Archive, class T>
void save(Archive& archive, const std::unique_ptr<T>& pointer, unsigned) {
    detail::save_pointer(archive, "tx", static_cast<const T*>(pointer.get()));
}

template <class Archive, class T>
void load(Archive& archive, std::unique_ptr<T>& pointer, unsigned) {
    T* loaded = nullptr;
    detail::load_pointer(archive, "tx", loaded);
    if (loaded) {
        detail::taken fresh;
        detail::taken& taken = archive.owner_of(loaded, fresh);
        if (taken.already) archive.fail("two unique pointers point to one object");
        taken.already = true;
    }
    pointer.reset(loaded);
}

template <class Archive, class T>
void save(Archive& archive, const std::shared_ptr<T>& pointer, unsigned) {
    static_assert(class_tracking<T>::value != tracking::never,
                  "what is shared must be tracked, see COMA_CLASS_TRACKING");
    detail::save_pointer(archive, "px", static_cast<const T*>(pointer.get()));
}

/// All pointers to one object share its ownership.
template <class Archive, class T>
void load(Archive& archive, std::shared_ptr<T>& pointer, unsigned) {
    pointer.reset();
    T* loaded = nullptr;
    detail::load_pointer(archive, "px", loaded);
    if (!loaded) return;
    std::shared_ptr<T> fresh;
    std::shared_ptr<T>& owner = archive.owner_of(loaded, fresh);
    if (!owner) owner.reset(loaded);
    pointer = owner;
}

template <class Archive, class T>
void save(Archive& archive, const std::weak_ptr<T>& pointer, unsigned) {
    const std::shared_ptr<T> weak_ptr = pointer.lock();
    if (archive.is_boost_form())
        archive << COMA_NVP(weak_ptr);
    else
        archive.save_value(weak_ptr);
}

template <class Archive, class T>
void load(Archive& archive, std::weak_ptr<T>& pointer, unsigned) {
    std::shared_ptr<T> weak_ptr;
    if (archive.has_member("weak_ptr"))
        archive >> COMA_NVP(weak_ptr);
    else
        archive.load_value(weak_ptr);
    pointer = weak_ptr;
}

}  // namespace coma

#endif

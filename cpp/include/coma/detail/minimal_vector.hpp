// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// A vector that does little and is cheap to compile.
#ifndef COMA_DETAIL_MINIMAL_VECTOR_HPP
#define COMA_DETAIL_MINIMAL_VECTOR_HPP

#include <cstddef>
#include <new>

#include "requirements.hpp"  // IWYU pragma: keep

namespace coma::detail {

/// What std::vector does, as far as trees need it; moving a T must not throw.
template <class T>
class minimal_vector {
public:
    minimal_vector() = default;
    minimal_vector(const minimal_vector& other) : minimal_vector(other.begin(), other.end()) {}
    template <class Iterator>
    minimal_vector(Iterator first, Iterator last) : minimal_vector() {
        reserve(static_cast<std::size_t>(last - first));
        for (; first != last; ++first) push_back(T(*first));
    }
    minimal_vector(minimal_vector&& other) noexcept
        : data_(other.data_), size_(other.size_), capacity_(other.capacity_) {
        other.data_ = nullptr;
        other.size_ = other.capacity_ = 0;
    }
    minimal_vector& operator=(const minimal_vector&) = delete;
    ~minimal_vector() {
        for (std::size_t i = 0; i < size_; ++i) data_[i].~T();
        ::operator delete(static_cast<void*>(data_));
    }

    std::size_t size() const noexcept { return size_; }
    bool empty() const noexcept { return size_ == 0; }
    T& operator[](std::size_t i) noexcept { return data_[i]; }
    const T& operator[](std::size_t i) const noexcept { return data_[i]; }
    T& back() noexcept { return data_[size_ - 1]; }
    const T& back() const noexcept { return data_[size_ - 1]; }
    T* begin() noexcept { return data_; }
    T* end() noexcept { return data_ + size_; }
    const T* begin() const noexcept { return data_; }
    const T* end() const noexcept { return data_ + size_; }

    T& push_back(T&& value) {
        if (size_ == capacity_) reserve(size_ < 4 ? 4 : 2 * size_);
        new (static_cast<void*>(data_ + size_)) T(static_cast<T&&>(value));
        return data_[size_++];
    }

    void pop_back() noexcept { data_[--size_].~T(); }

    void reserve(std::size_t capacity) {
        if (capacity <= capacity_) return;
        T* larger = static_cast<T*>(::operator new(capacity * sizeof(T)));
        for (std::size_t i = 0; i < size_; ++i) {
            new (static_cast<void*>(larger + i)) T(static_cast<T&&>(data_[i]));
            data_[i].~T();
        }
        ::operator delete(static_cast<void*>(data_));
        data_ = larger;
        capacity_ = capacity;
    }

private:
    T* data_ = nullptr;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
};

}  // namespace coma::detail

#endif

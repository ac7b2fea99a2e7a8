// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// A vector of plain data that is cheap to compile.
#ifndef COMA_DETAIL_POD_VECTOR_HPP
#define COMA_DETAIL_POD_VECTOR_HPP

#include <cstddef>
#include <cstdlib>
#include <new>
#include <type_traits>

#include "requirements.hpp"  // IWYU pragma: keep

namespace coma::detail {

/// What std::vector does, for types that can be copied byte by byte.
template <class T>
class pod_vector {
    static_assert(std::is_trivially_copyable_v<T>, "only plain data can be moved by realloc()");

public:
    pod_vector() = default;
    pod_vector(const pod_vector& other) {
        for (std::size_t i = 0; i < other.size_; ++i) push_back(other.data_[i]);
    }
    pod_vector& operator=(const pod_vector&) = delete;
    ~pod_vector() { std::free(data_); }

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

    void push_back(const T& value) {
        const T copy = value;
        if (size_ == capacity_) grow(size_ < 8 ? 16 : 2 * size_);
        data_[size_++] = copy;
    }
    void pop_back() noexcept { --size_; }

    void reserve(std::size_t capacity) {
        if (capacity > capacity_) grow(capacity);
    }

    /// Makes it larger, filled with a value.
    void resize(std::size_t size, const T& value) {
        if (size > capacity_) grow(size);
        while (size_ < size) data_[size_++] = value;
    }

    /// Replaces everything by so many copies of a value.
    void fill(std::size_t size, const T& value) {
        size_ = 0;
        resize(size, value);
    }

    void swap(pod_vector& other) noexcept {
        exchange(data_, other.data_);
        exchange(size_, other.size_);
        exchange(capacity_, other.capacity_);
    }

private:
    template <class U>
    static void exchange(U& a, U& b) noexcept {
        const U old = a;
        a = b;
        b = old;
    }

    void grow(std::size_t capacity) {
        void* larger = std::realloc(static_cast<void*>(data_), capacity * sizeof(T));
        if (!larger) throw std::bad_alloc();
        data_ = static_cast<T*>(larger);
        capacity_ = capacity;
    }

    T* data_ = nullptr;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
};

}  // namespace coma::detail

#endif

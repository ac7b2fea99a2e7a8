// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// Where an archive writes its text.
#ifndef COMA_DETAIL_TEXT_SINK_HPP
#define COMA_DETAIL_TEXT_SINK_HPP

#include <cstddef>
#include <string>
#include <utility>

namespace coma::detail {

/// The end of a string, or a stream that is given the text from time to time.
class text_sink {
public:
    explicit text_sink(std::string& to) noexcept : text_(to) {}
    template <class Stream, class = decltype(std::declval<Stream&>().write(std::declval<const char*>(), 0))>
    explicit text_sink(Stream& to)
        : text_(own_), stream_(&to), write_([](void* stream, const std::string& text) {
              static_cast<Stream*>(stream)->write(text.data(), static_cast<std::ptrdiff_t>(text.size()));
          }) {}
    text_sink(const text_sink&) = delete;
    text_sink& operator=(const text_sink&) = delete;

    /// What is appended here is written.
    std::string& text() noexcept { return text_; }

    void flush() {
        if (!stream_) return;
        write_(stream_, own_);
        own_.clear();
    }
    void flush_if_large() {
        if (own_.size() > 65536) flush();
    }

private:
    std::string own_;
    std::string& text_;
    void* stream_ = nullptr;
    void (*write_)(void*, const std::string&) = nullptr;
};

}  // namespace coma::detail

#endif

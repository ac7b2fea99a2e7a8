// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// Where an archive writes its text.
#ifndef COMA_DETAIL_TEXT_SINK_HPP
#define COMA_DETAIL_TEXT_SINK_HPP

#include <cstddef>
#include <string>
#include <utility>

#include "../errors.hpp"

namespace coma::detail {

/// The end of a string, or a stream that is given the text from time to time.
class text_sink {
public:
    explicit text_sink(std::string& to) noexcept : text_(to) {}
    template <class Stream, class = decltype(std::declval<Stream&>().write(std::declval<const char*>(), 0).flush())>
    explicit text_sink(Stream& to)
        : text_(own_), stream_(&to), write_([](void* stream, const std::string& text) {
              auto& out = *static_cast<Stream*>(stream);
              out.write(text.data(), static_cast<std::ptrdiff_t>(text.size())).flush();
              return !out.fail();
          }) {}
    text_sink(const text_sink&) = delete;
    text_sink& operator=(const text_sink&) = delete;

    /// What is appended here is written.
    std::string& text() noexcept { return text_; }

    /// Gives the stream what it has not got yet; throws file_error if it cannot write.
    void flush() {
        if (!stream_) return;
        const bool written = write_(stream_, own_);
        own_.clear();
        if (!written)
            raise<file_error>(
                {"the stream of an archive cannot be written: see whether its file could be opened, and "
                 "whether the disk is full"});
    }
    void flush_if_large() {
        if (own_.size() > 65536) flush();
    }

private:
    std::string own_;
    std::string& text_;
    void* stream_ = nullptr;
    bool (*write_)(void*, const std::string&) = nullptr;
};

}  // namespace coma::detail

#endif

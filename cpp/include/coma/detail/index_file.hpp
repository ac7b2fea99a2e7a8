// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// The index: the last id in use, changed only under a lock that all languages share.
#ifndef COMA_DETAIL_INDEX_FILE_HPP
#define COMA_DETAIL_INDEX_FILE_HPP

#include <cstdint>
#include <string>
#include <utility>

#include "../errors.hpp"
#include "../tree.hpp"
#include "files.hpp"
#include "lock.hpp"
#include "numbers.hpp"
#include "replace_file.hpp"
#include "text.hpp"
#include "tree_file.hpp"

namespace coma::detail {

/// Where the last id stands in the index, and in the info of an experiment that was archived.
inline constexpr const char* last_id_key = "last_measurement_id";

inline constexpr std::uint64_t largest_id = INT64_MAX;

/// The id that a value is; false for what is none, as 3.0 or true.
inline bool to_id(const tree* value, std::uint64_t& id) noexcept {
    std::int64_t number = -1;
    const bool is_id = value && value->kind() == kind::integer && tree_access::to_number(*value, number) && number >= 0;
    if (is_id) id = static_cast<std::uint64_t>(number);
    return is_id;
}

/// A file with the last id in use.
class index_file {
public:
    explicit index_file(std::string path = {}) : path_(std::move(path)) {}

    const std::string& path() const noexcept { return path_; }

    file_lock lock() const { return file_lock(concat({path_, ".lock"})); }

    std::uint64_t last() const { return last_of(read_tree(path_, root)); }

    /// Whether the index says that a measurement counts; who archives removes the index.
    bool reaches(std::uint64_t id) const {
        try {
            return last() >= id;
        } catch (const file_error&) {
            return false;
        }
    }

    /// Takes the next id.
    std::uint64_t take() const {
        const file_lock held = lock();
        if (!file_exists(path_))
            raise<experiment_error>({"the index '", path_,
                                     "' is gone: the experiment was archived or removed meanwhile; ",
                                     "activate it (in Python: Experiment.activate) to add to it"});
        const std::uint64_t last_id = last();
        write(held, last_id, last_id + 1);
        return last_id + 1;
    }

    /// Writes the last id, unless another process, which took the lock for left behind, did so since it was read.
    void write(const file_lock& held, std::uint64_t before, std::uint64_t id) const {
        if (id > largest_id)
            raise<experiment_error>({"the index '", path_, "' is at ", number_text(before),
                                     ", and there are no ids beyond it; write there the highest id in use"});
        tree index = read_tree(path_, root);
        held.require(last_of(index) <= before);
        index[last_id_key] = id;
        replace_file(path_, tree_text(path_, root, index));
    }

private:
    static constexpr const char* root = "measurements";

    std::uint64_t last_of(const tree& index) const {
        const tree* found = index.find(last_id_key);
        std::uint64_t last_id = 0;
        if (!to_id(found, last_id))
            raise<experiment_error>({"the index '", path_, "' is damaged: ", last_id_key, " is ",
                                     found ? in_words(*found) : "missing",
                                     ", and no whole number from 0 to 2^63 - 1; write there the highest id in use"});
        return last_id;
    }

    std::string path_;
};

}  // namespace coma::detail

#endif

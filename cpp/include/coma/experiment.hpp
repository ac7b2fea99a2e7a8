// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// An experiment: a directory to which measurements are added.
#ifndef COMA_EXPERIMENT_HPP
#define COMA_EXPERIMENT_HPP

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "detail/file_names.hpp"
#include "detail/files.hpp"
#include "detail/lock.hpp"
#include "detail/minimal_vector.hpp"
#include "detail/text.hpp"
#include "detail/tree_file.hpp"
#include "detail/xml/writer.hpp"
#include "errors.hpp"
#include "measurement.hpp"
#include "tree.hpp"

namespace coma {

/// The names of an experiment's files, without suffix.
struct experiment_names {
    std::string experiment = "experiment.${experiment_id}";
    std::string measurement = "measurement.${measurement_id}";
    std::string index = "measurement.index";
};

/// An active experiment in a directory.
///
///     coma::experiment e("pendulum_runs");
///     e.add(m);
class experiment {
public:
    /// Opens the experiment in a directory; creates it if the directory is missing or empty.
    explicit experiment(std::string directory, experiment_names names = {})
        : directory_(std::move(directory)), names_(std::move(names)) {
        if (is_new(detail::list_or_create(directory_))) create();
        open(detail::list_or_create(directory_));
    }

    const std::string& directory() const noexcept { return directory_; }
    const std::string& experiment_file() const noexcept { return experiment_file_; }
    const std::string& index_file() const noexcept { return index_file_; }

    /// The id of the last measurement, 0 if there is none.
    std::uint64_t last_id() const {
        return detail::read_tree(index_file_, "measurements").get<std::uint64_t>(last_id_path);
    }

    /// Writes a measurement under the next id, which is returned.
    std::uint64_t add(const measurement& measured) {
        std::uint64_t written = next_id_;
        std::string text = measured.to_xml(written);  // refuses what XML cannot hold before an id is taken
        for (;;) {
            const std::uint64_t id = take_id();
            next_id_ = id + 1;
            if (id != written) text = measured.to_xml(written = id);
            const std::string file = detail::concat({path(detail::name_with_id(names_.measurement, id)), ".xml"});
            if (detail::try_publish_file(file, text)) return id;
        }
    }

private:
    static constexpr const char* last_id_path = "last_measurement_id";

    std::string path(std::string_view name) const { return detail::join_path(directory_, name); }

    bool is_index(std::string_view name) const {
        return detail::is_archive(name) && detail::without_suffix(name) == names_.index;
    }

    /// Nothing is there, or only the index of an experiment that is just being created.
    bool is_new(const detail::minimal_vector<std::string>& found) const {
        for (const std::string& name : found)
            if (!is_index(name) && !detail::ends_with(name, ".tmp")) return false;
        return true;
    }

    /// Another process may do the same at the same time: whoever comes second finds the files in place.
    void create() const {
        const tree index = tree::dict({{last_id_path, 0}});
        detail::try_publish_file(detail::concat({path(names_.index), ".xml"}), detail::xml_text("measurements", index));
        const tree info = tree::dict({{"experiment_id", nullptr},
                                      {"description", nullptr},
                                      {"tags", tree::list()},
                                      {"start_date", nullptr},
                                      {"end_date", nullptr}});
        const std::string_view name = names_.experiment;
        const std::string_view before = name.substr(0, name.find("${"));
        const std::string_view behind = name.substr(name.find('}') + 1);
        const std::string file = path(detail::concat({before, "none", behind, ".xml"}));
        detail::try_publish_file(file, detail::xml_text("experiment", tree::dict({{"info", info}})));
    }

    void open(const detail::minimal_vector<std::string>& found) {
        for (const std::string& name : found) {
            if (is_index(name)) take_file(index_file_, name, "index files");
            if (!is_index(name) && detail::matches(name, names_.experiment))
                take_file(experiment_file_, name, "experiment files");
        }
        if (experiment_file_.empty())
            detail::raise<experiment_error>({"'", directory_,
                                             "' is no experiment: it is not empty and has no file such as '",
                                             names_.experiment, ".json'; name an experiment's directory or a new one"});
        if (detail::read_tree(experiment_file_, "experiment").has("measurements"))
            detail::raise<experiment_error>({"the experiment in '", directory_,
                                             "' is inactive: its measurements are archived in '", experiment_file_,
                                             "'; activate it (in Python: Experiment.activate) to add to it"});
        if (index_file_.empty())
            detail::raise<experiment_error>({"the experiment in '", directory_, "' has no index file '", names_.index,
                                             ".json' or '.xml', so that ids cannot be given: restore that file"});
        next_id_ = last_id() + 1;
        refuse_stale(found);
    }

    /// A file above the index was never part of the experiment; ids that pass over it would make it so.
    void refuse_stale(const detail::minimal_vector<std::string>& found) const {
        const std::string last = detail::name_with_id(names_.measurement, next_id_ - 1);
        for (const std::string& name : found)
            if (detail::matches(name, names_.measurement) && detail::comes_after(name, last))
                detail::raise<experiment_error>(
                    {"'", path(name), "' lies above the index '", index_file_,
                     "': set last_measurement_id there to the highest id to take it in, or move it elsewhere"});
    }

    void take_file(std::string& file, const std::string& name, const std::string& what) const {
        if (!file.empty())
            detail::raise<experiment_error>({"there are two ", what, ", '", file, "' and '", path(name),
                                             "': remove the one that does not belong there"});
        file = path(name);
    }

    std::uint64_t take_id() const {
        const detail::file_lock lock(detail::concat({index_file_, ".lock"}));
        tree index = detail::read_tree(index_file_, "measurements");
        const std::uint64_t id = index.get<std::uint64_t>(last_id_path) + 1;
        index[last_id_path] = id;
        detail::replace_file(index_file_, detail::tree_text(index_file_, "measurements", index));
        return id;
    }

    std::string directory_;
    experiment_names names_;
    std::string experiment_file_;
    std::string index_file_;
    std::uint64_t next_id_ = 0;  ///< as far as this object knows: other writers take ids, too
};

}  // namespace coma

#endif

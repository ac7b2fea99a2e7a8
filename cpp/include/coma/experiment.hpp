// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// An experiment: a directory to which measurements are added.
#ifndef COMA_EXPERIMENT_HPP
#define COMA_EXPERIMENT_HPP

#include <unistd.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "detail/file_names.hpp"
#include "detail/files.hpp"
#include "detail/index_file.hpp"
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
    /// Opens the experiment in a directory; creates directory and experiment where there is none.
    explicit experiment(std::string directory, experiment_names names = {})
        : directory_(std::move(directory)), names_(std::move(names)) {
        const detail::minimal_vector<std::string> found = detail::list_or_create(directory_);
        if (is_new(found)) create(found);
        open(detail::list_or_create(directory_));
    }

    const std::string& directory() const noexcept { return directory_; }
    const std::string& experiment_file() const noexcept { return experiment_file_; }
    const std::string& index_file() const noexcept { return index_.path(); }

    /// The id of the last measurement, 0 if there is none.
    std::uint64_t last_id() const { return index_.last(); }

    /// Writes a measurement under the next id, and returns the id that it has in the end.
    std::uint64_t add(const measurement& measured) {
        std::uint64_t written = next_id_;
        std::string text = measured.to_xml(written);  // refuses what XML cannot hold before an id is taken
        for (;;) {
            const std::uint64_t id = index_.take();
            next_id_ = id + 1;
            if (id != written) text = measured.to_xml(written = id);
            if (detail::try_publish_file(file_of(id), text)) return index_.reaches(id) ? id : settle(measured, id);
        }
    }

private:
    std::string path(std::string_view name) const { return detail::join_path(directory_, name); }

    bool is_index(std::string_view name) const {
        return detail::is_archive(name) && detail::without_suffix(name) == names_.index;
    }

    /// Nothing of an experiment is there, or only the index of one that is just being created.
    bool is_new(const detail::minimal_vector<std::string>& found) const {
        for (const std::string& name : found)
            if (!is_index(name) &&
                (detail::matches(name, names_.experiment) || detail::matches(name, names_.measurement)))
                return false;
        return true;
    }

    /// Another process may do the same at the same time: whoever comes second finds the files in place.
    void create(const detail::minimal_vector<std::string>& found) const {
        bool has_index = false;
        for (const std::string& name : found) has_index = has_index || is_index(name);
        const std::string index = detail::xml_text("measurements", tree::dict({{detail::last_id_key, 0}}));
        if (!has_index) detail::try_publish_file(detail::concat({path(names_.index), ".xml"}), index);
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
        std::string index;
        for (const std::string& name : found) {
            if (is_index(name)) take_file(index, name, "index files");
            if (!is_index(name) && detail::matches(name, names_.experiment))
                take_file(experiment_file_, name, "experiment files");
        }
        if (experiment_file_.empty())
            detail::raise<experiment_error>(
                {"'", directory_, "' is no experiment: it holds measurements, but no file such as '", names_.experiment,
                 ".json'; restore that file, or name another directory"});
        if (is_inactive(detail::read_tree(experiment_file_, "experiment")))
            detail::raise<experiment_error>({"the experiment in '", directory_,
                                             "' is inactive: its measurements are archived in '", experiment_file_,
                                             "'; activate it (in Python: Experiment.activate) to add to it"});
        if (index.empty())
            detail::raise<experiment_error>({"the experiment in '", directory_, "' has no index file '", names_.index,
                                             ".json' or '.xml', so that ids cannot be given: restore that file"});
        index_ = detail::index_file(std::move(index));
        next_id_ = last_id() + 1;
        refuse_stale(found);
    }

    /// A file above the index was never part of the experiment; ids that pass over it would make it so.
    void refuse_stale(const detail::minimal_vector<std::string>& found) const {
        const std::string last = detail::name_with_id(names_.measurement, next_id_ - 1);
        for (const std::string& name : found)
            if (detail::matches(name, names_.measurement) && detail::comes_after(name, last))
                detail::raise<experiment_error>(
                    {"'", path(name), "' lies above the index '", index_file(),
                     "': set last_measurement_id there to the highest id to take it in, or move it elsewhere"});
    }

    void take_file(std::string& file, const std::string& name, const std::string& what) const {
        if (!file.empty())
            detail::raise<experiment_error>({"there are two ", what, ", '", file, "' and '", path(name),
                                             "': remove the one that does not belong there"});
        file = path(name);
    }

    std::string file_of(std::uint64_t id, std::string_view suffix = ".xml") const {
        return detail::concat({path(detail::name_with_id(names_.measurement, id)), suffix});
    }

    static bool is_inactive(const tree& of) noexcept { return of.has("measurements"); }

    /// The last id that was in use when an experiment was archived.
    static std::uint64_t last_archived(const tree& of) {
        std::uint64_t last = 0, id = 0;
        detail::to_id(of.at("info").find(detail::last_id_key), last);
        for (const tree& archived : of.at("measurements").elements())
            if (detail::to_id(archived.find("info/measurement_id"), id) && id > last) last = id;
        return last;
    }

    /// Makes a measurement count that was published while others archived or reset; returns its id.
    std::uint64_t settle(const measurement& measured, std::uint64_t id) {
        const detail::file_lock held = index_.lock();
        const std::string file = file_of(id);
        if (!detail::file_exists(file)) return id;  // whoever came later archived it, or removed it with all others
        const tree whole = detail::read_tree(experiment_file_, "experiment");
        if (!is_inactive(whole)) return move(held, measured, id);
        if (id <= last_archived(whole)) return id;
        ::unlink(file.c_str());
        detail::raise<experiment_error>({"the measurement was not added: meanwhile the experiment in '", directory_,
                                         "' was reset and archived; activate it (in Python: Experiment.activate) and "
                                         "add the measurement again"});
    }

    /// Gives a measurement an id anew, since the experiment was reset after it took one.
    std::uint64_t move(const detail::file_lock& held, const measurement& measured, std::uint64_t old) {
        const std::uint64_t last = index_.last();
        if (old <= last) return old;
        std::uint64_t id = last + 1;
        while (detail::file_exists(file_of(id)) || detail::file_exists(file_of(id, ".json"))) ++id;
        index_.write(held, last, id);
        detail::publish_file(file_of(id), measured.to_xml(id));
        ::unlink(file_of(old).c_str());
        next_id_ = id + 1;
        return id;
    }

    std::string directory_;
    experiment_names names_;
    std::string experiment_file_;
    detail::index_file index_;
    std::uint64_t next_id_ = 0;  ///< as far as this object knows: other writers take ids, too
};

}  // namespace coma

#endif

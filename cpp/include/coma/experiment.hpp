// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// An experiment: a directory to which measurements are added.
#ifndef COMA_EXPERIMENT_HPP
#define COMA_EXPERIMENT_HPP

#include <dirent.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "errors.hpp"
#include "files.hpp"
#include "json.hpp"
#include "lock.hpp"
#include "measurement.hpp"
#include "numbers.hpp"
#include "small_vector.hpp"
#include "tree.hpp"
#include "xml_tree.hpp"
#include "xml_writer.hpp"

namespace coma {

/// The names of an experiment's files, without suffix.
struct experiment_names {
    std::string experiment = "experiment.${experiment_id}";
    std::string measurement = "measurement.${measurement_id}";
    std::string index = "measurement.index";
};

namespace detail {

/// A name with an id in place of `${...}`, padded to six digits.
inline std::string name_with_id(std::string_view pattern, std::uint64_t id) {
    const std::string digits = numbers::to_text(id);
    const std::size_t begin = pattern.find("${");
    const std::size_t end = pattern.find('}', begin == pattern.npos ? pattern.size() : begin);
    if (end == pattern.npos)
        coma::detail::raise<experiment_error>(
            {"the name '", pattern, "' has no place for an id, such as ${measurement_id}"});
    const std::string_view zeros("000000", digits.size() < 6 ? 6 - digits.size() : 0);
    return concat({pattern.substr(0, begin), zeros, digits, pattern.substr(end + 1)});
}

constexpr bool starts_with(std::string_view text, std::string_view start) noexcept {
    return text.substr(0, start.size()) == start;
}

constexpr bool ends_with(std::string_view text, std::string_view end) noexcept {
    return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

/// Whether a file name ends as those of experiments and measurements do.
constexpr bool is_archive(std::string_view name) noexcept { return ends_with(name, ".json") || ends_with(name, ".xml"); }

/// The name of such a file without .json or .xml.
constexpr std::string_view without_suffix(std::string_view name) noexcept {
    return name.substr(0, name.size() - (ends_with(name, ".xml") ? 4 : 5));
}

/// Whether a file name is a pattern's with an id or `none` in its place, and .json or .xml behind it.
inline bool matches(std::string_view name, std::string_view pattern) {
    const std::string_view before = pattern.substr(0, pattern.find("${"));
    const std::string_view after = pattern.substr(pattern.find('}') + 1);
    if (!is_archive(name)) return false;
    name = without_suffix(name);
    if (name.size() < before.size() + after.size() || !starts_with(name, before) || !ends_with(name, after)) return false;
    const std::string_view id = name.substr(before.size(), name.size() - before.size() - after.size());
    return id == "none" || (!id.empty() && id.find_first_not_of("0123456789") == id.npos);
}

/// Whether a file's name holds a higher id than a name without suffix; longer ids are higher.
inline bool comes_after(std::string_view name, std::string_view last) {
    name = without_suffix(name);
    return name.size() != last.size() ? name.size() > last.size() : name > last;
}

/// The names in a directory; creates the directory if it is missing.
inline small_vector<std::string> list_or_create(const std::string& directory) {
    if (::mkdir(directory.c_str(), 0777) != 0 && errno != EEXIST)
        coma::detail::raise_file_error("cannot create the experiment's directory", directory);
    DIR* opened = ::opendir(directory.c_str());
    if (!opened) coma::detail::raise_file_error("cannot open the experiment's directory", directory);
    small_vector<std::string> names;
    while (const dirent* entry = ::readdir(opened)) {
        const std::string_view name = entry->d_name;
        if (name != "." && name != "..") names.push_back(std::string(name));
    }
    ::closedir(opened);
    return names;
}

/// Reads a tree from a file in JSON or XML, told by its suffix.
inline tree read_archive(const std::string& file, std::string_view root) {
    if (ends_with(file, ".xml")) return xml::to_tree(files::read(file), root, file);
    const tree read = json::to_tree(files::read(file), file);
    if (!read.has(root) || read.size() != 1)
        coma::detail::raise<parse_error>({file, ": the only key should be '", root, "': this is another kind of file"});
    return read.at(root);
}

/// A tree as the text of a file in JSON or XML, told by its suffix.
inline std::string archive_text(const std::string& file, std::string_view root, const tree& value) {
    return ends_with(file, ".xml") ? xml::to_text(root, value) : json::to_text(tree::dict({{root, value}}));
}

}  // namespace detail

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
        return detail::read_archive(index_file_, "measurements").get<std::uint64_t>(last_id_path);
    }

    /// Writes a measurement under the next id, which is returned.
    std::uint64_t add(const measurement& measured) {
        const std::string text = measured.to_xml(0);
        const std::size_t place = text.find(">0</measurement_id>") + 1;
        const std::string_view before(text.data(), place);
        const std::string_view behind(text.data() + place + 1, text.size() - place - 1);
        for (;;) {
            const std::uint64_t id = take_id();
            const std::string file = detail::concat({path(detail::name_with_id(names_.measurement, id)), ".xml"});
            if (files::try_publish(file, detail::concat({before, numbers::to_text(id), behind}))) return id;
        }
    }

private:
    static constexpr const char* last_id_path = "last_measurement_id";

    std::string path(std::string_view name) const { return files::join(directory_, name); }

    bool is_index(std::string_view name) const {
        return detail::is_archive(name) && detail::without_suffix(name) == names_.index;
    }

    /// Nothing is there, or only the index of an experiment that is just being created.
    bool is_new(const detail::small_vector<std::string>& found) const {
        for (const std::string& name : found)
            if (!is_index(name) && !detail::ends_with(name, ".tmp")) return false;
        return true;
    }

    /// Another process may do the same at the same time: whoever comes second finds the files in place.
    void create() const {
        const tree index = tree::dict({{last_id_path, 0}});
        files::try_publish(detail::concat({path(names_.index), ".xml"}), xml::to_text("measurements", index));
        const tree info = tree::dict({{"experiment_id", nullptr},
                                      {"description", nullptr},
                                      {"tags", tree::list()},
                                      {"start_date", nullptr},
                                      {"end_date", nullptr}});
        const std::string_view name = names_.experiment;
        const std::string_view before = name.substr(0, name.find("${"));
        const std::string_view behind = name.substr(name.find('}') + 1);
        const std::string file = path(detail::concat({before, "none", behind, ".xml"}));
        files::try_publish(file, xml::to_text("experiment", tree::dict({{"info", info}})));
    }

    void open(const detail::small_vector<std::string>& found) {
        for (const std::string& name : found) {
            if (is_index(name)) take_file(index_file_, name, "index files");
            if (!is_index(name) && detail::matches(name, names_.experiment))
                take_file(experiment_file_, name, "experiment files");
        }
        if (experiment_file_.empty())
            coma::detail::raise<experiment_error>(
                {"'", directory_, "' is no experiment: it is not empty and has no file such as '", names_.experiment,
                 ".json'; name an experiment's directory or a new one"});
        if (detail::read_archive(experiment_file_, "experiment").has("measurements"))
            coma::detail::raise<experiment_error>(
                {"the experiment in '", directory_, "' is inactive: its measurements are archived in '",
                 experiment_file_, "'; activate it (in Python: Experiment.activate) to add to it"});
        if (index_file_.empty())
            coma::detail::raise<experiment_error>(
                {"the experiment in '", directory_, "' has no index file '", names_.index,
                 ".json' or '.xml', so that ids cannot be given: restore that file"});
        refuse_stale(found);
    }

    /// A file above the index was never part of the experiment; ids that pass over it would make it so.
    void refuse_stale(const detail::small_vector<std::string>& found) const {
        const std::string last = detail::name_with_id(names_.measurement, last_id());
        for (const std::string& name : found)
            if (detail::matches(name, names_.measurement) && detail::comes_after(name, last))
                coma::detail::raise<experiment_error>(
                    {"'", path(name), "' lies above the index '", index_file_,
                     "': set last_measurement_id there to the highest id to take it in, or move it elsewhere"});
    }

    void take_file(std::string& file, const std::string& name, const std::string& what) const {
        if (!file.empty())
            coma::detail::raise<experiment_error>(
                {"there are two ", what, ", '", file, "' and '", path(name),
                 "': remove the one that does not belong there"});
        file = path(name);
    }

    std::uint64_t take_id() const {
        const file_lock lock(detail::concat({index_file_, ".lock"}));
        tree index = detail::read_archive(index_file_, "measurements");
        const std::uint64_t id = index.get<std::uint64_t>(last_id_path) + 1;
        index[last_id_path] = id;
        files::replace(index_file_, detail::archive_text(index_file_, "measurements", index));
        return id;
    }

    std::string directory_;
    experiment_names names_;
    std::string experiment_file_;
    std::string index_file_;
};

}  // namespace coma

#endif

// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// A measurement: one parameter set's run as a tree with info, parameters and results.
#ifndef COMA_MEASUREMENT_HPP
#define COMA_MEASUREMENT_HPP

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "detail/files.hpp"
#include "detail/stand_in.hpp"
#include "detail/system.hpp"
#include "detail/tree_file.hpp"
#include "detail/tree_oarchive.hpp"
#include "detail/xml/writer.hpp"
#include "tree.hpp"

namespace coma {

/// What a program measured, written once as a file.
///
///     coma::measurement m("pendulum", "1.0.0");
///     m["parameters/theta_0"] = -5.0;
///     m["results/t"] = t;
///     m.save("measurement.xml");
class measurement {
public:
    /// Starts now; name and version of the program become part of the info.
    explicit measurement(std::string_view program = {}, std::string_view version = {}) {
        note("start_date", detail::utc_now());
        content_["info/end_date"] = nullptr;
        if (program.size() > 0) note("program", program);
        if (version.size() > 0) note("version", version);
        note("host", detail::host_name());
    }

    /// The value at a path, created on the way.
    tree& operator[](std::string_view path) { return content_[path]; }
    const tree& operator[](std::string_view path) const { return content_.at(path); }
    template <class T>
    T get(std::string_view path) const {
        return content_.get<T>(path);
    }
    bool has(std::string_view path) const noexcept { return content_.has(path); }

    /// Takes over the members of an object with serialize(), for instance `parameters` and `results`.
    template <class T>
    void set(const T& object) {
        const tree members = coma::to_tree(object);
        for (const auto& [key, value] : members.items()) merge(key, value);
    }

    /// Says that the work is done; otherwise it is done when the measurement is saved.
    void finish() { note("end_date", detail::utc_now()); }

    /// Everything as a tree: the info first, beginning with id and dates.
    tree to_tree() const { return to_tree(nullptr); }
    tree to_tree(std::uint64_t id) const { return to_tree(tree(id)); }

    /// Everything as XML.
    std::string to_xml() const { return text("measurement.xml"); }
    std::string to_xml(std::uint64_t id) const { return detail::xml_text("measurement", to_tree(id)); }

    /// Writes a new file, as JSON where its name ends with .json and as XML otherwise, whole or not at all; throws
    /// file_error if it exists already.
    void save(const std::string& file) const { detail::publish_file(file, text(file)); }
    void save(const char* file) const {
        std::string name;
        save(name.append(file));
    }

    /// Reads a measurement's file, JSON where its name ends with .json and XML otherwise.
    static tree load(const std::string& file) { return detail::read_tree(file, "measurement"); }

private:
    [[gnu::noinline]] void note(std::string_view key, std::string_view text) { content_["info"][key] = text; }

    /// The content as the text of a file; where nobody said that the work is done, it is done now.
    [[gnu::noinline]] std::string text(const std::string& file) const {
        const tree now{std::string_view(detail::utc_now())};
        const tree* end_date = content_.find("info/end_date");
        const detail::stand_in other{end_date && end_date->is_null() ? end_date : nullptr, &now};
        return detail::tree_text(file, "measurement", content_, other);
    }

    void merge(const std::string& key, const tree& value) {
        if (!value.is_dict() || !content_.has(key)) {
            content_[key] = value;
            return;
        }
        for (const auto& [inner, member] : value.items()) content_[key][inner] = member;
    }

    tree to_tree(tree id) const {
        const tree& old = content_.at("info");
        tree info = tree::dict();
        if (!id.is_null()) info.add("measurement_id", std::move(id));
        info.add("start_date", old.at("start_date"));
        info.add("end_date", old.at("end_date").is_null() ? tree(detail::utc_now()) : old.at("end_date"));
        for (const auto& [key, value] : old.items())
            if (key != "measurement_id") info.add(key, value);
        tree result = tree::dict({{"info", std::move(info)}});
        for (const auto& [key, value] : content_.items()) result.add(key, value);
        return result;
    }

    tree content_;
};

}  // namespace coma

#endif

// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// A measurement: one parameter set's run as a tree with info, parameters and results.
#ifndef COMA_MEASUREMENT_HPP
#define COMA_MEASUREMENT_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "files.hpp"
#include "system.hpp"
#include "tree.hpp"
#include "xml_oarchive.hpp"
#include "xml_tree.hpp"
#include "xml_writer.hpp"

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
        note("start_date", system::utc_now());
        content_["info/end_date"] = nullptr;
        if (program.size() > 0) note("program", program);
        if (version.size() > 0) note("version", version);
        note("host", system::host_name());
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
    void finish() { note("end_date", system::utc_now()); }

    /// Everything as a tree: the info first, beginning with id and dates.
    tree to_tree() const { return to_tree(nullptr); }
    tree to_tree(std::uint64_t id) const { return to_tree(tree(id)); }

    /// Everything as XML.
    std::string to_xml() const {
        std::string text = xml::to_text("measurement", content_);
        const tree* end_date = content_.find("info/end_date");
        if (end_date && end_date->is_null()) put_end_date(text);
        return text;
    }
    std::string to_xml(std::uint64_t id) const { return xml::to_text("measurement", to_tree(id)); }

    /// Writes a new file, whole or not at all; throws file_error if it exists already.
    void save(const std::string& file) const { files::publish(file, to_xml()); }
    void save(const char* file) const {
        std::string name;
        save(name.append(file));
    }

    /// Reads a measurement's file.
    static tree load(const std::string& file) { return xml::to_tree(files::read(file), "measurement", file); }

private:
    [[gnu::noinline]] void note(std::string_view key, std::string_view text) { content_["info"][key] = text; }

    /// Says in a text that the work is done now, which spares a copy of the tree; the first such line is the info's.
    [[gnu::noinline]] static void put_end_date(std::string& text) {
        const char* missing = "\n    <end_date/>\n";
        const std::size_t place = text.find(missing) + 5;
        text.replace(place, 11, "<end_date></end_date>").insert(place + 10, system::utc_now());
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
        info.add("end_date", old.at("end_date").is_null() ? tree(system::utc_now()) : old.at("end_date"));
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

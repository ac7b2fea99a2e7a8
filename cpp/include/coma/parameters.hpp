// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// The parameters of a program: what it declares and what it was given.
#ifndef COMA_PARAMETERS_HPP
#define COMA_PARAMETERS_HPP

#include <string>
#include <string_view>

#include "detail/declared_parameters.hpp"
#include "detail/numbers.hpp"
#include "detail/text.hpp"
#include "detail/tree_file.hpp"
#include "errors.hpp"
#include "measurement.hpp"
#include "tree.hpp"

namespace coma {

/// The parameters of one run.
class parameters {
public:
    /// A parameter by its name or its path.
    template <class T>
    T get(std::string_view name) const {
        return values_.get<T>(path_of(name));
    }
    /// The same, with a value for when it was neither declared nor given.
    template <class T>
    T get(std::string_view name, const T& otherwise) const {
        return values_.get<T>(path_of(name), otherwise);
    }
    bool has(std::string_view name) const { return values_.has(path_of(name)); }

    /// All parameters at their paths, with those that were given but not declared.
    const tree& all() const noexcept { return values_; }

private:
    friend class program;

    explicit parameters(const detail::declared_parameters& declared) : declared_(&declared) {}

    /// Takes everything in a file that holds nothing but parameters.
    void take_input(const std::string& file) {
        values_ = detail::read_tree(file, "measurement");
        if (!values_.is_dict()) values_ = tree::dict();
        file_ = file;
    }

    /// Takes one argument of the command line; what the input file says cannot be changed.
    void take_argument(const std::string& name, std::string_view text) {
        const detail::declared_parameter& p = *declared_->find(name);
        if (values_.has(p.path))
            detail::raise<usage_error>(
                {"the parameter '", name, "' is given twice: ",
                 file_.empty() ? "name it once" : detail::concat({"by '", file_, "' and as an argument"})});
        if (!p.parse(text, values_[p.path]))
            detail::raise<usage_error>({"--", name, "=", text, ": '", text, "' is not ", p.type_name,
                                        detail::look_of(text) == detail::look::text ? "" : " that its type can hold"});
    }

    /// Takes what is still missing from an earlier measurement, but neither its info nor its results.
    void take_earlier(const std::string& file) {
        const tree earlier = detail::read_tree(file, "measurement");
        file_ = file;
        merge(values_, earlier, true);
    }

    /// Fills in defaults and checks that everything is there.
    void complete() {
        for (const detail::declared_parameter& p : declared_->all()) {
            if (!values_.has(p.path)) {
                if (!p.has_default) detail::raise<usage_error>({missing(p)});
                values_[p.path] = p.otherwise;
            } else if (!p.accepts(values_.at(p.path))) {
                detail::raise<usage_error>({"the parameter '", p.path, "' in '", file_, "' is ",
                                            detail::in_words(values_.at(p.path)), ", but the program needs ",
                                            p.type_name});
            }
        }
    }

    /// Puts all parameters at their paths.
    void record(measurement& into) const {
        for (const auto& [key, value] : values_.items()) merge_into(into, key, value);
    }

    /// Throws error if a simulation has changed a parameter in its measurement.
    void check(const measurement& measured) const {
        for (const detail::declared_parameter& p : declared_->all())
            if (!measured.has(p.path) || !same(measured[p.path], values_.at(p.path)))
                detail::raise<error>(
                    {"the simulation changed '", p.path, "' in the measurement: results belong below 'results'"});
    }

    std::string path_of(std::string_view name) const {
        const detail::declared_parameter* p = declared_->find(name);
        return p ? p->path : std::string(name);
    }

    std::string missing(const detail::declared_parameter& p) const {
        if (!file_.empty())
            return detail::concat(
                {"the parameter '", p.name, "' is missing: '", file_, "' has no '", p.path, "' (", p.help, ")"});
        return detail::concat(
            {"the parameter '", p.name, "' is missing: add --", p.name, "=VALUE (", p.help, ", ", p.type_name, ")"});
    }

    static void merge(tree& into, const tree& from, bool at_top = false) {
        for (const auto& [key, value] : from.items()) {
            if (at_top && (key == "info" || key == "results" || key == "__class__")) continue;
            if (into.has(key) && value.is_dict() && into.at(key).is_dict())
                merge(into[key], value);
            else if (!into.has(key))
                into.add(key, value);
        }
    }

    static void merge_into(measurement& into, const std::string& key, const tree& value) {
        if (into.has(key) && value.is_dict())
            merge(into[key], value);
        else
            into[key] = value;
    }

    const detail::declared_parameters* declared_;
    tree values_ = tree::dict();
    std::string file_;
};

}  // namespace coma

#endif

// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// The parameters of a program: what it declares and what it was given.
#ifndef COMA_PARAMETERS_HPP
#define COMA_PARAMETERS_HPP

#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "errors.hpp"
#include "experiment.hpp"
#include "measurement.hpp"
#include "numbers.hpp"
#include "tree.hpp"

namespace coma {
namespace detail {

template <class T>
struct identity {
    using type = T;
};
template <class T>
using identity_t = typename identity<T>::type;

/// How a type is read from a command line and recognised in a file.
template <class T>
struct parameter_type {
    static_assert(std::is_arithmetic_v<T>, "a parameter is a bool, a number, a std::string or a std::vector of these");
    static const char* name() noexcept {
        return std::is_same_v<T, bool> ? "true or false" : std::is_integral_v<T> ? "an integer" : "a number";
    }
    static bool parse(std::string_view text, tree& value) {
        if constexpr (std::is_same_v<T, bool>) {
            if (text != "true" && text != "false" && text != "1" && text != "0") return false;
            value = text == "true" || text == "1";
        } else {
            T number = 0;
            if (!numbers::parse(text, number)) return false;
            value = number;
        }
        return true;
    }
    static bool accepts(const tree& value) {
        T number{};
        return value.to_number(number);
    }
};

template <>
struct parameter_type<std::string> {
    static const char* name() noexcept { return "a text"; }
    static bool parse(std::string_view text, tree& value) {
        value = text;
        return true;
    }
    static bool accepts(const tree& value) noexcept { return value.text() != nullptr; }
};

template <class T>
struct parameter_type<std::vector<T>> {
    static const char* name() noexcept { return "a list, separated by commas"; }
    static bool parse(std::string_view text, tree& value) {
        value = tree::list();
        while (!text.empty()) {
            const std::size_t comma = text.find(',');
            tree element;
            if (!parameter_type<T>::parse(text.substr(0, comma), element)) return false;
            value.push_back(std::move(element));
            text.remove_prefix(comma == text.npos ? text.size() : comma + 1);
        }
        return true;
    }
    static bool accepts(const tree& value) {
        std::vector<T> elements;
        return get_from_tree<std::vector<T>>::get(value, elements);
    }
};

/// A parameter that a program declares.
struct declared_parameter {
    std::string name;
    std::string help;
    std::string path;
    tree otherwise;
    bool has_default = false;
    bool is_flag = false;
    const char* type_name = nullptr;
    bool (*parse)(std::string_view text, tree& value) = nullptr;
    bool (*accepts)(const tree& value) = nullptr;

    /// Names the path in the measurement, parameters/NAME otherwise.
    declared_parameter& at(std::string where) {
        path = std::move(where);
        return *this;
    }

    std::string help_line() const {
        const std::string value = has_default ? concat({", default ", default_in_words()}) : std::string();
        return concat({"  --", name, "=VALUE  ", help, " (", type_name, value, ")\n"});
    }

private:
    std::string default_in_words() const {
        const std::string text = json::to_text(otherwise);
        std::string words;
        for (const char c : text)
            if (c != '\n' && !(c == ' ' && otherwise.is_list())) words += c;
        return words;
    }
};

template <class T>
declared_parameter make_parameter(std::string name, std::string help) {
    declared_parameter p;
    p.path = concat({"parameters/", name});
    p.name = std::move(name);
    p.help = std::move(help);
    p.is_flag = std::is_same_v<T, bool>;
    p.type_name = parameter_type<T>::name();
    p.parse = parameter_type<T>::parse;
    p.accepts = parameter_type<T>::accepts;
    return p;
}

/// All parameters that a program declares.
class declared_parameters {
public:
    declared_parameter& add(declared_parameter p) {
        if (find(p.name))
            coma::detail::raise<usage_error>({"the parameter '", p.name, "' is declared twice: rename one of the two"});
        return all_.push_back(std::move(p));
    }
    const small_vector<declared_parameter>& all() const noexcept { return all_; }

    /// The parameter with this name or path, or nullptr.
    const declared_parameter* find(std::string_view name) const noexcept {
        for (const declared_parameter& p : all_)
            if (p.name == name || p.path == name) return &p;
        return nullptr;
    }

private:
    small_vector<declared_parameter> all_;
};

}  // namespace detail

/// The parameters of one run.
class parameters {
public:
    explicit parameters(const detail::declared_parameters& declared) : declared_(&declared) {}

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

    /// Takes everything in a file that holds nothing but parameters.
    void take_input(const std::string& file) {
        values_ = detail::read_archive(file, "measurement");
        if (!values_.is_dict()) values_ = tree::dict();
        file_ = file;
    }

    /// Takes one argument of the command line; what the input file says cannot be changed.
    void take_argument(const std::string& name, std::string_view text) {
        const detail::declared_parameter& p = *declared_->find(name);
        if (values_.has(p.path))
            coma::detail::raise<usage_error>(
                {"the parameter '", name, "' is given twice: ",
                 file_.empty() ? "name it once" : detail::concat({"by '", file_, "' and as an argument"})});
        if (!p.parse(text, values_[p.path]))
            coma::detail::raise<usage_error>({"--", name, "=", text, ": '", text, "' is not ", p.type_name});
    }

    /// Takes what is still missing from an earlier measurement, but neither its info nor its results.
    void take_earlier(const std::string& file) {
        const tree earlier = detail::read_archive(file, "measurement");
        file_ = file;
        merge(values_, earlier, true);
    }

    /// Fills in defaults and checks that everything is there.
    void complete() {
        for (const detail::declared_parameter& p : declared_->all()) {
            if (!values_.has(p.path)) {
                if (!p.has_default) coma::detail::raise<usage_error>({missing(p)});
                values_[p.path] = p.otherwise;
            } else if (!p.accepts(values_.at(p.path))) {
                coma::detail::raise<usage_error>(
                    {"the parameter '", p.path, "' in '", file_, "' is ", detail::in_words(values_.at(p.path)),
                     ", but the program needs ", p.type_name});
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
                coma::detail::raise<error>(
                    {"the simulation changed '", p.path, "' in the measurement: results belong below 'results'"});
    }

private:
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

// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// What a program declares about its parameters.
#ifndef COMA_DETAIL_DECLARED_PARAMETERS_HPP
#define COMA_DETAIL_DECLARED_PARAMETERS_HPP

#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "../errors.hpp"
#include "../tree.hpp"
#include "json/writer.hpp"
#include "minimal_vector.hpp"
#include "numbers.hpp"
#include "text.hpp"

namespace coma::detail {

/// How a type is read from a command line and recognised in a file.
template <class T>
struct parameter_type {
    static_assert(std::is_arithmetic_v<T>, "a parameter is a bool, a number, a std::string or a std::vector of these");
    static const char* name() noexcept {
        return std::is_same_v<T, bool> ? "true or false" : std::is_integral_v<T> ? "an integer" : "a number";
    }
    /// The tree gets what was given; the type must be able to hold it.
    static bool parse(std::string_view text, tree& value) {
        if constexpr (std::is_same_v<T, bool>) {
            const bool is_true = text == "1" || equal_ignoring_case(text, "true");
            value = is_true;
            return is_true || text == "0" || equal_ignoring_case(text, "false");
        } else if constexpr (std::is_floating_point_v<T>) {
            double number = 0;
            if (!parse_within_range(text, number)) return false;
            value = number;
            return accepts(look_of(text) == look::integer ? tree::big_integer(text) : value);
        } else {
            T number = 0;
            if (!parse_number(text, number)) return false;
            value = number;
            return true;
        }
    }
    static bool accepts(const tree& value) {
        T number{};
        return tree_access::to_number(value, number);
    }
};

template <>
struct parameter_type<std::string> {
    static const char* name() noexcept { return "a text"; }
    static bool parse(std::string_view text, tree& value) {
        value = text;
        return true;
    }
    static bool accepts(const tree& value) noexcept { return tree_access::text(value) != nullptr; }
};

template <class T>
struct parameter_type<std::vector<T>> {
    static const char* name() noexcept { return "a list, separated by commas"; }
    static bool parse(std::string_view text, tree& value) {
        value = tree::list();
        if (text.empty()) return true;
        for (;;) {
            const std::size_t comma = text.find(',');
            tree element;
            if (!parameter_type<T>::parse(text.substr(0, comma), element)) return false;
            value.push_back(std::move(element));
            if (comma == text.npos) return true;
            text.remove_prefix(comma + 1);
        }
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
        const std::string text = json_text(otherwise);
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
        if (find(p.name)) raise<usage_error>({"the parameter '", p.name, "' is declared twice: rename one of the two"});
        return all_.push_back(std::move(p));
    }
    const minimal_vector<declared_parameter>& all() const noexcept { return all_; }

    /// The parameter with this name or path, or nullptr.
    const declared_parameter* find(std::string_view name) const noexcept {
        for (const declared_parameter& p : all_)
            if (p.name == name || p.path == name) return &p;
        return nullptr;
    }

private:
    minimal_vector<declared_parameter> all_;
};

}  // namespace coma::detail

#endif

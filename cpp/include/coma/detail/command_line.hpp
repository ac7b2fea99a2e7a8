// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// The command line of a program, taken apart.
#ifndef COMA_DETAIL_COMMAND_LINE_HPP
#define COMA_DETAIL_COMMAND_LINE_HPP

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "../errors.hpp"
#include "declared_parameters.hpp"
#include "minimal_vector.hpp"
#include "pod_vector.hpp"
#include "text.hpp"

namespace coma::detail {

/// How many characters must be changed, added or removed to get from one text to the other.
inline std::size_t edit_distance(std::string_view a, std::string_view b) {
    pod_vector<std::size_t> row;
    for (std::size_t j = 0; j <= b.size(); ++j) row.push_back(j);
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            std::size_t best = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            best = row[j] + 1 < best ? row[j] + 1 : best;
            best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
            diagonal = std::exchange(row[j], best);
        }
    }
    return row[b.size()];
}

/// A parameter's name and its value as text.
struct given_value {
    std::string name;
    std::string text;
};

/// Arguments as names and values: --name=value, --name value, or a directory.
class command_line {
public:
    command_line(int argc, const char* const* argv, const declared_parameters& declared) : declared_(declared) {
        for (int i = 1; i < argc; ++i) {
            const std::string_view argument = argv[i];
            if (argument.size() < 3 || argument.substr(0, 2) != "--") {
                take_directory(argument);
                continue;
            }
            const std::size_t equals = argument.find('=');
            const std::string name(argument.substr(2, equals == argument.npos ? argument.npos : equals - 2));
            if (takes_no_value(name, equals != argument.npos, i + 1 < argc ? argv[i + 1] : "")) continue;
            const bool is_next = equals == argument.npos;
            const std::string_view value = !is_next ? argument.substr(equals + 1) : ++i < argc ? argv[i] : "--";
            if (is_next && value.substr(0, 2) == "--")
                raise<usage_error>({"--", name, " needs a value: --", name, "=VALUE"});
            take(name, value);
        }
    }

    bool wants_help() const noexcept { return wants_help_; }
    bool wants_version() const noexcept { return wants_version_; }
    const std::string& directory() const noexcept { return directory_; }
    const std::string& output() const noexcept { return output_; }
    const std::string& input() const noexcept { return input_; }
    const minimal_vector<given_value>& values() const noexcept { return values_; }

private:
    void take_directory(std::string_view argument) {
        if (argument.size() > 1 && argument[0] == '-')
            raise<usage_error>({"'", argument, "' is no option: options start with two dashes; see --help"});
        if (argument.empty()) raise<usage_error>({"the name of the directory is empty: name an experiment"});
        if (!directory_.empty())
            raise<usage_error>({"there are two directories, '", directory_, "' and '", argument,
                                "': only one experiment can be named"});
        directory_ = argument;
    }

    /// Takes --help, --version and flags without a value; what follows a flag is its value, or another option.
    bool takes_no_value(const std::string& name, bool has_value, std::string_view next) {
        if (has_value) return false;
        const declared_parameter* p = declared_.find(name);
        if (p && p->is_flag && (next.empty() || next.substr(0, 2) == "--")) {
            values_.push_back({name, "true"});
            return true;
        }
        if (tree value; p && p->is_flag && !p->parse(next, value))
            raise<usage_error>({"--", name, " ", next, ": '", next, "' is not true or false; write --", name,
                                "=true, or name the directory first"});
        if (p || (name != "help" && name != "version")) return false;
        (name == "help" ? wants_help_ : wants_version_) = true;
        return true;
    }

    void take(const std::string& name, std::string_view value) {
        if (declared_.find(name))
            values_.push_back({name, std::string(value)});
        else if (name == "output" || name == "input")
            take_file(name, value, name == "output" ? output_ : input_);
        else
            raise<usage_error>({"there is no option --", name, nearest(name), "; see --help"});
    }

    static void take_file(const std::string& name, std::string_view value, std::string& file) {
        if (value.empty() || !file.empty())
            raise<usage_error>({"--", name, value.empty() ? " needs a value" : " is given twice", ": name one file"});
        file = value;
    }

    std::string nearest(const std::string& name) const {
        std::string best;
        std::size_t distance = name.size() / 2 + 2;
        const auto consider = [&](const std::string& candidate) {
            const std::size_t d = edit_distance(name, candidate);
            if (d < distance) distance = d, best = candidate;
        };
        for (const declared_parameter& p : declared_.all()) consider(p.name);
        for (const char* other : {"output", "input", "help", "version"}) consider(other);
        return best.empty() ? best : concat({", did you mean --", best, "?"});
    }

    const declared_parameters& declared_;
    minimal_vector<given_value> values_;
    std::string directory_;
    std::string output_;
    std::string input_;
    bool wants_help_ = false;
    bool wants_version_ = false;
};

}  // namespace coma::detail

#endif

// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// A simulation as a program: parameters in, one measurement out.
#ifndef COMA_PROGRAM_HPP
#define COMA_PROGRAM_HPP

#include <unistd.h>

#include <cstdio>
#include <exception>
#include <string>
#include <type_traits>
#include <utility>

#include "detail/command_line.hpp"
#include "detail/declared_parameters.hpp"
#include "detail/files.hpp"
#include "detail/system.hpp"
#include "detail/text.hpp"
#include "errors.hpp"
#include "experiment.hpp"
#include "measurement.hpp"
#include "parameters.hpp"

namespace coma {

/// What main() hands over to: reads parameters, calls the simulation, writes the measurement.
///
///     int main(int argc, char** argv) {
///         coma::program program("pendulum", "1.0.0", "Time for a pendulum to swing from theta_0 to theta");
///         program.parameter<double>("theta_0", "starting angle in degrees");
///         return program.run(argc, argv, [](const coma::parameters& p, coma::measurement& m) {
///             m["results/t"] = swing(p.get<double>("theta_0"));
///         });
///     }
class program {
public:
    program(std::string name, std::string version, std::string description = {})
        : name_(std::move(name)), version_(std::move(version)), description_(std::move(description)) {}

    /// Declares a parameter that must be given. Its path is parameters/NAME, unless `.at("another/path")` follows.
    template <class T>
    detail::declared_parameter& parameter(std::string name, std::string help) {
        return declared_.add(detail::make_parameter<T>(std::move(name), std::move(help)));
    }

    /// Declares a parameter with a default.
    template <class T>
    detail::declared_parameter& parameter(std::string name, std::string help, const std::common_type_t<T>& otherwise) {
        detail::declared_parameter& p = parameter<T>(std::move(name), std::move(help));
        p.otherwise = otherwise;
        p.has_default = true;
        return p;
    }

    /// Runs the simulation, a callable that takes (const coma::parameters&, coma::measurement&).
    /// Returns main()'s exit status: 0, 1 if the simulation failed, 2 if it was called wrongly.
    template <class Simulation>
    int run(int argc, const char* const* argv, Simulation&& simulation) const {
        using callable = std::remove_reference_t<Simulation>;
        return run_erased(
            argc, argv, const_cast<void*>(static_cast<const void*>(&simulation)),
            [](void* object, const parameters& p, measurement& m) { (*static_cast<callable*>(object))(p, m); });
    }

private:
    using simulation_call = void (*)(void*, const parameters&, measurement&);

    int run_erased(int argc, const char* const* argv, void* simulation, simulation_call call) const noexcept;
    std::string help() const;
    parameters read_parameters(const detail::command_line& given) const;
    std::string output_file(const detail::command_line& given) const;
    int simulate(const parameters& p, void* simulation, simulation_call call, const std::string& file,
                 experiment* to) const;
    void write(const measurement& measured, const std::string& file, experiment* to) const;
    int complain(int status, const char* what) const noexcept {
        std::fprintf(stderr, "%s: %s\n", name_.c_str(), what);
        return status;
    }

    std::string name_;
    std::string version_;
    std::string description_;
    detail::declared_parameters declared_;
};

inline std::string program::help() const {
    std::string needed;
    std::string all;
    for (const detail::declared_parameter& p : declared_.all()) {
        if (!p.has_default) needed = detail::concat({needed, " --", p.name, "=VALUE"});
        all.append(p.help_line());
    }
    return detail::concat(
        {name_, " ", version_, "\n", description_, description_.empty() ? "" : "\n", "\nusage: ", name_,
         " [DIRECTORY] [--output FILE] [--input FILE]", needed, "\n\nparameters:\n", all,
         "\nother arguments:\n"
         "  DIRECTORY      an experiment, to which the measurement is added; created if it is missing\n"
         "  --output FILE  write the measurement to this new file (default: to standard output)\n"
         "  --input FILE   take parameters that are not given here from a measurement's file\n"
         "  --help         show this text\n"
         "  --version      show the program's version\n"});
}

inline parameters program::read_parameters(const detail::command_line& given) const {
    parameters result(declared_);
    const std::string file = detail::environment("COMA_INPUT");
    if (!file.empty()) result.take_input(file);
    for (const auto& [name, text] : given.values()) result.take_argument(name, text);
    if (!given.input().empty()) result.take_earlier(given.input());
    result.complete();
    return result;
}

/// The file to write, empty if the measurement goes to an experiment or to standard output.
inline std::string program::output_file(const detail::command_line& given) const {
    std::string file = detail::environment("COMA_OUTPUT");
    if (file.empty()) file = given.output();
    if (file.empty()) return file;
    if (!given.output().empty() && !given.directory().empty())
        detail::raise<usage_error>({"both the directory '", given.directory(), "' and --output ", given.output(),
                                    " are named: the measurement is written to one of them"});
    if (detail::file_exists(file))
        detail::raise<usage_error>(
            {"the output file '", file, "' exists already and is never overwritten: name a new one"});
    if (::access(detail::directory_of(file).c_str(), W_OK) != 0)
        detail::raise_file_error("cannot write to the directory of the output file", file);
    return file;
}

inline void program::write(const measurement& measured, const std::string& file, experiment* to) const {
    if (!file.empty()) return measured.save(file);
    if (to) return static_cast<void>(to->add(measured));
    const std::string text = measured.to_xml();
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
        detail::raise_file_error("cannot write to", "standard output");
}

inline int program::simulate(const parameters& p, void* simulation, simulation_call call, const std::string& file,
                             experiment* to) const {
    try {
        measurement measured(name_, version_);
        p.record(measured);
        call(simulation, p, measured);
        measured.finish();
        p.check(measured);
        write(measured, file, to);
    } catch (const std::exception& e) {
        return complain(1, e.what());
    } catch (...) {
        return complain(1, "the simulation threw something that is no std::exception");
    }
    return 0;
}

inline int program::run_erased(int argc, const char* const* argv, void* simulation,
                               simulation_call call) const noexcept {
    try {
        const detail::command_line given(argc, argv, declared_);
        if (given.wants_help()) return std::fputs(help().c_str(), stdout) < 0 ? 1 : 0;
        if (given.wants_version()) return std::printf("%s %s\n", name_.c_str(), version_.c_str()) < 0 ? 1 : 0;
        const parameters p = read_parameters(given);
        const std::string file = output_file(given);
        if (!file.empty() || given.directory().empty()) return simulate(p, simulation, call, file, nullptr);
        experiment to(given.directory());
        return simulate(p, simulation, call, file, &to);
    } catch (const std::exception& e) {
        return complain(2, e.what());
    }
}

}  // namespace coma

#endif

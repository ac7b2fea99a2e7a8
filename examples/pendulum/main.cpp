// SPDX-License-Identifier: BSD-2-Clause
// The pendulum as a program: by hand `pendulum DIRECTORY --theta_0=-30 --theta=0`, or run by Coma.
#include <coma/program.hpp>
#include <coma/xml_oarchive.hpp>

#include "pendulum.hpp"

int main(int argc, char** argv) {
    using pendulum::Pendulum;
    coma::program program(Pendulum::program, Pendulum::version, "Time for a pendulum to swing from theta_0 to theta");
    program.parameter<double>("theta_0", "starting angle in degrees");
    program.parameter<double>("theta", "final angle in degrees");
    program.parameter<double>("L", "length in metres", 1.0);
    return program.run(argc, argv, [](const coma::parameters& p, coma::measurement& m) {
        Pendulum simulation;
        simulation.theta_0 = p.get<double>("theta_0");
        simulation.theta = p.get<double>("theta");
        simulation.L = p.get<double>("L");
        simulation.run();
        m["results"] = coma::to_tree<pendulum::Results>(simulation);
    });
}

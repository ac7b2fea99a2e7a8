// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <algorithm>
#include <cmath>
#include <coma/nvp.hpp>
#include <limits>
#include <stdexcept>

/// The mathematical pendulum, released at rest. Angles are in degrees from the lowest point, lengths in metres, times
/// in seconds.
namespace pendulum {

constexpr double standard_gravity = 9.80665;  ///< m/s^2, CGPM 1901

/// sin(angle/2) for |angle| <= 360. Degrees are subtracted before they become radians, so that an angle close to upright
/// loses no digits.
inline double sin_half(double degrees) {
    constexpr double pi = 3.14159265358979323846;
    const double from_zero = std::min(std::abs(degrees), 360.0 - std::abs(degrees));
    return std::copysign(std::sin(from_zero * (pi / 360.0)), degrees);
}

/// cos(angle/2) for |angle| <= 180, likewise.
inline double cos_half(double degrees) { return sin_half(180.0 - std::abs(degrees)); }

/// Carlson's symmetric elliptic integral of the first kind,
///
///     R_F(x, y, z) = 1/2 integral from 0 to infinity of dt / sqrt((t + x) (t + y) (t + z)),
///
/// for arguments >= 0 of which at most one is 0, to a few units in the last place. Each turn of the loop makes the
/// arguments four times more alike; a Taylor series in their differences does the rest.
///
/// Reference: B. C. Carlson, Numerical Algorithms 10, 13 (1995), section 2; DLMF 19.36.1, https://dlmf.nist.gov/19.36
inline double carlson_rf(double x, double y, double z) {
    const double nearly_equal = std::pow(3.0 * std::numeric_limits<double>::epsilon(), 1.0 / 6.0);
    double mean = (x + y + z) / 3.0;
    while (std::max({x, y, z}) - std::min({x, y, z}) > nearly_equal * mean) {
        const double lambda = std::sqrt(x * y) + std::sqrt(y * z) + std::sqrt(z * x);
        x = (x + lambda) / 4.0, y = (y + lambda) / 4.0, z = (z + lambda) / 4.0;
        mean = (x + y + z) / 3.0;
    }
    const double X = 1.0 - x / mean, Y = 1.0 - y / mean, Z = -X - Y;
    const double E2 = X * Y - Z * Z, E3 = X * Y * Z;
    return (1.0 - E2 / 10.0 + E3 / 14.0 + E2 * E2 / 24.0 - 3.0 * E2 * E3 / 44.0) / std::sqrt(mean);
}

/// Time from theta_0 down to theta <= 0, in units of sqrt(L/g).
///
/// The substitution sin(phi) = sin(theta/2) / sin(theta_0/2) turns the integral over the angle into Legendre's elliptic
/// integral of the first kind [1]; counted from the turning point (a shift by a quarter period, DLMF 22.4) and written
/// in Carlson's form (DLMF 19.25.5) it is, with k = sin(-theta_0/2), k' = cos(theta_0/2), s = sin(theta/2) / k,
/// c = cos(theta/2),
///
///     sqrt(1 - s^2) R_F((k' s)^2, k'^2, c^2),   1 - s^2 = sin((-theta_0-theta)/2) sin((theta-theta_0)/2) / k^2,
///
/// where nothing cancels, however close theta is to theta_0.
///
/// [1] L. D. Landau and E. M. Lifshitz, Mechanics (1976), section 11, problem 1.
inline double descent(double theta_0, double theta) {
    const double k = sin_half(-theta_0), k_ = cos_half(theta_0);
    const double s = sin_half(theta) / k, c = cos_half(theta);
    const double one_less_s2 = (sin_half(-theta_0 - theta) / k) * (sin_half(theta - theta_0) / k);
    return std::sqrt(one_less_s2) * carlson_rf(k_ * s * k_ * s, k_ * k_, c * c);
}

/// The pendulum swings from theta_0 < 0 to -theta_0: no other start, and no other angle, is part of the motion.
inline void check(double theta_0, double theta, double L) {
    if (!(-180.0 < theta_0 && theta_0 < 0.0)) {
        throw std::domain_error("theta_0 must lie between -180 and 0 degrees, both excluded");
    }
    if (!(std::abs(theta) <= -theta_0)) {
        throw std::domain_error("theta must lie between theta_0 and -theta_0");
    }
    if (!(0.0 < L && L < std::numeric_limits<double>::infinity())) {
        throw std::domain_error("L must be positive and finite");
    }
}

/// Time in seconds that a pendulum of length L, released at rest at theta_0, takes to reach theta. On the way up, a
/// whole swing less the time that is left.
inline double swing_time(double theta_0, double theta, double L = 1.0) {
    check(theta_0, theta, L);
    const double time = theta <= 0.0 ? descent(theta_0, theta) : 2.0 * descent(theta_0, 0.0) - descent(theta_0, -theta);
    return std::sqrt(L / standard_gravity) * time;
}

/// The same time for small angles, where theta(t) = theta_0 cos(t sqrt(g/L)).
inline double small_angle_time(double theta_0, double theta, double L = 1.0) {
    check(theta_0, theta, L);
    return std::sqrt(L / standard_gravity) * std::acos(theta / theta_0);
}

struct Parameters {
    double theta_0 = std::numeric_limits<double>::quiet_NaN();
    double theta = std::numeric_limits<double>::quiet_NaN();
    double L = 1.0;

    template <class Archive>
    void serialize(Archive& archive, unsigned) {
        archive & COMA_NVP(theta_0) & COMA_NVP(theta) & COMA_NVP(L);
    }
};

struct Results {
    double t = std::numeric_limits<double>::quiet_NaN();
    double t_ = std::numeric_limits<double>::quiet_NaN();

    template <class Archive>
    void serialize(Archive& archive, unsigned) {
        archive & COMA_NVP(t) & COMA_NVP(t_);
    }
};

/// The simulation as an object: set the parameters, run, read the results. serialize() says what Coma stores.
class Pendulum : public Parameters, public Results {
public:
    static constexpr const char* program = "pendulum";
    static constexpr const char* version = "1.0.0";
    static constexpr double g = standard_gravity;

    void run() {
        t = swing_time(theta_0, theta, L);
        t_ = small_angle_time(theta_0, theta, L);
    }

    template <class Archive>
    void serialize(Archive& archive, unsigned) {
        Parameters& parameters = *this;
        Results& results = *this;
        archive & COMA_NVP(parameters) & COMA_NVP(results);
    }
};

}  // namespace pendulum

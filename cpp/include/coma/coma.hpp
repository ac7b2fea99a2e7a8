// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// Everything but the standard containers in types/ and the Python bindings in pybind11.hpp.
#ifndef COMA_COMA_HPP
#define COMA_COMA_HPP

// IWYU pragma: begin_exports
#include "errors.hpp"
#include "experiment.hpp"
#include "json.hpp"
#include "measurement.hpp"
#include "nvp.hpp"
#include "parameters.hpp"
#include "program.hpp"
#include "traits.hpp"
#include "tree.hpp"
#include "version.hpp"
#include "xml_iarchive.hpp"
#include "xml_oarchive.hpp"
// IWYU pragma: end_exports

#endif

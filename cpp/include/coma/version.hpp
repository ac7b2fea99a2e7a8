// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// The one source of the project's version.
#ifndef COMA_VERSION_HPP
#define COMA_VERSION_HPP

#include "detail/requirements.hpp"  // IWYU pragma: keep

#define COMA_VERSION "3.0.0.dev0"
#define COMA_VERSION_MAJOR 3
#define COMA_VERSION_MINOR 0
#define COMA_VERSION_PATCH 0

namespace coma {

/// The version of these headers, e.g. "3.0.0".
constexpr const char* version() noexcept { return COMA_VERSION; }

}  // namespace coma

#endif

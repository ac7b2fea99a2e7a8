// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// The tree: null, booleans, numbers, strings, lists and ordered dictionaries.
#ifndef COMA_TREE_HPP
#define COMA_TREE_HPP

// IWYU pragma: begin_exports
#include "detail/tree_class.hpp"
#include "detail/tree_get.hpp"
#include "detail/tree_paths.hpp"
#include "detail/tree_values.hpp"
// IWYU pragma: end_exports

#endif

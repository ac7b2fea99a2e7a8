// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// Archives save and load every standard type that Coma knows.
#ifndef COMA_TYPES_ALL_HPP
#define COMA_TYPES_ALL_HPP

// IWYU pragma: begin_exports
#include "array.hpp"
#include "bitset.hpp"
#include "complex.hpp"
#include "deque.hpp"
#include "forward_list.hpp"
#include "list.hpp"
#include "map.hpp"
#include "memory.hpp"
#include "optional.hpp"
#include "set.hpp"
#include "tuple.hpp"
#include "unordered.hpp"
#include "utility.hpp"
#include "valarray.hpp"
#include "variant.hpp"
#include "vector.hpp"
// IWYU pragma: end_exports

#endif

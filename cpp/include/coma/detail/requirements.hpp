// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// What a compiler must be told so that it can compile Coma; every other header includes this one.
#ifndef COMA_DETAIL_REQUIREMENTS_HPP
#define COMA_DETAIL_REQUIREMENTS_HPP

#if __cplusplus < 201703L
#error "Coma needs C++17: compile with -std=c++17 or newer"
#endif

#if !defined(__cpp_exceptions)
#error "Coma reports errors by exceptions: compile without -fno-exceptions"
#endif

#endif

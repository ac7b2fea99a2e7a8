// SPDX-License-Identifier: BSD-2-Clause
/// \file
/// One value of a tree that is written as another one.
#ifndef COMA_DETAIL_STAND_IN_HPP
#define COMA_DETAIL_STAND_IN_HPP

#include "../tree.hpp"

namespace coma::detail {

/// What stands for one value of a tree when the tree becomes text; spares a copy of the tree in which it is replaced.
struct stand_in {
    const tree* replaced = nullptr;
    const tree* value = nullptr;

    const tree* of(const tree* given) const noexcept { return given == replaced ? value : given; }
};

}  // namespace coma::detail

#endif

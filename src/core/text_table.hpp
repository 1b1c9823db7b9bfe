// SPDX-License-Identifier: MIT
// Columns of a table for a terminal.
#pragma once

#include <string>
#include <vector>

namespace lockstep {

/// One line for each row, two spaces between columns, none at the end of a line. Cells are one line of clean text.
[[nodiscard]] std::string text_table(const std::vector<std::vector<std::string>>& rows);

}  // namespace lockstep

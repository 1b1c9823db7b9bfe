// SPDX-License-Identifier: MIT
// Reading an HTTP answer.
#include "lockstep/ports/http.hpp"

namespace lockstep {

std::string_view HttpResponse::header(std::string_view lower_name) const {
    for (const auto& [name, value] : headers)
        if (name == lower_name) return value;
    return {};
}

}  // namespace lockstep

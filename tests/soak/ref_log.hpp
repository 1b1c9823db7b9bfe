// SPDX-License-Identifier: MIT
// Every change of a ref of the bare repository, in its order, written down by git itself.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "support/git_fixture.hpp"

namespace lockstep::test::soak {

struct RefChange {
    std::string ref, before, after;  ///< ids; "" = none
    std::string told;                ///< `before` as git told it; "" also when whoever changed it did not say
};

class RefLog {
public:
    /// Switches the log on.
    explicit RefLog(const GitRepo& bare);

    /// What has changed since the last time.
    std::vector<RefChange> take();
    /// As of the last take().
    [[nodiscard]] const std::map<std::string, std::string>& refs() const { return refs_; }
    [[nodiscard]] std::string ref(const std::string& name) const;

private:
    GitRepo bare_;
    std::filesystem::path file_;
    std::streamoff read_ = 0;
    std::map<std::string, std::string> refs_;
};

}  // namespace lockstep::test::soak

// SPDX-License-Identifier: MIT
// A reference-transaction hook, and the reading of what it wrote.
#include "soak/ref_log.hpp"

#include <fstream>

namespace lockstep::test::soak {

RefLog::RefLog(const GitRepo& bare) : bare_(bare), file_(bare.path() / "ref-log"), refs_(bare.refs()) {
    bare_.set_hook("reference-transaction", "[ \"$1\" = committed ] && cat >>'" + file_.string() + "'\nexit 0\n");
}

std::string RefLog::ref(const std::string& name) const {
    const auto found = refs_.find(name);
    return found == refs_.end() ? "" : found->second;
}

std::vector<RefChange> RefLog::take() {
    std::vector<RefChange> changes;
    std::ifstream in(file_);
    in.seekg(read_);
    for (std::string before, after, name; in >> before >> after >> name;) {
        read_ = in.tellg();
        if (name.rfind("refs/", 0) != 0) continue;
        // Whoever does not say what he expects there is told with nothing before: his deletion from nothing to nothing.
        // Nobody packs refs here: that is told as if they were deleted.
        for (auto* id : {&before, &after})
            if (id->find_first_not_of('0') == std::string::npos) id->clear();
        const auto was = ref(name);
        if (was == after) continue;
        changes.push_back({name, was, after, before});
        if (after.empty())
            refs_.erase(name);
        else
            refs_[name] = after;
    }
    return changes;
}

}  // namespace lockstep::test::soak

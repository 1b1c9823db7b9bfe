// SPDX-License-Identifier: MIT
// lockstep.yaml: any bytes give a configuration or mistakes that can be shown.
#include "edges/yaml_config.hpp"
#include "fuzz/support/fuzz_input.hpp"
#include "lockstep/core/check.hpp"

using namespace lockstep;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto text = fuzz::input_text(data, size);
    for (const bool machine : {false, true}) {
        Config config, again;
        const auto mistakes = load_yaml(text, "lockstep.yaml", machine, config);
        int line = 1;
        for (const auto& mistake : mistakes) {
            LOCKSTEP_CHECK(mistake.line >= line && mistake.column >= 1);
            line = mistake.line;
            LOCKSTEP_CHECK(!mistake.text.empty());
            fuzz::check_clean_line(mistake.text);
            fuzz::check_clean_line(mistake_line(mistake));
        }
        LOCKSTEP_CHECK(load_yaml(text, "lockstep.yaml", machine, again) == mistakes);
        LOCKSTEP_CHECK(again == config);
    }
    return 0;
}

// SPDX-License-Identifier: MIT
// Arguments of ssh, as hives and deploy-rs hand them on. They come out of the repository, so only what cannot run a
// program, open a file or move trust is taken.
#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "lockstep/adapters/fleet_sources.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::deploy {

namespace {

/// Letters of ssh that have a value.
constexpr std::string_view k_with_value = "BbcDEeFIiJLlmOopQRSWw";

class Arguments {
public:
    Arguments(std::string who, FleetRecord& record, std::vector<std::string>& notices)
        : who_(std::move(who)), record_(record), notices_(notices) {}

    void take(const std::vector<std::string>& words) {
        for (std::size_t at = 0; at < words.size(); ++at) {
            const auto& word = words[at];
            if (word.size() < 2 || word.front() != '-') {
                refuse(word);
            } else if (k_with_value.find(word[1]) == std::string_view::npos) {
                for (const char letter : word.substr(1)) take_switch(letter);
            } else if (word.size() > 2) {
                take_value(word[1], std::string(trim(std::string_view(word).substr(2))));
            } else if (at + 1 < words.size()) {
                take_value(word[1], words[++at]);
            } else {
                refuse(word);
            }
        }
    }

private:
    void take_switch(char letter) {
        if (letter == 'C') return add("Compression=yes");
        if (letter == '4') return add("AddressFamily=inet");
        if (letter == '6') return add("AddressFamily=inet6");
        if (std::string_view("qvTtan").find(letter) != std::string_view::npos) return;  // says nothing to us
        refuse(std::string("-") + letter);
    }

    void take_value(char letter, const std::string& value) {
        if (letter == 'o') return take_option(value);
        if (letter == 'p') {
            int port = 0;
            const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), port);
            if (error == std::errc() && end == value.data() + value.size() && !fleet::check_field("port", port))
                return set(&FleetRecord::port, port);
        }
        if (letter == 'l' && !fleet::check_user(value)) return set(&FleetRecord::user, value);
        if (letter == 'J' && !fleet::check_jump(value)) return set(&FleetRecord::jump, value);
        if (letter == 'c' && !value.empty()) return take_option("Ciphers=" + value);
        if (letter == 'm' && !value.empty()) return take_option("MACs=" + value);
        if (letter == 'b' && !value.empty()) return take_option("BindAddress=" + value);
        refuse(fmt::format("-{} {}", letter, value));
    }

    /// "Name=value" or "Name value".
    void take_option(std::string option) {
        if (option.find('=') == std::string::npos)
            if (const auto space = option.find(' '); space != std::string::npos)
                option = fmt::format("{}={}", option.substr(0, space), trim(std::string_view(option).substr(space)));
        const auto equals = option.find('=');
        const auto name = option.substr(0, equals);
        const auto value = equals == std::string::npos ? std::string() : option.substr(equals + 1);
        for (const auto& [known, letter] :
             {std::pair{"Port", 'p'}, std::pair{"User", 'l'}, std::pair{"ProxyJump", 'J'}})
            if (name == known) return take_value(letter, value);
        if (fleet::check_ssh_option(option) || !fleet::is_harmless_ssh_option(option)) return refuse("-o " + option);
        add(option);
    }

    void add(const std::string& option) {
        if (!record_.ssh_options) record_.ssh_options.emplace();
        record_.ssh_options->push_back(option);
    }

    /// ssh takes the first of two values.
    template <class Value>
    void set(std::optional<Value> FleetRecord::*member, const Value& value) {
        auto& seen = taken(member);
        if (!seen) record_.*member = value;
        seen = true;
    }
    bool& taken(std::optional<int> FleetRecord::* /*member*/) { return port_; }
    bool& taken(std::optional<std::string> FleetRecord::*member) {
        return member == &FleetRecord::user ? user_ : jump_;
    }

    void refuse(const std::string& word) {
        notices_.push_back(
            fmt::format("{}: the ssh argument `{}` is left out; if it is needed, say so in the machine's "
                        "own configuration",
                        who_, clean_line(word, 80)));
    }

    std::string who_;
    FleetRecord& record_;
    std::vector<std::string>& notices_;
    bool port_ = false, user_ = false, jump_ = false;
};

}  // namespace

void take_ssh_arguments(const std::vector<std::string>& arguments, const std::string& who, FleetRecord& record,
                        std::vector<std::string>& notices) {
    Arguments(who, record, notices).take(arguments);
}

}  // namespace lockstep::deploy

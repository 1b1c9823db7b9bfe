// SPDX-License-Identifier: MIT
// Selectors are worked out while they are read, with two stacks (operators and sets of hosts): nesting costs memory
// that is bounded, never stack.
#include "lockstep/core/selector.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "core/selector_tokens.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/target.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

using selector::Token;
using selector::TokenKind;
using selector::wrong_selector;
/// By index of the host's name. The last one is a host that no word stands for: who has it means all but some.
using Hosts = std::vector<bool>;

constexpr std::size_t k_deepest = 64;

int strength(TokenKind kind) {
    switch (kind) {
        case TokenKind::except:
            return 3;
        case TokenKind::both:
            return 2;
        case TokenKind::either:
            return 1;
        default:
            return 0;
    }
}

/// What the atoms of a selector stand for.
class Atoms {
public:
    explicit Atoms(const SelectorWorld& world)
        : world_(world), names_(world.fleet.names()), members_(world.fleet.members()) {
        for (std::size_t i = 0; i < names_.size(); ++i) index_[names_[i]] = i;
    }

    [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
    [[nodiscard]] Hosts none() const { return Hosts(names_.size() + 1, false); }

    Result<Hosts> hosts(const Token& token) {
        switch (token.kind) {
            case TokenKind::all:
                return all();
            case TokenKind::standard_input:
                return listed();
            case TokenKind::tag:
                return tagged(token.text);
            case TokenKind::predicate:
                if (token.maybe_name && index_.count(token.text) > 0) return named(token.text);
                return holding(token.text);
            default:
                return named(token.text);
        }
    }

private:
    static Error unknown(std::string_view what, const std::string& word, const std::vector<std::string>& known,
                         const std::string& prefix, const std::string& otherwise) {
        const auto near = nearest(word, known);
        return {ErrorKind::usage, fmt::format("no host {} `{}{}`", what, prefix, clean_line(word, 80)), "",
                near.empty() ? otherwise : fmt::format("did you mean `{}{}`?", prefix, near)};
    }

    [[nodiscard]] Hosts all() const {
        Hosts hosts(names_.size() + 1, true);
        hosts.back() = false;
        return hosts;
    }

    Result<Hosts> named(const std::string& word) const {
        auto hosts = none();
        if (const auto found = index_.find(word); found != index_.end()) {
            hosts[found->second] = true;
            return hosts;
        }
        bool any = false;
        for (std::size_t i = 0; i < names_.size(); ++i) {
            hosts[i] = glob_match(word, names_[i]);
            any = any || hosts[i];
        }
        if (any) return hosts;
        const bool glob = word.find_first_of("*?[") != std::string::npos;
        if (!glob && members_.count(word) > 0)
            return Error{ErrorKind::usage, fmt::format("no host is called `{}`", clean_line(word, 80)), "",
                         fmt::format("it is a tag: `@{}`", word)};
        return unknown(glob ? "has a name like" : "is called", word, names_, "",
                       "`lockstep fleet info` lists the hosts");
    }

    Result<Hosts> tagged(const std::string& word) const {
        auto hosts = none();
        bool any = false;
        std::vector<std::string> known;
        const auto exact = members_.find(word);
        for (const auto& [tag, carriers] : members_) {
            known.push_back(tag);
            if (exact != members_.end() ? tag != word : !glob_match(word, tag)) continue;
            for (const auto& name : carriers) hosts[index_.at(name)] = any = true;
        }
        if (any) return hosts;
        return unknown("has the tag", word, known, "@",
                       known.empty() ? "no host has a tag" : "there are @" + clean_line(join(known, ", @"), 300));
    }

    Result<Hosts> listed() const {
        constexpr std::size_t k_most = 1 << 20;
        if (world_.standard_input.size() > k_most)
            return Error{ErrorKind::usage, "standard input holds more than 1 MiB of names", "", ""};
        auto hosts = none();
        for (const auto& line : lines_of(world_.standard_input)) {
            for (const auto& word : words(std::string_view(line).substr(0, line.find('#')))) {
                const auto found = index_.find(word);
                if (found == index_.end()) {
                    auto error = unknown("is called", word, names_, "", "standard input holds names, one per line");
                    error.why = "from standard input";
                    return error;
                }
                hosts[found->second] = true;
            }
        }
        return hosts;
    }

    Result<Hosts> holding(const std::string& predicate) {
        if (const auto known = answers_.find(predicate); known != answers_.end()) return known->second;
        LOCKSTEP_TRY(const auto found, world_.predicate(predicate));
        auto hosts = none();
        for (const auto& name : found)
            if (const auto at = index_.find(name); at != index_.end()) hosts[at->second] = true;
        answers_[predicate] = hosts;
        return hosts;
    }

    const SelectorWorld& world_;
    std::vector<std::string> names_;
    std::map<std::string, std::vector<std::string>> members_;
    std::map<std::string, std::size_t> index_;
    std::map<std::string, Hosts> answers_;
};

/// One expression.
class Reader {
public:
    Reader(std::string_view expression, Atoms& atoms) : expression_(expression), atoms_(atoms) {}

    Result<Hosts> read() {
        LOCKSTEP_TRY(const auto tokens, selector::tokens_of(expression_));
        if (tokens.empty())
            return Error{ErrorKind::usage, "a selector is empty", "", "`*` (or --all) selects every host"};
        bool operand_next = true;
        for (const auto& token : tokens) {
            LOCKSTEP_TRY_VOID(take(token, operand_next));
            if (operators_.size() > k_deepest)
                return wrong_selector(expression_, token.column, "it nests deeper than 64 levels");
        }
        const auto end = expression_.size() + 1;
        if (operand_next) return wrong_selector(expression_, end, "something is missing at its end");
        while (!operators_.empty()) {
            if (operators_.back().kind == TokenKind::open)
                return wrong_selector(expression_, operators_.back().column, "this parenthesis is never closed");
            apply();
        }
        return std::move(sets_.back());
    }

private:
    Result<void> take(const Token& token, bool& operand_next) {
        const bool prefix = token.kind == TokenKind::except || token.kind == TokenKind::open;
        const bool infix = token.kind == TokenKind::both || token.kind == TokenKind::either;
        const auto text = clean_line(token.text, 80);
        if (infix || token.kind == TokenKind::close) {
            if (operand_next)
                return wrong_selector(expression_, token.column, fmt::format("nothing stands before `{}`", text));
            if (token.kind == TokenKind::close) return close(token);
            while (!operators_.empty() && strength(operators_.back().kind) >= strength(token.kind)) apply();
            operators_.push_back(token);
            operand_next = true;
            return {};
        }
        if (!operand_next)
            return wrong_selector(expression_, token.column, fmt::format("no `&`, `|` or `,` before `{}`", text));
        if (prefix) {
            operators_.push_back(token);
            return {};
        }
        LOCKSTEP_TRY(auto hosts, atoms_.hosts(token));
        sets_.push_back(std::move(hosts));
        operand_next = false;
        return {};
    }

    Result<void> close(const Token& token) {
        while (!operators_.empty() && operators_.back().kind != TokenKind::open) apply();
        if (operators_.empty()) return wrong_selector(expression_, token.column, "this parenthesis was never opened");
        operators_.pop_back();
        return {};
    }

    /// The last operator, on the last sets: there are always enough of them.
    void apply() {
        const auto kind = operators_.back().kind;
        operators_.pop_back();
        if (kind == TokenKind::except) {
            sets_.back().flip();
            return;
        }
        const auto right = std::move(sets_.back());
        sets_.pop_back();
        auto& left = sets_.back();
        for (std::size_t i = 0; i < left.size(); ++i)
            left[i] = kind == TokenKind::both ? left[i] && right[i] : left[i] || right[i];
    }

    std::string_view expression_;
    Atoms& atoms_;
    std::vector<Token> operators_;
    std::vector<Hosts> sets_;
};

/// As part of a longer expression with `&`.
std::string in_parentheses(const std::string& expression) {
    return expression.find_first_of("|,") == std::string::npos ? expression : "(" + expression + ")";
}

/// `all_but`: by expression, whether it means all hosts but some.
Error adds_all_but(const std::vector<std::string>& expressions, const std::vector<bool>& all_but) {
    std::vector<std::string> wanted, parts;
    std::string first;
    for (std::size_t n = 0; n < expressions.size(); ++n) {
        if (!all_but[n]) wanted.push_back(expressions[n]);
        if (all_but[n] && first.empty()) first = expressions[n];
    }
    if (!wanted.empty()) parts.push_back(in_parentheses(join(wanted, " | ")));
    for (std::size_t n = 0; n < expressions.size(); ++n)
        if (all_but[n]) parts.push_back(in_parentheses(expressions[n]));
    return {ErrorKind::usage, fmt::format("`{}` cannot stand beside other selectors", clean_line(first, 80)),
            "several add up, and it means all hosts but some: together they would select nearly every host",
            fmt::format("to leave hosts out, write '{}'", clean_line(join(parts, " & "), 200))};
}

}  // namespace

const std::vector<std::string>& selector_predicates() {
    static const std::vector<std::string> words{"changed", "needs-reboot", "failed(last)", "unreachable(last)"};
    return words;
}

Result<std::vector<std::string>> select_hosts(const std::vector<std::string>& expressions, const SelectorWorld& world) {
    Atoms atoms(world);
    auto chosen = atoms.none();
    std::vector<bool> all_but;
    for (const auto& expression : expressions) {
        LOCKSTEP_TRY(const auto hosts, Reader(expression, atoms).read());
        for (std::size_t i = 0; i < chosen.size(); ++i) chosen[i] = chosen[i] || hosts[i];
        all_but.push_back(hosts.back());
    }
    if (expressions.size() > 1 && chosen.back()) return adds_all_but(expressions, all_but);
    std::vector<std::string> result;
    for (std::size_t i = 0; i < atoms.names().size(); ++i)
        if (chosen[i]) result.push_back(atoms.names()[i]);
    if (!result.empty()) return result;
    if (atoms.names().empty())
        return Error{ErrorKind::usage, "the fleet has no hosts", "", "see \"The fleet\" in docs/DEPLOY.md"};
    return Error{ErrorKind::usage, fmt::format("no host is selected by `{}`", clean_line(join(expressions, " "), 200)),
                 "", "`lockstep fleet info` lists the hosts and their tags"};
}

bool reads_standard_input(const std::vector<std::string>& expressions) {
    return std::any_of(expressions.begin(), expressions.end(), [](const std::string& expression) {
        const auto tokens = selector::tokens_of(expression);
        return tokens.ok() && std::any_of(tokens->begin(), tokens->end(),
                                          [](const Token& token) { return token.kind == TokenKind::standard_input; });
    });
}

}  // namespace lockstep

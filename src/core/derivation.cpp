// SPDX-License-Identifier: MIT
// A reader for the ATerm text of derivation files. Strict about structure, tolerant about content: strings may hold any
// byte. Both headers are understood: `Derive(` and `DrvWithVersion("xp-dyn-drv",` (dynamic derivations, Nix ≥ 2.17).
#include "lockstep/core/derivation.hpp"

#include <fmt/format.h>

#include <utility>

namespace lockstep {

namespace {

constexpr int k_max_dynamic_depth = 32;

/// Every read_ function returns false at the first surprise; `position` then is the place of it.
class Reader {
public:
    explicit Reader(std::string_view text) : text_(text) {}

    [[nodiscard]] std::size_t position() const { return at_; }
    [[nodiscard]] bool at_end() const { return at_ == text_.size(); }
    [[nodiscard]] bool next_is(char c) const { return at_ < text_.size() && text_[at_] == c; }

    bool skip(std::string_view expected) {
        if (text_.substr(at_, expected.size()) != expected) return false;
        at_ += expected.size();
        return true;
    }

    bool string(std::string& out) {
        if (!skip("\"")) return false;
        out.clear();
        for (;;) {
            const auto special = text_.find_first_of("\"\\", at_);
            if (special == std::string_view::npos) return fail_at_end();
            out.append(text_.substr(at_, special - at_));
            at_ = special + 1;
            if (text_[special] == '"') return true;
            if (at_ == text_.size()) return false;
            out += unescape(text_[at_++]);
        }
    }

    /// "[" element "," element … "]"
    template <class ReadElement>
    bool list(ReadElement read_element) {
        if (!skip("[")) return false;
        if (skip("]")) return true;
        do {
            if (!read_element()) return false;
        } while (skip(","));
        return skip("]");
    }

    bool strings(std::vector<std::string>& out) {
        return list([&] { return string(out.emplace_back()); });
    }

private:
    static char unescape(char c) {
        switch (c) {
            case 'n':
                return '\n';
            case 'r':
                return '\r';
            case 't':
                return '\t';
            default:
                return c;
        }
    }
    bool fail_at_end() {
        at_ = text_.size();
        return false;
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

bool read_output(Reader& in, DerivationOutput& output) {
    return in.skip("(") && in.string(output.name) && in.skip(",") && in.string(output.path) && in.skip(",") &&
           in.string(output.hash_algo) && in.skip(",") && in.string(output.hash) && in.skip(")");
}

/// What is wanted of an input: a list of outputs or, in a dynamic derivation, also outputs of the derivations that it
/// makes.
bool read_wanted_outputs(Reader& in, std::vector<std::string>& outputs, int depth = 0) {
    if (in.next_is('[')) return in.strings(outputs);
    if (depth == k_max_dynamic_depth) return false;
    return in.skip("(") && in.strings(outputs) && in.skip(",") && in.list([&] {
        std::string output;
        std::vector<std::string> of_made_derivation;
        return in.skip("(") && in.string(output) && in.skip(",") &&
               read_wanted_outputs(in, of_made_derivation, depth + 1) && in.skip(")");
    }) && in.skip(")");
}

bool read_input(Reader& in, Derivation& drv) {
    std::string path;
    std::vector<std::string> outputs;
    if (!in.skip("(") || !in.string(path) || !in.skip(",") || !read_wanted_outputs(in, outputs) || !in.skip(")"))
        return false;
    drv.input_drvs[std::move(path)] = std::move(outputs);
    return true;
}

bool read_variable(Reader& in, Derivation& drv) {
    std::string name, value;
    if (!in.skip("(") || !in.string(name) || !in.skip(",") || !in.string(value) || !in.skip(")")) return false;
    drv.env[std::move(name)] = std::move(value);
    return true;
}

bool read_body(Reader& in, Derivation& drv) {
    return in.list([&] { return read_output(in, drv.outputs.emplace_back()); }) && in.skip(",") &&
           in.list([&] { return read_input(in, drv); }) && in.skip(",") && in.strings(drv.input_sources) &&
           in.skip(",") && in.string(drv.system) && in.skip(",") && in.string(drv.builder) && in.skip(",") &&
           in.strings(drv.args) && in.skip(",") && in.list([&] { return read_variable(in, drv); }) && in.skip(")") &&
           in.at_end();
}

Error not_a_derivation(std::string why) {
    return Error{ErrorKind::infrastructure, "cannot read a derivation", std::move(why),
                 "check the store with `nix-store --verify --check-contents`"};
}

}  // namespace

Result<Derivation> parse_derivation(std::string_view text) {
    Reader in(text);
    if (in.skip("DrvWithVersion(")) {
        std::string version;
        if (!in.string(version) || !in.skip(","))
            return not_a_derivation(fmt::format("the text is no derivation from byte {} on", in.position()));
        if (version != "xp-dyn-drv")
            return not_a_derivation(fmt::format("its format version \"{}\" is unknown to this lockstep", version));
    } else if (!in.skip("Derive(")) {
        return not_a_derivation("the text does not begin with \"Derive(\" (byte 0)");
    }
    Derivation drv;
    if (!read_body(in, drv))
        return not_a_derivation(fmt::format("the text is no derivation from byte {} on", in.position()));
    return drv;
}

std::string_view derivation_name(std::string_view drv_path) {
    constexpr std::size_t k_hash_length = 32;
    constexpr std::string_view k_suffix = ".drv";
    auto name = drv_path;
    if (const auto slash = name.rfind('/'); slash != std::string_view::npos) name.remove_prefix(slash + 1);
    if (!name.ends_with(k_suffix)) return drv_path;
    name.remove_suffix(k_suffix.size());
    if (name.size() <= k_hash_length + 1 || name[k_hash_length] != '-') return drv_path;
    if (name.substr(0, k_hash_length).find_first_not_of("0123456789abcdfghijklmnpqrsvwxyz") != std::string_view::npos)
        return drv_path;
    return name.substr(k_hash_length + 1);
}

}  // namespace lockstep

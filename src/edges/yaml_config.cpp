// SPDX-License-Identifier: MIT
// The only file that knows yaml-cpp. The tree is built here from events, so anchors, aliases and tags are refused
// before anything is expanded, and every node keeps its place.
#include "edges/yaml_config.hpp"

#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <exception>
#include <set>
#include <sstream>
#include <utility>

#include "lockstep/core/config_keys.hpp"
#include "lockstep/core/sanitize.hpp"

namespace lockstep {

namespace {

constexpr std::size_t k_most_bytes = 1 << 20;
constexpr std::size_t k_most_levels = 32;
constexpr std::size_t k_most_mistakes = 100;

struct Place {
    int line = 1, column = 1;
};

Place place_of(const YAML::Mark& mark) {
    return {std::max(mark.line, 0) + 1, std::max(mark.column, 0) + 1};
}

struct Node {
    enum class Kind { null, scalar, list, map, refused } kind = Kind::null;
    Place place;
    std::string scalar;
    bool quoted = false;
    std::vector<Node> children;  ///< of a map: key, value, key, value, …
};

class Mistakes {
public:
    explicit Mistakes(std::string_view file) : file_(file) {}

    void add(Place place, std::string text) {
        if (found_.size() < k_most_mistakes) found_.push_back({file_, place.line, place.column, std::move(text)});
    }
    std::vector<Mistake> take() {
        std::stable_sort(found_.begin(), found_.end(), [](const Mistake& a, const Mistake& b) {
            return std::pair(a.line, a.column) < std::pair(b.line, b.column);
        });
        return std::move(found_);
    }

private:
    std::string file_;
    std::vector<Mistake> found_;
};

/// Builds the tree of one document and refuses what the subset leaves out.
class TreeBuilder : public YAML::EventHandler {
public:
    explicit TreeBuilder(Mistakes& mistakes) : mistakes_(mistakes) {}

    [[nodiscard]] Node& root() { return root_; }

    void OnDocumentStart(const YAML::Mark& /*mark*/) override {}
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        check(mark, "", anchor);
        put({.kind = Node::Kind::null, .place = place_of(mark)});
    }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
        mistakes_.add(place_of(mark), "aliases (`*name`) are not allowed; repeat the value");
        put({.kind = Node::Kind::refused, .place = place_of(mark)});
    }
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override {
        check(mark, tag, anchor);
        put({.kind = Node::Kind::scalar, .place = place_of(mark), .scalar = value, .quoted = tag == "!"});
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value /*style*/) override {
        check(mark, tag, anchor);
        open({.kind = Node::Kind::list, .place = place_of(mark)});
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value /*style*/) override {
        check(mark, tag, anchor);
        open({.kind = Node::Kind::map, .place = place_of(mark)});
    }
    void OnMapEnd() override { close(); }

private:
    void check(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
        if (anchor != YAML::NullAnchor)
            mistakes_.add(place_of(mark), "anchors (`&name`) are not allowed; repeat the value");
        // yaml-cpp 0.7 calls "?" what has no tag, and "!" a quoted or block scalar.
        if (!tag.empty() && tag != "?" && tag != "!") mistakes_.add(place_of(mark), "tags (`!name`) are not allowed");
    }

    void put(Node node) {
        if (too_deep_ > 0) return;
        if (open_.empty()) {
            root_ = std::move(node);
        } else {
            open_.back().children.push_back(std::move(node));
        }
    }

    void open(Node node) {
        if (open_.size() + too_deep_ >= k_most_levels) {
            if (too_deep_++ == 0) mistakes_.add(node.place, "more than 32 levels deep");
            return;
        }
        open_.push_back(std::move(node));
    }

    void close() {
        if (too_deep_ > 0) {
            --too_deep_;
            return;
        }
        Node done = std::move(open_.back());
        open_.pop_back();
        put(std::move(done));
    }

    Mistakes& mistakes_;
    Node root_;
    std::vector<Node> open_;
    std::size_t too_deep_ = 0;
};

/// Well-formed UTF-8 as far as lead and continuation bytes go; values that are shown are cleaned as well.
bool is_utf8(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
        const auto lead = static_cast<unsigned char>(text[at]);
        const std::size_t length = lead < 0x80   ? 1
                                   : lead < 0xc2 ? 0
                                   : lead < 0xe0 ? 2
                                   : lead < 0xf0 ? 3
                                   : lead < 0xf5 ? 4
                                                 : 0;
        if (length == 0 || at + length > text.size()) return false;
        for (std::size_t i = 1; i < length; ++i)
            if ((static_cast<unsigned char>(text[at + i]) & 0xc0) != 0x80) return false;
        at += length;
    }
    return true;
}

/// Reads the whole text; false when the tree cannot be used.
bool read_tree(std::string_view text, Mistakes& mistakes, Node& root) {
    if (text.size() > k_most_bytes) {
        mistakes.add({}, "the file is larger than 1 MiB");
        return false;
    }
    if (text.find('\0') != std::string_view::npos || !is_utf8(text)) {
        mistakes.add({}, "the file is not UTF-8 text");
        return false;
    }
    try {
        std::istringstream stream{std::string(text)};
        YAML::Parser parser(stream);
        TreeBuilder builder(mistakes);
        if (!parser.HandleNextDocument(builder)) return true;  // nothing but comments
        root = std::move(builder.root());
        Mistakes unused("");
        TreeBuilder second(unused);
        if (parser.HandleNextDocument(second)) {
            mistakes.add(second.root().place, "only one document is allowed in a file");
            return false;
        }
        return true;
    } catch (const YAML::DeepRecursion& error) {
        mistakes.add(place_of(error.mark), "more than 32 levels deep");
    } catch (const YAML::Exception& error) {
        mistakes.add(error.mark.is_null() ? Place{} : place_of(error.mark),
                     "not valid YAML: " + clean_line(error.msg, 200));
    } catch (const std::exception& error) {
        mistakes.add({}, "not valid YAML: " + clean_line(error.what(), 200));
    }
    return false;
}

/// Turns the tree into settings.
class Applier {
public:
    Applier(Mistakes& mistakes, std::string_view file, bool machine_file, Config& into)
        : mistakes_(mistakes), file_(file), machine_file_(machine_file), into_(into) {}

    void apply(const Node& root) {
        if (root.kind == Node::Kind::null) return;
        if (root.kind != Node::Kind::map) {
            mistakes_.add(root.place, "expects a mapping at the top, such as `config_version: 1`");
            return;
        }
        if (root.children.empty()) return;
        apply_map(root, {});
        if (!has_version_)
            mistakes_.add(root.place,
                          "`config_version: 1` is missing; it says for which meaning of the keys the file was written");
    }

private:
    /// Where in the file we are.
    struct Group {
        std::string shown;                ///< "fleet.hosts.web1", as it was written; "" at the top
        std::string pattern;              ///< "fleet.hosts.*", as the tables say it
        std::optional<std::string> name;  ///< "web1": the name that a person chose

        [[nodiscard]] Group with(const std::string& word) const {
            return shown.empty() ? Group{word, word, name} : Group{shown + "." + word, pattern + "." + word, name};
        }
    };

    void apply_map(const Node& map, const Group& group) {
        std::set<std::string> seen;
        for (std::size_t i = 0; i + 1 < map.children.size(); i += 2) {
            const Node& key = map.children[i];
            if (const auto name = name_of(key, seen)) apply_entry(key, group, *name, map.children[i + 1]);
        }
    }

    /// The text of a mapping's key, or nothing after a mistake.
    std::optional<std::string> name_of(const Node& key, std::set<std::string>& seen) {
        if (key.kind != Node::Kind::scalar) {
            mistakes_.add(key.place, "expects a word as key");
        } else if (key.scalar == "<<" && !key.quoted) {
            mistakes_.add(key.place, "merge keys (`<<`) are not allowed; repeat the values");
        } else if (!seen.insert(key.scalar).second) {
            mistakes_.add(key.place, "key `" + clean_line(key.scalar, 60) + "` stands twice in this mapping");
        } else {
            return key.scalar;
        }
        return std::nullopt;
    }

    void apply_entry(const Node& key, const Group& group, const std::string& word, const Node& value) {
        const auto inner = group.with(word);
        if (inner.pattern == "config_version") has_version_ = true;
        if (const auto* named = find_named_group(inner.pattern)) {
            if (const auto* names = mapping(inner, value)) apply_names(*names, inner, *named);
        } else if (const auto* known = find_key(inner.pattern)) {
            apply_key(*known, key.place, value, inner);
        } else if (const auto* member =
                       word.find('.') == std::string::npos ? find_member_key(inner.pattern) : nullptr) {
            apply_key(*member, key.place, value, inner);
        } else if (word.find('.') == std::string::npos && is_key_group(inner.pattern)) {
            if (const auto* map = mapping(inner, value)) apply_map(*map, inner);
        } else {
            mistakes_.add(key.place, group.name ? unknown_member_text(group.shown, group.pattern, word)
                                                : unknown_key_text(inner.shown));
        }
    }

    /// The entries of a group, if that is what stands there.
    const Node* mapping(const Group& group, const Node& value) {
        if (value.kind == Node::Kind::map) return &value;
        if (value.kind != Node::Kind::null && value.kind != Node::Kind::refused)
            mistakes_.add(value.place, "`" + group.shown + "` expects a mapping of its keys");
        return nullptr;
    }

    /// A mapping whose keys are names: each may stand alone.
    void apply_names(const Node& map, const Group& group, const NamedGroup& named) {
        std::set<std::string> seen;
        for (std::size_t i = 0; i + 1 < map.children.size(); i += 2) {
            const Node& key = map.children[i];
            const auto name = name_of(key, seen);
            if (!name) continue;
            if (const auto wrong = named.add(into_, {*name, origin_of(key.place)})) {
                mistakes_.add(key.place, "a name in `" + group.shown + "` " + *wrong);
                continue;
            }
            const Group inner{group.shown + "." + *name, group.pattern + ".*", *name};
            if (const auto* fields = mapping(inner, map.children[i + 1])) apply_map(*fields, inner);
        }
    }

    /// "lockstep.yaml:12".
    [[nodiscard]] std::string origin_of(const Place& place) const {
        return clean_line(file_, 200) + ":" + std::to_string(place.line);
    }

    void apply_key(const ConfigKey& key, Place key_place, const Node& value, const Group& at) {
        if (value.kind == Node::Kind::refused) return;
        if (value.kind == Node::Kind::null) {
            mistakes_.add(key_place,
                          "`" + clean_line(at.shown, 120) + "` has no value; leave the line out for the default");
            return;
        }
        const auto raw = raw_of(key, value);
        if (!raw) return;
        if (!machine_file_)
            if (auto refusal = refused_in_repository(key, *raw)) return mistakes_.add(value.place, std::move(*refusal));
        auto complaint = key.set_member
                             ? set_member_key(into_, key, at.shown, {at.name.value_or(""), origin_of(key_place)}, *raw)
                             : set_key(into_, key, key.path, *raw);
        if (complaint) mistakes_.add(value.place, std::move(*complaint));
    }

    std::optional<RawValue> raw_of(const ConfigKey& key, const Node& value) {
        RawValue raw;
        if (value.kind == Node::Kind::scalar) {
            raw.scalar = value.scalar;
            raw.quoted = value.quoted;
            return raw;
        }
        raw.shape = value.kind == Node::Kind::list ? RawValue::Shape::list : RawValue::Shape::map;
        std::set<std::string> seen;
        for (std::size_t i = 0; i < value.children.size(); ++i) {
            const Node* entry = &value.children[i];
            std::optional<std::string> name;
            if (value.kind == Node::Kind::map) {
                name = name_of(*entry, seen);
                if (!name) return std::nullopt;
                entry = &value.children[++i];
            }
            if (entry->kind != Node::Kind::scalar) {
                mistakes_.add(entry->place, "`" + std::string(key.path) + "` expects plain texts as entries");
                return std::nullopt;
            }
            if (name) {
                raw.map.emplace_back(std::move(*name), entry->scalar);
            } else {
                raw.list.push_back(entry->scalar);
            }
        }
        return raw;
    }

    Mistakes& mistakes_;
    std::string_view file_;
    bool machine_file_;
    Config& into_;
    bool has_version_ = false;
};

}  // namespace

std::string mistake_line(const Mistake& mistake) {
    return clean_line(mistake.file, 300) + ":" + std::to_string(mistake.line) + ":" + std::to_string(mistake.column) +
           ": " + mistake.text;
}

std::vector<Mistake> load_yaml(std::string_view text, std::string_view file_name, bool machine_file, Config& into) {
    Mistakes mistakes(file_name);
    Node root;
    if (read_tree(text, mistakes, root)) Applier(mistakes, file_name, machine_file, into).apply(root);
    return mistakes.take();
}

}  // namespace lockstep

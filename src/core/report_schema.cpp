// SPDX-License-Identifier: MIT
// The published JSON Schema of report.json; workflows/report.schema.json is the same text for editors and scripts.
#include "lockstep/core/report.hpp"

namespace lockstep {

std::string_view report_schema() {
    return R"json({
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "lockstep report 1.4",
  "description": "report.json, the record of one run of lockstep. This schema describes version 1.4 exactly, so that a misspelt key fails. Versions 1.x only add keys (1.1: base_drv and work of a host, timing; 1.2: resumed, alarms of the lock, endings of deploys; 1.3: notifications; 1.4: change of a host) and each has a schema of its own: programs that read reports should ignore keys that they do not know. Removing a key or changing its meaning needs version 2.0. Texts from builds and forges are cleaned of control characters, but remain foreign text: escape them for where you show them.",
  "type": "object",
  "properties": {
    "schema": {"const": "lockstep-report/1.4"},
    "run": {"$ref": "#/$defs/run"},
    "repo": {"$ref": "#/$defs/repo"},
    "verdict": {"$ref": "#/$defs/verdict"},
    "stages": {"type": "array", "description": "In the order in which they ran.", "items": {"$ref": "#/$defs/stage"}},
    "lock": {
      "type": "object",
      "description": "What changed in flake.lock.",
      "properties": {
        "alarms": {
          "type": "array",
          "description": "What looks like tampering in it; those that stop the update first.",
          "items": {"$ref": "#/$defs/alarm"}
        },
        "inputs": {
          "type": "array",
          "description": "Changed inputs, sorted by input path.",
          "items": {"$ref": "#/$defs/input_change"}
        }
      },
      "required": ["alarms", "inputs"], "additionalProperties": false
    },
    "hosts": {
      "type": "array",
      "description": "One entry per selected target, sorted by name.",
      "items": {"$ref": "#/$defs/host"}
    },
    "causes": {
      "type": "array",
      "description": "One entry per root failure, shared by the hosts it breaks.",
      "items": {"$ref": "#/$defs/cause"}
    },
    "logs": {"type": "array", "description": "Log files that the run kept.", "items": {"$ref": "#/$defs/log"}},
    "reasons": {"type": "array", "description": "Why the verdict is what it is.", "items": {"$ref": "#/$defs/reason"}},
    "pull_request": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/pull_request"}]},
    "timing": {"$ref": "#/$defs/timing"},
    "notices": {"type": "array", "description": "Worth knowing; changed no verdict.", "items": {"type": "string"}},
    "limits": {"type": "array", "description": "What was cut, and by how much.", "items": {"type": "string"}},
    "notifications": {"type": "array", "description": "Who was told; changed no verdict.", "items": {"$ref": "#/$defs/notification"}}
  },
  "required": [
    "schema", "run", "repo", "verdict", "stages", "lock", "hosts", "causes", "logs", "reasons", "pull_request",
    "timing", "notices", "limits", "notifications"
  ],
  "additionalProperties": false,
  "$defs": {
    "time": {
      "description": "RFC 3339, UTC; null when it never happened.",
      "anyOf": [
        {"type": "null"},
        {
          "type": "string",
          "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{3})?Z$"
        }
      ]
    },
    "seconds": {"type": "number", "description": "Seconds, exact to the millisecond, measured on the monotonic clock."},
    "bytes": {"type": "integer", "minimum": 0},
    "count": {"type": "integer", "minimum": 0},
    "object_id": {
      "type": "string",
      "description": "A full git object id, or \"\" when there is none.",
      "pattern": "^([0-9a-f]{40}|[0-9a-f]{64})?$"
    },
    "run": {
      "type": "object",
      "properties": {
        "id": {"type": "string", "description": "Sorts by time."},
        "command": {"type": "string", "description": "run, build"},
        "started": {"$ref": "#/$defs/time"},
        "finished": {"$ref": "#/$defs/time"},
        "duration_s": {"$ref": "#/$defs/seconds"},
        "trigger": {
          "type": "object",
          "properties": {
            "kind": {"type": "string", "description": "manual, or the Actions runner and its event."},
            "actor": {"type": "string", "description": "\"\" when unknown."}
          },
          "required": ["kind", "actor"], "additionalProperties": false
        },
        "tool": {
          "type": "object",
          "properties": {"version": {"type": "string"}},
          "required": ["version"], "additionalProperties": false
        },
        "nix": {
          "type": "object",
          "properties": {"version": {"type": "string"}, "implementation": {"type": "string"}},
          "required": ["version", "implementation"], "additionalProperties": false
        },
        "dry_run": {"type": "boolean", "description": "Nothing was changed outside of the run directory."},
        "resumed": {"type": "integer", "minimum": 1, "description": "How often another process went on with the run; absent: never."}
      },
      "required": ["id", "command", "started", "finished", "duration_s", "trigger", "tool", "nix", "dry_run"],
      "additionalProperties": false
    },
    "repo": {
      "type": "object",
      "properties": {
        "remote": {"type": "string", "description": "Address without credentials."},
        "forge": {"type": "string", "description": "github, gitea, forgejo, directory, none"},
        "web": {"type": "string", "description": "Page of the repository, or \"\"."},
        "flake": {"type": "string", "description": "Directory of the flake inside the repository, \"\" for its root."},
        "base": {
          "type": "object",
          "properties": {
            "name": {"type": "string"},
            "before": {"$ref": "#/$defs/object_id"},
            "after": {"$ref": "#/$defs/object_id"}
          },
          "required": ["name", "before", "after"], "additionalProperties": false
        },
        "branch": {"type": "string", "description": "The update branch."},
        "candidate": {
          "type": "object",
          "description": "What was proved.",
          "properties": {
            "commit": {"$ref": "#/$defs/object_id"},
            "tree": {"$ref": "#/$defs/object_id"},
            "lock_blob": {"$ref": "#/$defs/object_id"}
          },
          "required": ["commit", "tree", "lock_blob"], "additionalProperties": false
        }
      },
      "required": ["remote", "forge", "web", "flake", "base", "branch", "candidate"], "additionalProperties": false
    },
    "verdict": {
      "type": "object",
      "properties": {
        "outcome": {
          "type": "string",
          "description": "How the run ended.",
          "enum": [
            "landed", "unchanged", "would_land", "would_propose", "proposed", "proposed_green", "proved",
            "hosts_failed", "alarm", "deployed", "would_deploy", "deploy_failed", "stopped"
          ]
        },
        "exit_code": {"type": "integer", "enum": [0, 10, 20, 21, 30, 31, 40, 41, 50, 51, 52, 60, 64, 70, 75, 78, 130, 143]},
        "exit_word": {"type": "string", "description": "The exit code as a word."},
        "reason": {"type": "string", "description": "One sentence."},
        "next_action": {"type": "string", "description": "A command or a sentence; \"\" when there is nothing to do."}
      },
      "required": ["outcome", "exit_code", "exit_word", "reason", "next_action"], "additionalProperties": false
    },
    "stage": {
      "type": "object",
      "properties": {
        "name": {"type": "string", "description": "prepare, update, prove, decide, land, propose, report"},
        "state": {
          "type": "string",
          "description": "How it ended.",
          "enum": ["done", "failed", "skipped", "interrupted"]
        },
        "started": {"$ref": "#/$defs/time"},
        "duration_s": {"$ref": "#/$defs/seconds"},
        "error": {
          "type": "object",
          "properties": {"class": {"type": "string", "description": "\"\" when it did not fail."}, "message": {"type": "string"}},
          "required": ["class", "message"], "additionalProperties": false
        }
      },
      "required": ["name", "state", "started", "duration_s", "error"], "additionalProperties": false
    },
    "flake_ref": {
      "type": "object",
      "description": "A locked reference, as in flake.lock; members that are empty are left out.",
      "properties": {
        "type": {"type": "string"},
        "owner": {"type": "string"},
        "repo": {"type": "string"},
        "host": {"type": "string"},
        "url": {"type": "string"},
        "path": {"type": "string"},
        "id": {"type": "string"},
        "ref": {"type": "string"},
        "rev": {"type": "string"},
        "dir": {"type": "string"},
        "narHash": {"type": "string"},
        "lastModified": {"type": "integer", "description": "Seconds since the epoch."}
      },
      "required": [], "additionalProperties": false
    },
    "alarm": {
      "type": "object",
      "properties": {
        "severity": {"type": "string", "description": "How grave it is in itself.", "enum": ["critical", "warn"]},
        "code": {
          "type": "string",
          "description": "same-rev-other-hash, moved, hash-missing, backwards, plain-http, new-transitive-input, mutable-source-changed, from-registry; later versions may add more."
        },
        "input": {"type": "string", "description": "Input path."},
        "detail": {"type": "string", "description": "A sentence with the old and the new value."},
        "stops": {"type": "boolean", "description": "By alarms.stop: the update did not land by itself."}
      },
      "required": ["severity", "code", "input", "detail", "stops"], "additionalProperties": false
    },
    "input_change": {
      "type": "object",
      "properties": {
        "input": {"type": "string", "description": "Input path: a/b is the input b of the input a."},
        "change": {
          "type": "string",
          "description": "What happened to it.",
          "enum": ["updated", "added", "removed", "retargeted", "follows"]
        },
        "direct": {"type": "boolean", "description": "An input of the flake itself."},
        "from": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/flake_ref"}]},
        "to": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/flake_ref"}]},
        "follows_from": {"type": ["string", "null"]},
        "follows_to": {"type": ["string", "null"]},
        "compare": {"type": "string", "description": "Page that compares the two revisions, or \"\"."}
      },
      "required": ["input", "change", "direct", "from", "to", "follows_from", "follows_to", "compare"],
      "additionalProperties": false
    },
    "host": {
      "type": "object",
      "properties": {
        "name": {"type": "string", "description": "A host name, or an attribute path for other targets."},
        "kind": {
          "type": "string",
          "description": "What it is.",
          "enum": ["nixos", "darwin", "home", "package", "check", "dev_shell"]
        },
        "system": {"type": "string"},
        "required": {"type": "boolean", "description": "Whether it takes part in the decision."},
        "state": {
          "type": "string",
          "description": "built, cached and unchanged are proved; infra_error, not_started and interrupted say nothing about the host.",
          "enum": [
            "built", "cached", "unchanged", "evaluated", "failed", "dependency_failed", "eval_failed",
            "vanished", "timeout", "log_limit", "unsupported", "infra_error", "skipped", "not_started",
            "interrupted"
          ]
        },
        "drv": {"type": "string"},
        "out": {"type": "string"},
        "cause": {"type": "string", "description": "Id of an entry of causes, or \"\"."},
        "chain": {
          "type": "array",
          "description": "Derivation names from the host down to the cause.",
          "items": {"type": "string"}
        },
        "detail": {"type": "string", "description": "One line."},
        "log": {"type": "string", "description": "Relative to the run directory, or \"\"."},
        "eval_s": {"$ref": "#/$defs/seconds"},
        "build_s": {"$ref": "#/$defs/seconds"},
        "eval_peak_bytes": {"$ref": "#/$defs/bytes"},
        "base_drv": {"type": "string", "description": "Its derivation on the base commit, \"\" when not known."},
        "work": {
          "type": "object",
          "description": "What its closure still lacked when its evaluation ended, in derivations.",
          "properties": {
            "known": {"type": "boolean", "description": "false: nobody asked, the numbers say nothing."},
            "valid": {"$ref": "#/$defs/count"},
            "fetch": {"$ref": "#/$defs/count"},
            "build": {"$ref": "#/$defs/count"}
          },
          "required": ["known", "valid", "fetch", "build"], "additionalProperties": false
        },
        "change": {
          "type": ["object", "null"],
          "description": "What it is to the system that base last landed with; null: the same, or not known.",
          "properties": {
            "from": {"type": "string", "description": "Output path that landed before."},
            "packages": {"type": "string", "description": "A summary, \"\" when the closures could not be compared."},
            "package_lines": {"type": "array", "items": {"type": "string"}},
            "kernel": {"type": "string", "description": "Versions, or \"\" when it is the same or not known."},
            "reboot": {"type": "array", "description": "Parts that take a reboot to run.", "items": {"type": "string"}},
            "copy_bytes": {"$ref": "#/$defs/bytes"}
          },
          "required": ["from", "packages", "package_lines", "kernel", "reboot", "copy_bytes"],
          "additionalProperties": false
        }
      },
      "required": [
        "name", "kind", "system", "required", "state", "drv", "out", "cause", "chain", "detail", "log",
        "eval_s", "build_s", "eval_peak_bytes", "base_drv", "work", "change"
      ],
      "additionalProperties": false
    },
    "cause": {
      "type": "object",
      "properties": {
        "id": {"type": "string", "minLength": 1},
        "drv": {"type": "string", "description": "\"\" for evaluation errors."},
        "name": {"type": "string", "description": "Derivation name, or the host for evaluation errors."},
        "class": {
          "type": "string",
          "description": "Why it failed.",
          "enum": [
            "evaluation", "evaluation_timeout", "evaluation_killed", "builder_failed", "timeout_total",
            "timeout_silent", "log_limit", "hash_mismatch", "output_missing", "not_deterministic",
            "missing_system", "missing_feature", "killed", "out_of_memory", "no_space", "fetch_failed",
            "daemon_lost", "unknown"
          ]
        },
        "first_error": {"type": "string", "description": "One line."},
        "tail": {"type": "array", "description": "Last lines of its log.", "items": {"type": "string"}},
        "hosts": {"type": "array", "description": "The hosts it breaks, sorted.", "items": {"type": "string"}},
        "log": {"type": "string", "description": "Relative to the run directory, or \"\"."},
        "machine": {"type": "string", "description": "Remote builder, or \"\"."},
        "duration_s": {"$ref": "#/$defs/seconds"}
      },
      "required": ["id", "drv", "name", "class", "first_error", "tail", "hosts", "log", "machine", "duration_s"],
      "additionalProperties": false
    },
    "log": {
      "type": "object",
      "properties": {
        "owner": {"type": "string", "description": "Host or derivation name."},
        "file": {"type": "string", "description": "Relative to the run directory."},
        "bytes": {"$ref": "#/$defs/bytes"},
        "dropped_bytes": {"$ref": "#/$defs/bytes"}
      },
      "required": ["owner", "file", "bytes", "dropped_bytes"], "additionalProperties": false
    },
    "reason": {
      "type": "object",
      "properties": {
        "host": {"type": "string", "description": "\"\" when it concerns the run."},
        "text": {"type": "string"}
      },
      "required": ["host", "text"], "additionalProperties": false
    },
    "build": {
      "type": "object",
      "description": "One derivation that was built in this run.",
      "properties": {
        "name": {"type": "string"},
        "drv": {"type": "string"},
        "machine": {"type": "string", "description": "Remote builder, or \"\"."},
        "ok": {"type": "boolean"},
        "started_s": {"$ref": "#/$defs/seconds"},
        "duration_s": {"$ref": "#/$defs/seconds"}
      },
      "required": ["name", "drv", "machine", "ok", "started_s", "duration_s"], "additionalProperties": false
    },
    "timing": {
      "type": "object",
      "description": "Where the time of the proof went; builds start when the proof does, at 0 s.",
      "properties": {
        "derivations_built": {"$ref": "#/$defs/count"},
        "download_bytes": {"description": "What the caches were to send, compressed; 0 when not known.", "$ref": "#/$defs/bytes"},
        "slowest": {
          "type": "array",
          "description": "At most 10, longest first.",
          "items": {"$ref": "#/$defs/build"}
        },
        "critical_path": {
          "type": "array",
          "description": "The chain of builds that waited for each other and ended last, first to last.",
          "items": {"$ref": "#/$defs/build"}
        }
      },
      "required": ["derivations_built", "download_bytes", "slowest", "critical_path"], "additionalProperties": false
    },
    "notification": {
      "type": "object", "required": ["sink", "state", "attempts", "error"], "additionalProperties": false,
      "properties": {
        "sink": {"type": "string", "description": "pushgateway, textfile, slack, mail, nats; later versions may add more."},
        "state": {"enum": ["waiting", "sent", "given_up"], "description": "waiting: `lockstep resume` and the next run try again."},
        "attempts": {"$ref": "#/$defs/count"}, "error": {"type": "string", "description": "Of the last attempt, or \"\"."}
      }
    },
    "pull_request": {
      "type": "object",
      "properties": {
        "number": {"type": "integer", "minimum": 0},
        "url": {"type": "string"},
        "action": {"type": "string", "description": "created, updated"}
      },
      "required": ["number", "url", "action"], "additionalProperties": false
    }
  }
}
)json";
}

}  // namespace lockstep

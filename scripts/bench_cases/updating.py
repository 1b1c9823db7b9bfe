"""F6 to F9: the whole job (`lockstep run`) against a bare remote, where an input moves, the base moves, or neither."""

import json
import shutil

from . import fixtures
from .contenders import installable, middle, take_turns
from .lab import Repository
from .result import Result

MOVE_BASE = """#!/bin/sh
# Commits to a file that no derivation knows, on the tip of main: somebody pushed meanwhile.
set -eu
export GIT_DIR={remote} GIT_AUTHOR_NAME=Other GIT_AUTHOR_EMAIL=o@example.org GIT_COMMITTER_NAME=Other GIT_COMMITTER_EMAIL=o@example.org
export HOME=/nonexistent PATH={path} GIT_INDEX_FILE={remote}/move-index GIT_CONFIG_NOSYSTEM=1
unset GIT_QUARANTINE_PATH GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES
tip=$(git rev-parse refs/heads/main)
git read-tree "$tip"
blob=$(date +%s%N | git hash-object -w --stdin)
git update-index --add --cacheinfo 100644,"$blob",README
git update-ref refs/heads/main "$(git commit-tree -p "$tip" -m 'Somebody else was faster' "$(git write-tree)")" "$tip"
echo moved >> {moves}
"""

# The second time it moves in the moment of the push: after the candidate was proved on the new base.
HOOK = """#!/bin/sh
if [ "$1" = refs/heads/main ] && [ "$(wc -l < {moves})" = 1 ]; then {move}; fi
"""


class Site:
    """A fleet with one input `data` (an attribute set in data.nix), and its bare remote."""

    def __init__(self, lab, name, fleet, values, inputs=("data",)):
        self.lab, self.fleet = lab, fleet
        self.sources = {each: Repository(lab, f"{name}-{each}") for each in inputs}
        for source in self.sources.values():
            source.commit({"data.nix": data_text(values)})
        fleet.inputs = {each: source.path for each, source in self.sources.items()}
        if not fleet.body:
            fleet.body = '      data = import (args.data + "/data.nix");'
        self.repo = Repository(lab, f"{name}-fleet")
        self.repo.commit({"flake.nix": fleet.flake(lab, lab.seed()), "README": "a fleet\n"})
        lab.call(["nix", "flake", "lock", self.repo.path])
        self.repo.commit({}, "lock") if self.repo.git("status", "--porcelain") else None
        self.repo.publish()

    def run(self, *options):
        self.run_dir = self.lab.lockstep_run_dir()
        return [self.lab.lockstep, "run", "--repo", str(self.repo.path), "--forge", "none", "--quiet", "--run-dir", str(self.run_dir), *options]

    def report(self):
        try:
            return json.loads((self.run_dir / "report.json").read_text())
        except (OSError, ValueError):
            return {}

    def update_argv(self):
        return ["nix", "flake", "update"] + (["--flake"] if self.lab.nix_level >= (2, 19) else []) + [str(self.repo.path)]

    def bare(self):
        """The update and one evaluation of all hosts, and nothing else."""
        update = " ".join(f"'{word}'" for word in self.update_argv())
        return ["sh", "-c", f"{update} && nix eval --json '{self.repo.path}#nixosConfigurations' --apply "
                "'builtins.mapAttrs (n: h: h.config.system.build.toplevel.drvPath)'"]

    def update_and_loop(self, slots):
        """The seed's own workflow: update, build each host, push."""
        update = " ".join(f"'{word}'" for word in self.update_argv())
        hosts = " ".join(f"'{self.repo.path}#nixosConfigurations.{h}.config.system.build.toplevel'" for h in self.fleet.hosts)
        return ["sh", "-ec", f"cd {self.repo.path}; {update}; for one in {hosts}; do nix build --no-link --max-jobs {slots} \"$one\"; done; "
                "git commit -qam update; git push -q origin HEAD:main"]

    def build_all(self):
        hosts = [installable(self.repo, host) for host in self.fleet.hosts]
        self.lab.call(["nix", "build", "--no-link", *hosts])
        self.lab.executions()


def data_text(values):
    return "{ " + " ".join(f'{name} = "{value}";' for name, value in values.items()) + " }\n"


def simple_fleet(hosts, seconds=0.05):
    """Each host has a leaf that takes a value of its own from the input, and a top."""
    jobs = {}
    for h in range(1, hosts + 1):
        jobs[f"leaf-{h}"] = fixtures.Job(f": @DATA:h{h}@; {fixtures.SLEEP} {seconds}")
        jobs[f"top-{h}"] = fixtures.sleeping(seconds, [f"leaf-{h}"])
    return fixtures.Fleet(jobs, {f"h{h}": fixtures.top(f"top-{h}") for h in range(1, hosts + 1)})


def nothing_changed(bench, name, title, moves):
    lab = bench.lab
    result = Result(name, title)
    values = {f"h{h}": "1" for h in range(1, 9)}
    site = Site(lab, name, simple_fleet(8), values)
    site.build_all()
    lab.call(site.run("--slots", str(bench.slots)))  # nobody's first time

    def prepare(_, make):
        site.repo.follow()
        if moves:
            site.sources["data"].commit({"README": lab.seed()})
        return make()

    rows = take_turns(lab, {"nix flake update + nix eval": site.bare, "lockstep": site.run}, prepare, bench.repeats)
    result.keep(rows)
    result.exits(rows["lockstep"], 0)
    result.must_be("builder executions", sum(sum(row["runs"].values()) for row in rows["lockstep"]), 0)
    bare = middle(rows["nix flake update + nix eval"])
    result.at_most(f"seconds, with {bare:.2f} s for the bare update and evaluation", middle(rows["lockstep"]), bare + 0.15, " s")
    if moves:
        lock = site.repo.lab.call(["git", "-C", site.repo.remote, "log", "-1", "--format=%s", "main"]).stdout.strip()
        result.report("what main has now", lock)
    return result


def f6a(bench):
    return nothing_changed(bench, "F6a", "nothing changed: every input is up to date; eight hosts", False)


def f6b(bench):
    return nothing_changed(bench, "F6b", "an input moved, no host's derivation changed; eight hosts", True)


def f7(bench):
    lab = bench.lab
    result = Result("F7", f"an update changes one host of sixteen; {bench.slots} slots")
    values = {f"h{h}": "1" for h in range(1, 17)}
    site = Site(lab, "F7", simple_fleet(16), values)
    site.build_all()
    states, turn = [], 0

    def prepare(_, make):
        nonlocal turn
        turn += 1
        site.repo.follow()
        values[f"h{turn % 16 + 1}"] = lab.seed()
        site.sources["data"].commit({"data.nix": data_text(values)})
        return make()

    wrong = 0
    rows = {"update, loop, push": [], "lockstep": []}
    for _ in range(bench.repeats):
        for who, make in (("update, loop, push", lambda: site.update_and_loop(bench.slots)), ("lockstep", site.run)):
            rows[who] += take_turns(lab, {who: make}, prepare, 1)[who]
            if who == "lockstep":
                host = turn % 16 + 1
                wrong += rows[who][-1]["runs"] != {f"leaf-{host}": 1, f"top-{host}": 1}
                states.append([h["state"] for h in site.report().get("hosts", [])])
    result.keep(rows)
    result.exits(rows["lockstep"], 0)
    result.must_be("turns in which anything but that host's two derivations was built", wrong, 0)
    result.must_be("hosts that the report calls built, in each turn", sorted({each.count("built") for each in states}), [1])
    result.report("what it calls the others", ", ".join(sorted(set(sum(states, [])) - {"built"})))
    result.report("times faster than update, loop and push", f"{middle(rows['update, loop, push']) / middle(rows['lockstep']):.2f}x")
    return result


def f8(bench):
    lab = bench.lab
    result = Result("F8", "the base moves twice (while building, and in the moment of the push) without changing a derivation")
    values = {f"h{h}": "1" for h in range(1, 4)}
    site = Site(lab, "F8", simple_fleet(3), values)
    moves, move = lab.root / "F8-moves", lab.root / "F8-move"
    site.fleet.jobs["leaf-1"].script += f"; [ -e {moves} ] || {move}"
    site.repo.commit({"flake.nix": site.fleet.flake(lab, lab.seed())})
    path = ":".join(sorted({shutil.which(tool).rsplit("/", 1)[0] for tool in ("git", "date", "sh")}))
    move.write_text(MOVE_BASE.format(remote=site.repo.remote, path=path, moves=moves))
    hook = site.repo.remote / "hooks/update"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(HOOK.format(moves=moves, move=move))
    for program in (move, hook):
        program.chmod(0o755)
    rows, landed, extra, moved = [], 0, 0, []
    for _ in range(max(1, min(bench.repeats, 3))):
        site.repo.follow()
        moves.write_text("busy\nbusy\n")  # the fixture is quiet while the present state is built
        site.build_all()
        moves.unlink()
        values = {name: lab.seed() for name in values}
        site.sources["data"].commit({"data.nix": data_text(values)})
        row = take_turns(lab, {"lockstep": site.run}, lambda _, make: make(), 1, timeout=120)["lockstep"][0]
        rows.append(row)
        tip = lab.call(["git", "-C", site.repo.remote, "log", "-1", "--format=%an", "main"]).stdout.strip()
        landed += row["code"] == 0 and tip != "Other"
        extra += sum(row["runs"].values()) - 6
        moved.append(len(moves.read_text().splitlines()) if moves.exists() else 0)
    result.keep({"lockstep": rows})
    result.must_be("runs that landed", f"{landed} of {len(rows)}", f"{len(rows)} of {len(rows)}")
    result.must_be("builder executions after the first proof", extra, 0)
    result.must_be("times the base moved, in each run", sorted(set(moved)), [2])
    verdict = site.report().get("verdict", {})
    result.report("verdict", f"exit {rows[-1]['code']}: {verdict.get('reason') or verdict}")
    return result


def f9(bench):
    lab = bench.lab
    result = Result("F9", "four inputs move, one of them breaks one host of four")
    inputs = ["one", "two", "three", "four"]
    fleet = fixtures.Fleet({}, {f"h{n}": f'(job "top-{n}" "${{(import (args.{name} + "/data.nix")).do}}" [ ])' for n, name in enumerate(inputs, 1)},
                           body="      ")
    site = Site(lab, "F9", fleet, {"do": ": fine"}, inputs)
    site.build_all()
    for name, source in site.sources.items():
        source.commit({"data.nix": data_text({"do": "echo does not compile; exit 1" if name == "three" else ": better"})})
    site_forge = lab.root / "F9-forge"

    def run():
        argv = site.run()
        argv[argv.index("none")] = f"directory:{site_forge}"
        return argv

    rows = take_turns(lab, {"lockstep": run}, lambda _, make: make(), 1)
    result.keep(rows)
    report = site.report()
    states = {host["name"]: host["state"] for host in report.get("hosts", [])}
    result.report("exit code, hosts", f"{rows['lockstep'][0]['code']}, {states}")
    result.report("causes", "; ".join(f"{cause.get('name')}: {cause.get('first_error')}" for cause in report.get("causes", [])) or "none")
    bodies = " ".join(path.read_text() for path in site_forge.rglob("body.md"))
    result.report("the pull request names the input `three`", "yes" if "three" in bodies else "no")
    blamed = [cause["input"] for cause in report.get("causes", []) if cause.get("input")]
    result.report("the report blames the input", ", ".join(blamed) or "none")
    return result


CASES = {"F6a": f6a, "F6b": f6b, "F7": f7, "F8": f8, "F9": f9}

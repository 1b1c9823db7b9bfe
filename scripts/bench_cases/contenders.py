"""Everybody who builds a fleet here, and how they take turns."""

import shutil
import statistics

from . import measure


def installable(repo, host):
    return f"git+file://{repo.path}#nixosConfigurations.{host}.config.system.build.toplevel"


class Contenders:
    """Commands that build all `hosts` of `repo` with the same total number of slots."""

    def __init__(self, lab, repo, hosts, slots, options=()):
        self.lab, self.repo, self.hosts, self.slots, self.options = lab, repo, list(hosts), slots, list(options)

    def loop(self):
        body = " ".join(f"'{installable(self.repo, host)}'" for host in self.hosts)
        return ["sh", "-c", f"for one in {body}; do nix build --no-link --max-jobs {self.slots} \"$one\" || true; done"]

    def xargs(self, width=None):
        width = width or self.slots
        names = " ".join(f"'{installable(self.repo, host)}'" for host in self.hosts)
        return ["sh", "-c", f"printf '%s\\n' {names} | xargs -P {width} -I@ nix build --no-link --max-jobs {max(1, self.slots // width)} @"]

    def one(self):
        return ["nix", "build", "--no-link", "--keep-going", "--max-jobs", str(self.slots), *[installable(self.repo, h) for h in self.hosts]]

    def fast(self):
        return ["nix-fast-build", "--no-nom", "--no-link", "--eval-workers", "2", "-j", str(self.slots), "--option", "max-jobs", "1",
                "-f", f"git+file://{self.repo.path}#checks.{self.lab.system}"]

    def lockstep(self):
        return [self.lab.lockstep, "build", "--repo", str(self.repo.path), "--slots", str(self.slots), "--quiet",
                "--run-dir", str(self.lab.lockstep_run_dir()), *self.options]

    def evaluation(self):
        """One bare evaluation of all hosts."""
        return ["nix", "eval", "--json", f"git+file://{self.repo.path}#nixosConfigurations", "--apply",
                "builtins.mapAttrs (n: h: h.config.system.build.toplevel.drvPath)"]

    def all(self):
        """Name and command maker of everybody. Nix before 2.19 may deadlock when builds overlap, so xargs has a time limit."""
        everybody = {"loop": self.loop, "xargs -P": self.xargs, "one nix build": self.one, "lockstep": self.lockstep}
        if shutil.which("nix-fast-build"):
            everybody["nix-fast-build"] = self.fast
        return everybody


def take_turns(lab, makers, prepare, repeats, **how):
    """Every contender `repeats` times, each time after `prepare()`, in an order that turns round. Rows by name."""
    rows = {name: [] for name in makers}
    stuck = set()
    for turn in range(repeats):
        for name in list(makers) if turn % 2 == 0 else reversed(list(makers)):
            if name in stuck:
                continue  # it sat until its time limit: once is enough
            argv = prepare(name, makers[name])
            lab.executions()
            row = measure.run(argv, lab.env, **how)
            row["runs"] = lab.executions()
            rows[name].append(row)
            if row["timed_out"]:
                stuck.add(name)
    return rows


def middle(rows, key="wall"):
    return statistics.median(row[key] for row in rows)


def largest(rows, key):
    return max(row[key] for row in rows)


def summary(rows):
    """What bench.json and the table keep of one contender."""
    walls = [row["wall"] for row in rows]
    kept = {"wall": {"median": statistics.median(walls), "min": min(walls), "max": max(walls)}, "cpu": middle(rows, "cpu"),
            "own_cpu": middle(rows, "own_cpu"), "peak_mib": largest(rows, "peak_mib"), "codes": sorted({row["code"] for row in rows}),
            "repeats": len(rows), "timed_out": any(row["timed_out"] for row in rows)}
    if "runs" in rows[0]:
        kept["executions"] = sorted({sum(row["runs"].values()) for row in rows})
    for key in ("own_peak_mib", "evaluators_mib", "evaluator_mib", "evaluators_together"):
        if key in rows[0]:
            kept[key] = largest(rows, key)
    return kept

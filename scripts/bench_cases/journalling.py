"""J1: what writing the journal costs a run, by the kernel's own account of the calls on that one file."""

import re
import shutil

from .contenders import middle, take_turns
from .result import Result
from .updating import Site, simple_fleet

CALL = re.compile(r"(write|fdatasync|fsync|fallocate)\(\d+<[^>]*journal\.jsonl>.*<([0-9.]+)>$")


def calls_on_journal(trace):
    """Seconds inside system calls on the journal, and how many of them waited for the disk."""
    spent, waits = 0.0, 0
    for line in trace.read_text(errors="replace").splitlines():
        if found := CALL.search(line):
            spent += float(found[2])
            waits += found[1] in ("fdatasync", "fsync")
    return spent, waits


def j1(bench):
    lab = bench.lab
    result = Result("J1", "an update that changes sixteen trivial hosts, landed: the share of its journal")
    strace = shutil.which("strace")
    if strace is None:
        result.report("not measured", "no strace")
        return result
    values = {f"h{h}": "1" for h in range(1, 17)}
    site = Site(lab, "J1", simple_fleet(16, 0), values)
    site.build_all()
    trace = lab.root / "J1-trace"
    spent, waits = [], []

    def prepare(who, make):
        site.repo.follow()
        site.sources["data"].commit({"data.nix": "{ " + " ".join(f'h{h} = "{lab.seed()}";' for h in range(1, 17)) + " }\n"})
        return make()

    def traced():
        # Only the program itself, and only these calls stop for strace; the clock of J1's share is that of the plain runs.
        return [strace, "--seccomp-bpf", "-f", "-T", "-y", "-e", "trace=write,fdatasync,fsync,fallocate", "-o", str(trace), *site.run()]

    rows = {"lockstep": [], "lockstep under strace": []}
    for _ in range(bench.repeats):
        rows["lockstep"] += take_turns(lab, {"lockstep": site.run}, prepare, 1)["lockstep"]
        rows["lockstep under strace"] += take_turns(lab, {"s": traced}, prepare, 1)["s"]
        found = calls_on_journal(trace)
        spent.append(found[0])
        waits.append(found[1])
    result.keep(rows)
    for each in rows.values():
        result.exits(each, 0)
    middle_spent = sorted(spent)[len(spent) // 2]
    result.at_least("times that it waited for the disk", min(waits), 1, "")
    result.report("spent on the journal", f"{middle_spent * 1000:.1f} ms")
    result.at_most("of the run's time", 100 * middle_spent / middle(rows["lockstep"]), 2, " %")
    return result


CASES = {"J1": j1}

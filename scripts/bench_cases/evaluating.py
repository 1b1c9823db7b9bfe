"""F3: fleets whose evaluation is the work, with a large common part, and with none."""

from . import fixtures
from .contenders import Contenders, largest, middle, take_turns
from .lab import Repository
from .result import Result

HOSTS = 8


def contest(bench, result, fleet, makers_of, repeats, options=()):
    lab = bench.lab
    repo = Repository(lab, f"fleet-{result.case}")
    contenders = Contenders(lab, repo, fleet.hosts, bench.slots, options)

    def prepare(_, make):
        repo.commit({"flake.nix": fleet.flake(lab, lab.seed())})
        return make()

    rows = take_turns(lab, makers_of(contenders), prepare, repeats, tree=True, sample=0.02)
    result.keep(rows)
    result.exits(rows["lockstep"], 0)
    return rows


def f3a(bench):
    fleet = fixtures.shared_evaluation(HOSTS, 20000 if bench.quick else 100000, 5000)
    result = Result("F3a", f"{HOSTS} hosts that look at one large common value; {bench.slots} slots, {bench.cores} cores")
    rows = contest(bench, result, fleet, lambda c: {
        "loop": c.loop, f"xargs -P {bench.cores}": lambda: c.xargs(bench.cores), "one nix build": c.one, "lockstep": c.lockstep,
        "bare nix eval of all hosts": c.evaluation}, bench.repeats)
    bare = largest(rows["bare nix eval of all hosts"], "peak_mib")
    result.at_least("times faster than the loop", middle(rows["loop"]) / middle(rows["lockstep"]), 2.5)
    result.at_most(f"peak of its largest evaluator / of one bare evaluation ({bare:.0f} MiB)",
                   largest(rows["lockstep"], "evaluator_mib") / bare, 1.2, "x")
    result.report("evaluators seen together", str(largest(rows["lockstep"], "evaluators_together")))
    return result


def f3b(bench):
    size = 60000 if bench.quick else 125000
    fleet = fixtures.own_evaluation(HOSTS, size)
    budget = 512 if bench.quick else 1024
    known = bench.lab.takes("build", "--evaluation-memory")
    options = ["--evaluation-memory", f"{budget}MiB"] if known else []
    result = Result("F3b", f"{HOSTS} hosts with nothing in common, evaluation only costs; budget {budget} MiB, {bench.cores} cores")
    rows = contest(bench, result, fleet, lambda c: {
        "loop": c.loop, "two at a time": lambda: c.xargs(2), "one nix build": c.one, "bare nix eval of all hosts": c.evaluation,
        "lockstep": c.lockstep}, min(bench.repeats, 3), options)
    others = {name: middle(list_) for name, list_ in rows.items() if name != "lockstep" and not any(row["timed_out"] for row in list_)}
    best = min(others, key=others.get)
    result.at_most(f"times the time of the best ({best})", middle(rows["lockstep"]) / others[best], 1.1, "x")
    together = largest(rows["lockstep"], "evaluators_mib")
    if known:
        result.at_most("memory of all evaluators together", together, budget, " MiB")
    else:
        result.missing("memory of all evaluators together (no --evaluation-memory yet)", f"{together:.0f} MiB", f"<= {budget} MiB")
    result.report("evaluators seen together", str(largest(rows["lockstep"], "evaluators_together")))
    result.report("memory of one host alone", f"{largest(rows['loop'], 'peak_mib'):.0f} MiB")
    return result


CASES = {"F3a": f3a, "F3b": f3b}

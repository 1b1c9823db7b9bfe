"""F1, F2, F4, F5, F10, F11 and F6c: proving what is checked out, against everybody who can do that."""

from . import fixtures
from .contenders import Contenders, largest, middle, take_turns
from .lab import Repository
from .result import Result


def contest(bench, result, fleet, *, slots=None, fresh=True, **how):
    """Everybody builds the fleet, each from a seed of its own (or, when not `fresh`, all from one that is built)."""
    lab = bench.lab
    repo = Repository(lab, f"fleet-{result.case}")
    contenders = Contenders(lab, repo, fleet.hosts, slots or bench.slots)

    def prepare(_, make):
        if fresh:
            repo.commit({"flake.nix": fleet.flake(lab, lab.seed())})
        return make()

    if not fresh:
        repo.commit({"flake.nix": fleet.flake(lab, lab.seed())})
        lab.call(contenders.one())
    makers = contenders.all()
    if fresh:
        makers["bare nix eval of all hosts"] = contenders.evaluation
    rows = take_turns(lab, makers, prepare, bench.repeats, **how)
    result.keep(rows)
    result.facts["slots"] = contenders.slots
    return rows


def ratio(rows, other="loop"):
    return middle(rows[other]) / middle(rows["lockstep"])


def f1(bench):
    fleet = fixtures.chain_and_leaves(lambda needs: fixtures.sleeping(0.3, needs))
    result = Result("F1", f"six hosts over one chain of eight, sleeping 0.3 s each; {bench.slots} slots")
    rows = contest(bench, result, fleet, timeout=90)
    result.exits(rows["lockstep"], 0)
    bound = fleet.lower_bound(bench.slots)
    evaluation = middle(rows["bare nix eval of all hosts"])
    result.facts |= {"lower_bound": bound, "bare_evaluation": evaluation}
    result.at_least("times faster than the loop", ratio(rows), 1.5)
    result.at_most(f"times the lower bound ({bound['seconds']:.2f} s building + {evaluation:.2f} s bare evaluation)",
                   middle(rows["lockstep"]) / (bound["seconds"] + evaluation), 1.15, "x")
    return result


def f2(bench):
    slots = min(bench.slots, bench.cores)
    rounds = fixtures.rounds_for(0.3)
    fleet = fixtures.chain_and_leaves(lambda needs: fixtures.computing(rounds, needs, 0.3))
    result = Result("F2", f"the same, but computing; {slots} slots")
    rows = contest(bench, result, fleet, slots=slots, timeout=120)
    result.exits(rows["lockstep"], 0)
    result.report("times faster than the loop", f"{ratio(rows):.2f}x")
    return result


def f4(bench):
    result = Result("F4", f"six hosts over one derivation that fails after 2 s; {bench.slots} slots")
    rows = contest(bench, result, fixtures.shared_failure(), timeout=90)
    result.exits(rows["lockstep"], 20)
    result.must_be("executions of the failing derivation", largest_count(rows["lockstep"], "broken"), 1)
    result.at_least("times faster than the loop", ratio(rows), 5)
    return result


def largest_count(rows, name):
    return max(row["runs"][name] for row in rows)


def f5(bench):
    fleet = fixtures.Fleet({f"top-{h}": fixtures.sleeping(0.1) for h in range(1, 9)}, {f"h{h}": fixtures.top(f"top-{h}") for h in range(1, 9)})
    fleet.hosts["h4"] = '(throw "h4 is broken")'
    result = Result("F5", f"eight hosts, one of them does not evaluate; {bench.slots} slots")
    rows = contest(bench, result, fleet, timeout=60)
    result.exits(rows["lockstep"], 20)
    result.must_be("other hosts that were built", min(sum(row["runs"].values()) for row in rows["lockstep"]), 7)
    result.report("hosts that one `nix build --keep-going` built", str(max(sum(row["runs"].values()) for row in rows["one nix build"])))
    result.report("times faster than the loop", f"{ratio(rows):.2f}x")
    return result


def f6c(bench):
    result = Result("F6c", "everything is built already: `lockstep build`")
    rows = contest(bench, result, fixtures.chain_and_leaves(lambda needs: fixtures.sleeping(0.01, needs)), fresh=False)
    result.exits(rows["lockstep"], 0)
    result.at_least("times faster than the loop", ratio(rows), 1)
    return result


def f10(bench):
    lab = bench.lab
    result = Result("F10", "a derivation that fails the first time")
    marker = lab.root / "flaky"
    script = f"if [ ! -e {marker} ]; then : > {marker}; echo flaked; exit 1; fi"
    fleet = fixtures.Fleet({"flaky": fixtures.Job(script), "top-1": fixtures.Job(":", ["flaky"]), "top-2": fixtures.Job(":")},
                           {"h1": fixtures.top("top-1"), "h2": fixtures.top("top-2")})
    repo = Repository(lab, "fleet-F10")
    contenders = Contenders(lab, repo, fleet.hosts, bench.slots)
    repo.commit({"flake.nix": fleet.flake(lab, lab.seed())})

    def prepare(_, make):
        return make()

    rows = take_turns(lab, {"first run": contenders.lockstep}, prepare, 1)
    again = take_turns(lab, {"second run": contenders.lockstep}, prepare, 1)
    result.keep(rows | again)
    for name, row in (rows | again).items():
        result.report(name, f"exit {row[0]['code']}, executions: {dict(row[0]['runs'])}")
    return result


def f11(bench):
    result = Result("F11", f"ten hosts over 500 tiny derivations; {bench.slots} slots")
    rows = contest(bench, result, fixtures.tiny(500, 10), timeout=240)
    result.exits(rows["lockstep"], 0)
    result.must_be("builder executions", max(sum(row["runs"].values()) for row in rows["lockstep"]), 500)
    share = middle([{"share": 100 * row["own_cpu"] / row["cpu"]} for row in rows["lockstep"]], "share")
    result.at_most("lockstep's own CPU in all CPU of the run", share, 5, " %")
    result.report("times faster than the loop", f"{ratio(rows):.2f}x")
    result.report("times faster than one nix build", f"{ratio(rows, 'one nix build'):.2f}x")
    result.facts["own_peak_mib"] = largest(rows["lockstep"], "own_peak_mib")
    return result


CASES = {"F1": f1, "F2": f2, "F4": f4, "F5": f5, "F6c": f6c, "F10": f10, "F11": f11}

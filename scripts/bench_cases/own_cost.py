"""S1 and the large logs: what lockstep itself costs, without or beside the real Nix."""

import shutil
from pathlib import Path

from . import fixtures, measure
from .contenders import Contenders, largest, middle, take_turns
from .lab import Repository
from .result import Result


def stub_programs(lab):
    """A `nix` and a `nix-store` that answer at once, compiled here; nothing when there is no compiler."""
    folder = lab.root / "stub"
    if folder.exists():
        return folder
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        return None
    folder.mkdir()
    lab.call([compiler, "-O2", "-o", folder / "nix", Path(__file__).with_name("stub_nix.c")])
    shutil.copy(folder / "nix", folder / "nix-store")
    return folder


def stub_rows(bench, programs, repo, hosts):
    lab = bench.lab
    drvs = lab.root / f"drvs-{hosts}"
    drvs.mkdir()
    for n in range(hosts):
        (drvs / f"h{n}.drv").write_text(f'Derive([("out","{drvs}/h{n}","","")],[],[],"{lab.system}","/bin/sh",[],[("out","{drvs}/h{n}")])')
    env = lab.env | {"STUB_HOSTS": str(hosts), "STUB_DRVS": str(drvs), "STUB_SYSTEM": lab.system}
    rows = []
    for _ in range(min(bench.repeats, 3)):
        run_dir = lab.lockstep_run_dir()
        rows.append(measure.run([lab.lockstep, "build", "--repo", str(repo.path), "--nix-bin", str(programs), "--quiet", "--run-dir", str(run_dir)], env))
        shutil.rmtree(run_dir, ignore_errors=True)
    return rows


def s1(bench):
    lab = bench.lab
    result = Result("S1", "a Nix that answers at once, every output valid: lockstep's own cost")
    programs = stub_programs(lab)
    if programs is None:
        result.report("not measured", "no C compiler for the stub")
        return result
    repo = Repository(lab, "fleet-S1")
    repo.commit({"flake.nix": "{ outputs = { self }: { }; }"})
    rows = {hosts: stub_rows(bench, programs, repo, hosts) for hosts in (500, 1000, 10000)}
    for hosts, list_ in rows.items():
        result.keep({f"{hosts} hosts": list_})
        bad = sorted({row["code"] for row in list_} - {0})
        if bad:
            result.missing(f"exit code with {hosts} hosts", str(bad), "0")
    result.at_most("own CPU, 500 hosts", middle(rows[500], "own_cpu"), 2, " s")
    result.at_most("own memory, 500 hosts", largest(rows[500], "own_peak_mib"), 150, " MiB")
    result.at_most("own CPU, 10,000 hosts", middle(rows[10000], "own_cpu"), 15, " s")
    result.at_most("own memory, 10,000 hosts", largest(rows[10000], "own_peak_mib"), 400, " MiB")
    result.at_most("own CPU of 10,000 hosts / of 1,000 hosts", middle(rows[10000], "own_cpu") / max(middle(rows[1000], "own_cpu"), 0.01), 13, "x")
    return result


def large_logs(bench):
    """Two builders that write as fast as they can, against nix-store with its stderr in a file."""
    lab = bench.lab
    size = (64 if bench.quick else 1024) << 20
    line = "a line of a build log, as long as they usually are, with a path /nix/store/00000000000000000000000000000000-name\n"
    yes, head = shutil.which("yes"), shutil.which("head")
    script = f"{yes} '{line.strip()}' | {head} -c {size}"
    fleet = fixtures.Fleet({f"top-{h}": fixtures.Job(script) for h in (1, 2)}, {f"h{h}": fixtures.top(f"top-{h}") for h in (1, 2)})
    result = Result("LOG", f"two builders write {size >> 20} MiB each at once; 2 slots, Nix keeps no log of its own")
    repo = Repository(lab, "fleet-LOG")
    # bzip2, which Nix uses for its own copy, would take most of the time of both.
    options = ["--nix-option", "keep-build-log=false"]
    contenders = Contenders(lab, repo, fleet.hosts, 2, options)
    into = lab.root / "nix-store.log"

    def realise():
        """The commands that somebody would write who knows the derivations: evaluate, realise, keep what it says."""
        evaluation = " ".join(f"'{word}'" for word in contenders.evaluation())
        return ["sh", "-c", f"drvs=$({evaluation} | tr -d '{{}}\"' | tr ',' '\\n' | cut -d: -f2) && exec nix-store --realise --keep-going "
                f"--max-jobs 2 --option keep-build-log false --log-format internal-json -v $drvs 2> {into}"]

    def prepare(_, make):
        into.unlink(missing_ok=True)
        shutil.rmtree(lab.root / "runs", ignore_errors=True)
        repo.commit({"flake.nix": fleet.flake(lab, lab.seed())})
        return make()

    rows = take_turns(lab, {"nix-store into a file": realise, "lockstep": contenders.lockstep}, prepare, min(bench.repeats, 2), timeout=1800)
    result.facts["bytes_nix_store_wrote"] = into.stat().st_size if into.exists() else None
    result.keep(rows)
    result.exits(rows["lockstep"], 0)
    result.at_most("own memory", largest(rows["lockstep"], "own_peak_mib"), 200, " MiB")
    result.at_least("times faster than nix-store into a file", middle(rows["nix-store into a file"]) / middle(rows["lockstep"]), 1)
    into.unlink(missing_ok=True)
    return result


CASES = {"S1": s1, "LOG": large_logs}

"""Fleets without nixpkgs: a graph of small jobs, written as a flake, and the time it takes at least."""

import math
import re
import shutil
import subprocess
import time
from dataclasses import dataclass, field

PRELUDE = """{
%(inputs)s
  outputs = args@%(arguments)s:
    let
      seed = "%(seed)s";
      job = name: script: needs: derivation {
        inherit name needs seed;
        system = "%(system)s";
        builder = "/bin/sh";
        args = [ "-c" "echo ${name} >> %(count)s\\n${script}\\necho $needs > $out" ];
      };
      host = top: { config.system.build.toplevel = top; };
%(body)s
    in rec {
      nixosConfigurations = {
%(hosts)s
      };
      checks.%(system)s = builtins.mapAttrs (n: h: h.config.system.build.toplevel) nixosConfigurations;
    };
}
"""

SLEEP = shutil.which("sleep")


@dataclass
class Job:
    script: str
    needs: list = field(default_factory=list)
    seconds: float = 0.0


def sleeping(seconds, needs=()):
    return Job(f"{SLEEP} {seconds}", list(needs), seconds)


def computing(rounds, needs=(), seconds=0.0):
    return Job(f"i=0; while [ $i -lt {rounds} ]; do i=$((i+1)); done", list(needs), seconds)


def failing(seconds):
    return Job(f"{SLEEP} {seconds}; echo broken; exit 1", [], seconds)


@dataclass
class Fleet:
    """Jobs by name in an order that puts needs first, and the top job of each host (or Nix text, for what is odd)."""
    jobs: dict
    hosts: dict
    body: str = ""
    inputs: dict = field(default_factory=dict)

    def flake(self, lab, seed):
        lines = ["      jobs = {"]
        for name, job in self.jobs.items():
            script = job.script.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
            script = re.sub(r"@DATA:(\w+)@", r"${data.\1}", script)  # a value that comes from an input
            needs = " ".join(f'jobs."{need}"' for need in job.needs)
            lines.append(f'        "{name}" = job "{name}" "{script}" [ {needs} ];')
        lines.append("      };")
        hosts = [f'        "{name}" = host {top};' for name, top in self.hosts.items()]
        inputs = "".join(f'  inputs."{name}" = {{ url = "git+file://{path}"; flake = false; }};\n' for name, path in self.inputs.items())
        arguments = "{ self" + "".join(f", {name}" for name in self.inputs) + " }"
        return PRELUDE % {"inputs": inputs, "arguments": arguments, "seed": seed, "system": lab.system, "count": lab.count,
                          "body": self.body + "\n" + "\n".join(lines), "hosts": "\n".join(hosts)}

    def lower_bound(self, slots):
        """No schedule on `slots` slots is faster: the critical path, all work over all slots, and, for each moment before
        which some jobs cannot start, that moment plus the work of those jobs over the slots (in whole jobs when they are
        equally long)."""
        starts, ends = {}, {}
        for name, job in self.jobs.items():
            starts[name] = max((ends[need] for need in job.needs), default=0.0)
            ends[name] = starts[name] + job.seconds
        critical, work = max(ends.values()), sum(job.seconds for job in self.jobs.values())
        best = max(critical, work / slots)
        for moment in set(starts.values()):
            late = [self.jobs[name].seconds for name, start in starts.items() if start >= moment - 1e-9]
            rounds = math.ceil(len(late) / slots) * late[0] if len(set(late)) == 1 else sum(late) / slots
            best = max(best, moment + rounds)
        return {"critical_path": critical, "work": work, "seconds": best}


def top(name):
    return f'jobs."{name}"'


def chain_and_leaves(make, length=8, hosts=6, leaves=2):
    jobs = {}
    for n in range(length):
        jobs[f"chain-{n}"] = make([f"chain-{n - 1}"] if n else [])
    for h in range(1, hosts + 1):
        for leaf in range(leaves):
            jobs[f"leaf-{h}-{leaf}"] = make([f"chain-{length - 1}"])
        jobs[f"top-{h}"] = make([f"leaf-{h}-{leaf}" for leaf in range(leaves)])
    return Fleet(jobs, {f"h{h}": top(f"top-{h}") for h in range(1, hosts + 1)})


def shared_failure(hosts=6, seconds=2):
    jobs = {"broken": failing(seconds)}
    jobs |= {f"top-{h}": sleeping(0.1, ["broken"]) for h in range(1, hosts + 1)}
    return Fleet(jobs, {f"h{h}": top(f"top-{h}") for h in range(1, hosts + 1)})


def tiny(count, hosts):
    jobs = {f"tiny-{n}": Job(":") for n in range(count - hosts)}
    names = list(jobs)
    jobs |= {f"top-{h}": Job(":", names[h::hosts]) for h in range(hosts)}
    return Fleet(jobs, {f"h{h}": top(f"top-{h}") for h in range(hosts)})


HEAVY = """
      made = size: tag: let
        all = builtins.listToAttrs (builtins.genList (n: { name = "k${toString n}"; value = { a = n; s = %(text)s; l = [ n (n + 1) ]; }; }) size);
      in builtins.deepSeq all all;
      total = all: count: builtins.foldl' (a: n: a + all."k${toString n}".a) 0 (builtins.genList (x: x) count);
"""
PAD = "x" * 1000


def shared_evaluation(hosts, size, each):
    """Every host looks at one large common value."""
    body = HEAVY % {"text": 'builtins.hashString "sha256" "${tag}${toString n}"'} + f'      common = made {size} seed;\n'
    return Fleet({}, {f"h{h}": f'(job "top-{h}" "# ${{toString (total common {each} + {h})}}" [ ])' for h in range(1, hosts + 1)}, body)


def own_evaluation(hosts, size):
    """Every host has a large value of its own, and keeps it, as with a package set of its own."""
    body = HEAVY % {"text": f'"{PAD}${{tag}}${{toString n}}"'}
    return Fleet({}, {f"h{h}": f'(let all = made {size} "{h}-${{seed}}"; in job "top-{h}" "# ${{toString (total all 1000)}}" [ ] // {{ kept = all; }})'
                      for h in range(1, hosts + 1)}, body)


def rounds_for(seconds):
    """How many rounds of the shell's loop take `seconds` of CPU here."""
    begin = time.monotonic()
    subprocess.run(["/bin/sh", "-c", "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done"], check=True)
    return int(300000 * seconds / (time.monotonic() - begin))

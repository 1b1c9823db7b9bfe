"""What a case found: checks with a mark, and the figures of each contender."""

from dataclasses import asdict, dataclass, field

from .contenders import summary


@dataclass
class Check:
    case: str
    what: str
    measured: str
    wanted: str = "reported"
    ok: bool | None = None

    def mark(self):
        return {True: "ok", False: "MISS", None: "-"}[self.ok]


@dataclass
class Result:
    case: str
    title: str
    checks: list = field(default_factory=list)
    contenders: dict = field(default_factory=dict)
    facts: dict = field(default_factory=dict)

    def at_least(self, what, value, limit, unit="x"):
        self.checks.append(Check(self.case, what, f"{value:.2f}{unit}", f">= {limit:g}{unit}", value >= limit))

    def at_most(self, what, value, limit, unit=""):
        self.checks.append(Check(self.case, what, f"{value:.2f}{unit}", f"<= {limit:.5g}{unit}", value <= limit))

    def must_be(self, what, value, wanted):
        self.checks.append(Check(self.case, what, str(value), str(wanted), value == wanted))

    def report(self, what, text):
        self.checks.append(Check(self.case, what, text))

    def missing(self, what, why, wanted):
        self.checks.append(Check(self.case, what, why, wanted, False))

    def keep(self, rows):
        self.contenders |= {name: summary(list_) for name, list_ in rows.items() if list_}

    def exits(self, rows, wanted):
        """A contender that did not do the work must not count as fast."""
        codes = sorted({row["code"] for row in rows})
        if codes != [wanted]:
            self.missing("lockstep's exit code", str(codes), str(wanted))

    def as_json(self):
        return asdict(self)


def print_table(results, out=print):
    out(f"\n{'':<5}{'case':<6}{'what':<62}{'measured':>12}  wanted")
    for result in results:
        for check in result.checks:
            wide = len(check.measured) > 12
            out(f"{check.mark():<5}{check.case:<6}{check.what:<62}{'' if wide else check.measured:>12}  {check.wanted}")
            if wide:
                out(f"{'':<13}{check.measured}")


def print_figures(result, out=print):
    out(f"\n{result.case}: {result.title}")
    if result.contenders:
        out(f"  {'':<30}{'median':>9}{'min':>8}{'max':>8}{'CPU':>8}{'peak':>10}  executions")
    for name, row in result.contenders.items():
        wall = row["wall"]
        note = "  (stopped at the time limit)" if row["timed_out"] else ""
        runs = ", ".join(map(str, row.get("executions", [])))
        out(f"  {name:<30}{wall['median']:>8.2f}s{wall['min']:>7.2f}s{wall['max']:>7.2f}s{row['cpu']:>7.2f}s{row['peak_mib']:>6.0f} MiB  {runs}{note}")

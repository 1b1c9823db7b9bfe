"""Runs one program and says what it cost: time, CPU, memory, and whose."""

import os
import select
import signal
import subprocess
import threading
import time
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
MIB = 1 << 20


def descendants(root):
    """Process ids below `root`, found by the kernel's own lists of children."""
    found, todo = [], [root]
    while todo:
        pid = todo.pop()
        try:
            threads = os.listdir(f"/proc/{pid}/task")
        except OSError:
            continue
        for thread in threads:
            try:
                children = Path(f"/proc/{pid}/task/{thread}/children").read_text().split()
            except OSError:
                continue
            found += children
            todo += children
    return found


class Sampler(threading.Thread):
    """Looks at a process and its evaluators until told to stop.

    own_peak: high-water mark of the process itself. evaluators_sum: the largest sum of the memory of all programs named
    `nix` below it that were seen together. evaluator_peak: the largest high-water mark of any one of them.
    """

    def __init__(self, pid, interval, tree):
        super().__init__(daemon=True)
        self.pid, self.interval, self.tree = pid, interval, tree
        self.own_peak = self.evaluators_sum = self.evaluator_peak = self.evaluators_together = 0
        self.stopped = threading.Event()

    @staticmethod
    def high_water(pid):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
        return 0

    def look(self):
        self.own_peak = max(self.own_peak, self.high_water(self.pid))
        if not self.tree:
            return
        total = together = 0
        for pid in descendants(self.pid):
            try:
                if Path(f"/proc/{pid}/comm").read_text().strip() != "nix":
                    continue
                total += int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
                together += 1
                self.evaluator_peak = max(self.evaluator_peak, self.high_water(pid))
            except (OSError, IndexError):
                continue
        self.evaluators_sum = max(self.evaluators_sum, total)
        self.evaluators_together = max(self.evaluators_together, together)

    def run(self):
        while not self.stopped.wait(self.interval):
            try:
                self.look()
            except OSError:
                return


def stop_group(child, waiter):
    """Ends a program that takes too long, with everything in its process group."""
    for number, patience in ((signal.SIGTERM, 10000), (signal.SIGKILL, 10000)):
        try:
            os.killpg(child.pid, number)
        except ProcessLookupError:
            return
        if waiter.poll(patience):
            return


def run(argv, env, cwd=None, *, sample=0.05, tree=False, timeout=900, stderr=subprocess.DEVNULL):
    """Wall seconds, CPU seconds of all (and of the process alone), peaks of memory in MiB, exit code."""
    begin = time.monotonic()
    child = subprocess.Popen(argv, env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=stderr,
                             start_new_session=True)
    sampler = Sampler(child.pid, sample, tree)
    sampler.start()
    pidfd = os.pidfd_open(child.pid)
    waiter = select.poll()
    waiter.register(pidfd, select.POLLIN)
    late = not waiter.poll(timeout * 1000)
    if late:
        stop_group(child, waiter)
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    wall = time.monotonic() - begin
    os.close(pidfd)
    sampler.stopped.set()
    sampler.join()
    fields = Path(f"/proc/{child.pid}/stat").read_text().rsplit(")", 1)[1].split()
    own = (int(fields[11]) + int(fields[12])) / TICKS
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    result = {"wall": wall, "cpu": usage.ru_utime + usage.ru_stime, "own_cpu": own, "code": child.returncode,
              "peak_mib": usage.ru_maxrss / 1024, "own_peak_mib": sampler.own_peak / MIB, "timed_out": late}
    if tree:
        result |= {"evaluators_mib": sampler.evaluators_sum / MIB, "evaluator_mib": sampler.evaluator_peak / MIB,
                   "evaluators_together": sampler.evaluators_together}
    return result

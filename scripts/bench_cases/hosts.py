"""Hosts that are namespaces of this machine (tests/support/deploy_lab), and a fleet of them with lockstep on its controller."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from . import measure

CONFIRM = 8  # seconds
SCRIPTS = Path(__file__).resolve().parent.parent.parent / "tests/support/deploy_lab"
HOST_PATH = "/run/lab/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def run(argv, **more):
    done = subprocess.run(argv, capture_output=True, **more)
    if done.returncode:
        sys.exit(f"deploy lab: {argv}: {done.stderr.decode(errors='replace')}")
    return done.stdout


class Host:
    def __init__(self, lab, number):
        self.lab, self.name, self.address = lab, f"web{number}", f"10.77.0.{number + 10}"
        self.disk = lab.dir / "disks" / self.name
        run(["/bin/sh", lab.dir / "scripts/host-disk.sh", lab.dir, self.name, "24", "2", "1"])
        self.start()

    def start(self):
        lab = self.lab
        with open(lab.dir / f"log-{self.name}", "wb") as log:
            subprocess.Popen(["/bin/sh", lab.dir / "scripts/host-run.sh", lab.dir, self.name, self.address],
                             stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + 60
        while not ((self.disk / "lab/up").exists() and "Server listening" in self.sshd_log()):
            if time.monotonic() > deadline:
                sys.exit(f"deploy lab: {self.name} does not start")
            time.sleep(0.02)

    def sshd_log(self):
        log = self.disk / "lab/sshd.log"
        return log.read_text(errors="replace") if log.exists() else ""

    def sessions(self):
        return self.sshd_log().count("Starting session: ")

    def leader(self):
        """Process 1 of the host, as the controller numbers it."""
        return (self.disk / "lab/init.pid").read_text().strip()

    def sh(self, script, **more):
        return run(["nsenter", "--target", self.leader(), "--mount", "--net", "--pid", "--uts", "--", "env", "-i", f"PATH={HOST_PATH}",
                    "HOME=/root", "/bin/sh", "-ec", script], **more).decode().strip()

    def running(self):
        return os.readlink(f"/proc/{self.leader()}/root/run/current-system")

    def profile(self):
        return self.sh("readlink -f /nix/var/nix/profiles/system")

    def install(self, path):
        self.sh("nix-store --import >/dev/null", input=self.lab.export(path))
        self.sh(f"nix-env -p /nix/var/nix/profiles/system --set {path} 2>/dev/null; ln -sfn {path} /run/current-system; "
                f"ln -sfn {path} /run/booted-system; echo {path} >/boot/loader/default")
        (self.disk / "lab/first-default").write_text(path + "\n")


class Lab:
    """This process runs on the controller of a lab."""

    def __init__(self, directory, program):
        self.dir, self.program, self.hosts, self.exports = Path(directory), program, [], {}
        self.user, self.become, self.reboot, self.confirm = "root", "", "never", CONFIRM
        self.fleet = self.dir / "fleet"
        home, conf = self.dir / "home", self.dir / "conf"
        home.mkdir()
        conf.mkdir()
        (conf / "nix.conf").write_text("experimental-features = nix-command flakes\nsubstituters =\nsandbox = false\n"
                                       "build-users-group =\nflake-registry =\n")
        self.env = {"PATH": os.environ["PATH"], "HOME": str(home), "XDG_STATE_HOME": str(home / "state"), "NIX_REMOTE": "",
                    "NIX_CONF_DIR": str(conf), "NIX_USER_CONF_FILES": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}

    @staticmethod
    def run_inside(directory, argv):
        """Runs argv on the controller of a new lab, which ends with it; its exit code."""
        (directory / "disks").mkdir()
        shutil.copytree(SCRIPTS, directory / "scripts")
        run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", directory / "user_key"])
        script = 'sh "$0/scripts/lab-init.sh" "$0" & while [ ! -e "$0/ready" ]; do sleep 0.05; done; "$@" & wait $!; exit $?'
        done = subprocess.run(["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--net", "--pid", "--fork", "--kill-child=KILL",
                               "--mount-proc", "/bin/sh", "-c", script, str(directory), *argv],
                              env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"})
        return done.returncode

    def add(self, count, kind=Host):
        while len(self.hosts) < count:
            self.hosts.append(kind(self, len(self.hosts) + 1))
        return self.hosts[:count]

    def export(self, path):
        if path not in self.exports:
            self.exports[path] = run(["/bin/sh", "-c", 'nix-store --export $(nix-store -qR "$1")', "sh", path], env=self.env)
        return self.exports[path]

    def git(self, *argv):
        run(["git", "-C", self.fleet, "-c", "user.name=Figures", "-c", "user.email=f@example.org", *argv], env=self.env)

    def write_fleet(self, hosts, version, mode):
        """A repository that wants `version` of each host; its path in the store once `lockstep build` has proved it."""
        fresh = not self.fleet.exists()
        self.fleet.mkdir(exist_ok=True)
        shutil.copy(self.dir / "scripts/toplevel.nix", self.fleet)
        shutil.copy(self.dir / "scripts/switch-to-configuration.sh", self.fleet / "stc.sh")
        text = (self.fleet / "toplevel.nix").read_text()
        system = run(["nix", "eval", "--raw", "--impure", "--expr", "builtins.currentSystem"], env=self.env).decode()
        (self.fleet / "toplevel.nix").write_text(text.replace("builtins.currentSystem", f'"{system}"'))
        keys = [f"{h.address} " + " ".join((h.disk / "etc/ssh/ssh_host_ed25519_key.pub").read_text().split()[:2]) for h in hosts]
        (self.fleet / "known_hosts").write_text("\n".join(keys) + "\n")
        names = " ".join(f'"{h.name}"' for h in hosts)
        (self.fleet / "flake.nix").write_text(
            f"""{{ outputs = _: let top = import ./toplevel.nix {{ name = "{version}"; mode = "{mode}"; kernel = "6.1"; initrd = "1";
  params = "quiet"; size = "0"; stc = ./stc.sh; sh = "/bin/sh"; }}; in {{ nixosConfigurations = builtins.listToAttrs
  (map (name: {{ inherit name; value.config.system.build.toplevel = top; }}) [ {names} ]); }}; }}\n""")
        entries = "".join(f"    {h.name}: {{ addresses: [{h.address}] }}\n" for h in hosts)
        (self.fleet / "lockstep.yaml").write_text(
            f"""config_version: 1
fleet:
  defaults: {{ user: {self.user} }}
  hosts:
{entries}deploy:
  known_hosts: known_hosts
  check_signatures: false
  reach_within: 0s
  confirm_timeout: {self.confirm}s
  health_within: 2s
  activate_timeout: 15s
  commit_timeout: 10s
  rollback_timeout: 10s
  activations: 10
  copies: 10
""")
        (self.dir / "machine.yaml").write_text("config_version: 1\nprove: { min_free: 1MiB }\nfleet:\n  defaults: "
                                               f"{{ identity_file: {self.dir / 'user_key'}, reboot: {self.reboot} }}\n" +
                                               (f"deploy: {{ become: {self.become} }}\n" if self.become else ""))
        if fresh:
            self.git("init", "-q", "-b", "main", ".")
            run(["git", "init", "-q", "--bare", "-b", "main", self.dir / "fleet.git"], env=self.env)
            self.git("remote", "add", "origin", str(self.dir / "fleet.git"))
        self.git("add", "--all")
        self.git("commit", "-q", "--allow-empty", "-m", f"{version} for {len(hosts)}")
        self.git("push", "-q", "origin", "main")
        self.lockstep("build")
        return run(["nix", "eval", "--raw", f"{self.fleet}#nixosConfigurations.{hosts[0].name}.config.system.build.toplevel.outPath"],
                   env=self.env).decode()

    def lockstep(self, *argv, code=0):
        words = self.dir / "words"
        with open(words, "wb") as file:
            row = measure.run([self.program, *argv, "--repo", str(self.fleet), "--config", str(self.dir / "machine.yaml"), "--plain"],
                              self.env, stderr=file)
        if row["code"] != code:
            sys.exit(f"deploy lab: lockstep {' '.join(argv)} ended with {row['code']}, not {code}:\n{words.read_text()}")
        return row

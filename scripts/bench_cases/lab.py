"""A Nix store, git repositories and remotes of the bench's own. Nothing else on the machine is read or changed."""

import os
import re
import shutil
import subprocess
from collections import Counter

CONF = """experimental-features = nix-command flakes
substituters =
sandbox = false
build-users-group =
flake-registry =
"""


class Lab:
    def __init__(self, root, lockstep):
        self.root, self.lockstep = root, lockstep
        self.count = root / "count"
        self.system = os.uname().machine + "-linux"
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("NIX_", "LOCKSTEP_", "GIT_", "XDG_"))}
        who = {"NAME": "Bench", "EMAIL": "bench@example.org"}
        self.env |= {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in who.items()}
        self.env |= {
            "HOME": str(root / "home"), "XDG_CACHE_HOME": str(root / "cache"), "XDG_STATE_HOME": str(root / "state"),
            "NIX_STORE_DIR": str(root / "nix/store"), "NIX_STATE_DIR": str(root / "nix/var"),
            "NIX_LOG_DIR": str(root / "nix/log"), "NIX_CONF_DIR": str(root / "nix/etc"),
            "NIX_USER_CONF_FILES": "/dev/null", "NIX_REMOTE": "local", "GIT_CONFIG_NOSYSTEM": "1",
        }
        for folder in ("home", "cache", "state", "nix/etc"):
            (root / folder).mkdir(parents=True)
        (root / "nix/etc/nix.conf").write_text(CONF)
        (root / "home/.gitconfig").write_text("[user]\n\tname = Bench\n\temail = bench@example.org\n")
        version = self.call(["nix", "--version"]).stdout.split()[-1]
        self.nix_version = version
        self.nix_level = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
        self.seeds = self.runs = 0
        self.help = {command: subprocess.run([lockstep, "help", command], capture_output=True, text=True, check=False).stdout
                     for command in ("build", "run")}

    def call(self, argv, **more):
        done = subprocess.run([str(a) for a in argv], env=self.env, check=False, capture_output=True, text=True, **more)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(map(str, argv))}: exit {done.returncode}\n{done.stderr}")
        return done

    def seed(self):
        self.seeds += 1
        return f"{os.getpid()}-{self.seeds}"

    def takes(self, command, flag):
        return flag in self.help[command]

    def executions(self):
        """What builders have run since the last call, by name."""
        runs = Counter(self.count.read_text().split()) if self.count.exists() else Counter()
        self.count.unlink(missing_ok=True)
        return runs

    def lockstep_run_dir(self):
        self.runs += 1
        return self.root / f"runs/{self.runs}"

    def free(self):
        subprocess.run(["chmod", "-R", "u+w", str(self.root)], check=False, stderr=subprocess.DEVNULL)
        shutil.rmtree(self.root, ignore_errors=True)


class Repository:
    """A git repository; with `remote` also a bare one beside it that it was pushed to."""

    def __init__(self, lab, name):
        self.lab, self.path = lab, lab.root / name
        self.remote = None
        lab.call(["git", "init", "-q", "-b", "main", self.path])

    def git(self, *argv):
        return self.lab.call(["git", "-C", self.path, *argv]).stdout.strip()

    def commit(self, files, message="change"):
        for name, text in files.items():
            (self.path / name).write_text(text)
        self.git("add", ".")
        self.git("commit", "-qm", message)
        if self.remote is not None:
            self.git("push", "-q", "origin", "HEAD:main")

    def publish(self):
        self.remote = self.path.with_suffix(".git")
        self.lab.call(["git", "init", "-q", "--bare", "-b", "main", self.remote])
        self.git("remote", "add", "origin", str(self.remote))
        self.git("push", "-q", "origin", "HEAD:main")
        self.git("fetch", "-q", "origin")

    def follow(self):
        """Back to what the remote has, without leftovers."""
        self.git("fetch", "-q", "origin")
        self.git("reset", "-q", "--hard", "origin/main")
        self.git("clean", "-qfd")

    def remote_head(self):
        return self.lab.call(["git", "-C", self.remote, "rev-parse", "main"]).stdout.strip()

# A NixOS module: a user that lockstep deploys as, with the rules of sudo that it needs and no other.
#
#   imports = [ ./lockstep-deploy-user.nix ];
#   lockstep.deployUser.keys = [ "ssh-ed25519 AAAA… lockstep" ];
#
# and in lockstep.yaml:
#
#   fleet: {defaults: {user: lockstep}}
#   deploy: {become: sudo -n}
#
# This is no fence: whoever may activate any path of the store, and start a supervisor of their own as root, is root. What
# the rules give is a short list of what is normal, and a log of it. Keep the key as you keep root's.
#
# Systems come signed: have the public key of the builder or cache in `nix.settings.trusted-public-keys`. Making the user a
# `trusted-user` instead would work, with less told to you about where a system comes from.
{ config, lib, ... }:
let
  cfg = config.lockstep.deployUser;

  # What needs root, word by word; `*` stands for a run, a number, a path of the store.
  shapes = [
    [ "install" "-d" "-m" "0700" "-o" "*" "/run/lockstep" "/run/lockstep/*" ]
    [ "systemd-run" "--quiet" "--collect" "--on-active=*s" "--timer-property=AccuracySec=100ms" "--unit=lockstep-wd-*" "--" "/bin/sh" "/run/lockstep/*/supervisor" "watchdog" ]
    [ "systemd-run" "--quiet" "--no-block" "--collect" "--service-type=exec" "--property=KillMode=mixed" "--property=TimeoutStopSec=*s" "--unit=lockstep-switch" "--" "/bin/sh" "/run/lockstep/*/supervisor" ]
    [ "systemd-run" "--quiet" "--collect" "--no-block" "--unit=lockstep-settle-*" "--" "/bin/sh" "/run/lockstep/*/supervisor" "watchdog" ]
    [ "systemctl" "stop" "lockstep-wd-*.timer" ]
    [ "/nix/store/*/bin/switch-to-configuration" "check" ]
    [ "/nix/store/*/bin/switch-to-configuration" "dry-activate" ]
    [ "mkdir" "-p" "/nix/var/nix/gcroots/lockstep" ]
    [ "nix-store" "--realise" "/nix/store/*" "--add-root" "/nix/var/nix/gcroots/lockstep/*-new" ]
    [ "nix-store" "--realise" "/nix/store/*" "--add-root" "/nix/var/nix/gcroots/lockstep/*-old" ]
    [ "rm" "-f" "/nix/var/nix/gcroots/lockstep/*-new" "/nix/var/nix/gcroots/lockstep/*-old" ]
    [ "systemd-run" "--quiet" "--collect" "--on-active=1s" "--timer-property=AccuracySec=100ms" "--unit=lockstep-reboot-*" "--" "/run/current-system/sw/bin/systemctl" "reboot" ]
  ];

  # sudo wants whole paths, and a backslash before some characters of arguments.
  program = word: if lib.hasPrefix "/" word then word else "/run/current-system/sw/bin/${word}";
  argument = lib.replaceStrings [ "," ":" "=" ] [ "\\," "\\:" "\\=" ];
  command = shape: lib.concatStringsSep " " ([ (program (lib.head shape)) ] ++ map argument (lib.tail shape));
in
{
  options.lockstep.deployUser = {
    name = lib.mkOption {
      type = lib.types.str;
      default = "lockstep";
      description = "The user that lockstep comes in as.";
    };
    keys = lib.mkOption {
      type = lib.types.listOf lib.types.str;
      description = "Public keys that may come in as that user.";
    };
  };

  config = {
    users.groups.${cfg.name} = { };
    users.users.${cfg.name} = {
      isSystemUser = true;
      group = cfg.name;
      # Health checks that look into the journal see the whole of it.
      extraGroups = [ "systemd-journal" ];
      # The scripts come over standard input, so there has to be a shell.
      useDefaultShell = true;
      # Nothing but commands: no terminal, no forwarding. A host that others are reached through needs `permitopen` here.
      openssh.authorizedKeys.keys = map (key: "restrict ${key}") cfg.keys;
    };
    security.sudo.extraRules = [
      {
        users = [ cfg.name ];
        commands = map (shape: { command = command shape; options = [ "NOPASSWD" ]; }) shapes;
      }
    ];
  };
}

# A system as NixOS makes it, as far as a deploy looks into it.
{ system, app }: host:
let
  health = if app.healthy then "exit 0" else "echo 'the database schema is newer than this program' >&2; exit 1";
in
derivation {
  name = "nixos-system-${host}-${app.version}";
  inherit system health host;
  inherit (app) version;
  builder = "/bin/sh";
  PATH = "/usr/local/bin:/usr/bin:/bin";
  stc = ./switch-to-configuration.sh;
  kernel = builtins.toFile "bzImage-6.1" "6.1";
  initrd = builtins.toFile "initrd-6.1" "6.1";
  modules = builtins.toFile "kernel-modules-6.1" "6.1";
  systemd = builtins.toFile "systemd-252" "252";
  args = [ "-e" "-c" ''
    mkdir -p $out/bin $out/sw/bin
    cp $stc $out/bin/switch-to-configuration
    echo "app-$version" > $out/lab-name
    echo ok > $out/lab-mode
    echo "24.11.$version" > $out/nixos-version
    echo quiet > $out/kernel-params
    ln -s $kernel $out/kernel
    ln -s $initrd $out/initrd
    ln -s $modules $out/kernel-modules
    ln -s $systemd $out/systemd
    echo '#!/bin/sh' > $out/activate
    printf '#!/bin/sh\n# app %s on %s\n%s\n' "$version" "$host" "$health" > $out/sw/bin/app
    chmod 755 $out/bin/switch-to-configuration $out/activate $out/sw/bin/app
  '' ];
}

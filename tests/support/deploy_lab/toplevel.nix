# A toplevel as NixOS makes it, as far as anything looks into it.
{ name, mode, kernel, initrd, params, size, stc, sh }:
let
  part = name: text: builtins.toFile name text;
in derivation {
  name = "nixos-system-lab-${name}";
  system = builtins.currentSystem;
  builder = sh;
  PATH = "/usr/local/bin:/usr/bin:/bin";
  inherit mode params size stc;
  label = name;
  kernel = part "bzImage-${kernel}" kernel;
  initrd = part "initrd-${initrd}" initrd;
  modules = part "kernel-modules-${kernel}" kernel;
  systemd = part "systemd-lab" "252";
  args = [ "-e" "-c" ''
    mkdir -p $out/bin $out/sw
    ln -s /usr/bin $out/sw/bin
    cp $stc $out/bin/switch-to-configuration
    chmod 755 $out/bin/switch-to-configuration
    echo "$label" > $out/lab-name
    echo "$mode" > $out/lab-mode
    echo "24.11.lab-$label" > $out/nixos-version
    echo "$params" > $out/kernel-params
    ln -s $kernel $out/kernel
    ln -s $initrd $out/initrd
    ln -s $modules $out/kernel-modules
    ln -s $systemd $out/systemd
    echo '#!/bin/sh' > $out/activate
    if [ "$mode" = home ]; then
      echo "s=\$HOME/.local/state; mkdir -p \$s/home-manager/gcroots \$s/nix/profiles" >> $out/activate
      echo "ln -sfn $out \$s/home-manager/gcroots/current-home" >> $out/activate
      echo "exec nix-env -p \$s/nix/profiles/home-manager --set $out" >> $out/activate
    else
      echo "exec $out/bin/switch-to-configuration test" >> $out/activate
    fi
    chmod 755 $out/activate
    [ "$size" = 0 ] || head -c "''${size}M" /dev/urandom > $out/ballast
  '' ];
}

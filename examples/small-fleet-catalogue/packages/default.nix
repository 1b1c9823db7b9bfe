{ build, versions }:
let
  packages = {
    tls = build {
      name = "tls";
      version = versions.tls;
      script = ''
        echo "compiling tls $version"
        echo "tls $version" > $out
      '';
    };

    proxy = build {
      name = "proxy";
      version = versions.proxy;
      needs = [ packages.tls ];
      script = ''
        echo "configuring proxy $version"
        echo "checking for tls... $needs"
        case $version in
          1.*) ;;
          *)
            echo "compiling src/listen.c"
            echo "src/listen.c:42:17: error: unknown type name 'tls_context'" >&2
            echo "make: *** [Makefile:12: listen.o] Error 1" >&2
            exit 2
            ;;
        esac
        echo "proxy $version with $needs" > $out
      '';
    };

    database = build {
      name = "database";
      version = versions.database;
      needs = [ packages.tls ];
      script = ''
        echo "compiling database $version"
        step=1
        while [ $step -le 40 ]; do echo "[$step/40] cc -c part$step.c"; step=$((step + 1)); done
        echo "database $version with $needs" > $out
      '';
    };

    archiver = build {
      name = "archiver";
      version = versions.archiver;
      script = ''
        echo "compiling archiver $version"
        echo "archiver $version" > $out
      '';
    };
  };
in
packages

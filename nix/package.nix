# `pkgsStatic.callPackage` of this same file makes the static build.
{
  lib,
  installShellFiles,
  linkFarm,
  rustPlatform,
  stdenv,
  testers,
}:

let
  # A program is a folder below crates/tools; nothing here lists them a second time.
  tools = ../crates/tools;
  folders =
    path: lib.attrNames (lib.filterAttrs (_: type: type == "directory") (builtins.readDir path));
  programs = lib.filter (name: lib.pathExists (tools + "/${name}/Cargo.toml")) (folders tools);

  # Relative names of the unit files that stand beside a program: "system/fix-linger@.service", …
  unitFilesOf =
    program:
    let
      root = tools + "/${program}/units";
    in
    lib.concatMap
      (
        kind:
        lib.optionals (lib.pathExists (root + "/${kind}")) (
          map (file: lib.removePrefix (toString root + "/") (toString file)) (
            lib.filesystem.listFilesRecursive (root + "/${kind}")
          )
        )
      )
      [
        "system"
        "user"
      ];

  runsHere = stdenv.buildPlatform.canExecute stdenv.hostPlatform;
in
rustPlatform.buildRustPackage (finalAttrs: {
  pname = "mendutils";
  inherit ((lib.importTOML ../Cargo.toml).workspace.package) version;

  src = lib.fileset.toSource {
    root = ../.;
    fileset = lib.fileset.unions [
      ../Cargo.toml
      ../Cargo.lock
      ../crates
      # Never built here, but a member of the workspace: cargo wants to see its manifest.
      ../tests
    ];
  };
  cargoLock.lockFile = ../Cargo.lock;

  # xtask writes the man pages and completions from the programs' own argument definitions.
  cargoBuildFlags = lib.concatMap (package: [
    "--package"
    package
  ]) (programs ++ [ "xtask" ]);

  # The tests beside the code. All else needs mount namespaces or a systemd of its own: that is `cargo lab test`
  # and the VM tests.
  cargoTestFlags = [
    "--workspace"
    "--exclude=lab"
    # It has tests of its output only, which read docs/.
    "--exclude=xtask"
    "--lib"
    "--bins"
  ];

  nativeBuildInputs = [ installShellFiles ];

  postInstall = ''
    xtask=$TMPDIR/xtask
    mv "$out/bin/xtask" "$xtask"
    bash ${./install-units.sh} crates/tools "$out"
  ''
  # A job of launchd must not need the store, so these name the programs where they are copied to, not in $out.
  + lib.optionalString stdenv.hostPlatform.isDarwin ''
    for kind in Daemons Agents; do
      for plist in crates/tools/*/launchd/"$(tr A-Z a-z <<<"$kind")"/*.plist; do
        if [ -e "$plist" ]; then
          install -Dm444 "$plist" "$out/Library/Launch$kind/$(basename "$plist")"
        fi
      done
    done
  ''
  + lib.optionalString runsHere ''
    "$xtask" man man
    installManPage man/*
    "$xtask" completions completions
    for program in ${toString programs}; do
      installShellCompletion --cmd "$program" \
        --bash "completions/$program" --zsh "completions/_$program" --fish "completions/$program.fish"
    done
  '';

  passthru = {
    inherit programs;

    # The unit files of one program, to be put into `systemd.packages`. A drop-in takes effect by being there, so a
    # module must be able to leave one out while it installs another.
    units = lib.genAttrs (lib.filter (program: unitFilesOf program != [ ]) programs) (
      program:
      linkFarm "${program}-units" (
        map (file: {
          name = "lib/systemd/${file}";
          path = "${finalAttrs.finalPackage}/lib/systemd/${file}";
        }) (unitFilesOf program)
      )
    );

    tests = {
      version = testers.testVersion {
        package = finalAttrs.finalPackage;
        command = "check-user-session --version";
      };
    }
    // lib.optionalAttrs stdenv.hostPlatform.isLinux (
      lib.mapAttrs (_: testers.runNixOSTest) (import ./tests)
    );
  };

  meta = {
    description = "Small static programs that check and mend boot, login and service state";
    homepage = "https://github.com/mendutils/mendutils";
    license = lib.licenses.mit;
    mainProgram = "check-user-session";
    platforms = lib.platforms.linux ++ lib.platforms.darwin;
  };
})

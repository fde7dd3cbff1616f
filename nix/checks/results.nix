# The cases of module.nix, home.nix and darwin.nix: the names, and each case with its verdict. A throw fails its own case only; an
# error that Nix cannot catch fails the evaluation, so `-A module.cases.<name>` asks for one.
{ ... }@arguments:

builtins.mapAttrs
  (_: cases: {
    names = builtins.attrNames cases;
    cases = builtins.mapAttrs (
      _:
      { expr, expected }:
      let
        verdict = builtins.tryEval (builtins.deepSeq expr (expr == expected));
        shown = value: builtins.tryEval (builtins.deepSeq value (builtins.toJSON value));
      in
      {
        passed = verdict.success && verdict.value;
        expr = if verdict.success then (shown expr).value else "it throws";
        expected = (shown expected).value;
      }
    ) cases;
  })
  {
    module = import ./module.nix arguments;
    home = import ./home.nix arguments;
    darwin = import ./darwin.nix arguments;
  }

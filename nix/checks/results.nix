# The cases of module.nix, each with its verdict: { <case> = { passed, expr, expected }; }. A throw fails its own
# case only.
{ ... }@arguments:

let
  cases = import ./module.nix arguments;
in
builtins.mapAttrs (
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
) cases

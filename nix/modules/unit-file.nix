# Unit files: reading one that is shipped beside a program, and writing values so that systemd reads back what was meant.
{ lib }:

let
  # Doubled, so that systemd.unit(5) sees no specifier.
  literal = lib.replaceStrings [ "%" ] [ "%%" ];

  accumulating = [
    "After"
    "Before"
    "BindsTo"
    "Conflicts"
    "Documentation"
    "Environment"
    "PartOf"
    "Requires"
    "Wants"
  ];

  # A quoted word of systemd.syntax(7). What JSON escapes, systemd's C-style unescaping undoes.
  quoted = builtins.toJSON;
in
rec {
  # What stands in a unit file: { Service.ExecStart = [ "…" ]; }. A key is a list, because it may stand there more than
  # once, and an empty value empties it.
  read =
    file:
    let
      step =
        state: line:
        let
          header = builtins.match "\\[([^]]+)][[:space:]]*" line;
          assignment = builtins.match "([A-Za-z0-9-]+)[[:space:]]*=[[:space:]]*(.*[^[:space:]])?[[:space:]]*" line;
          key = lib.elemAt assignment 0;
          value = lib.elemAt assignment 1;
          section = state.sections.${state.name} or { };
        in
        if builtins.match "[[:space:]]*([#;].*)?" line != null then
          state
        else if header != null then
          state // { name = lib.head header; }
        else if assignment != null && state.name != null && !lib.hasSuffix "\\" line then
          state
          // {
            sections = state.sections // {
              ${state.name} = section // {
                ${key} = if value == null then [ ] else section.${key} or [ ] ++ [ value ];
              };
            };
          }
        else
          throw "${toString file}: this line is not understood: ${line}";
    in
    (lib.foldl' step {
      name = null;
      sections = { };
    } (lib.splitString "\n" (builtins.readFile file))).sections;

  # The settings of a section as defaults, so that a value of one's own wins. Where systemd itself adds up, values of one's
  # own are added.
  defaults =
    section:
    lib.mapAttrs (
      key: values:
      if lib.length values == 1 && !lib.elem key accumulating then
        lib.mkDefault (lib.head values)
      else
        values
    ) section;

  # The text of a path, of a file that Nix copies to its store, or of a number.
  text = value: if builtins.isPath value then "${value}" else toString value;

  # A command line that gives the program exactly these arguments: no specifiers, no variables, no word splitting.
  # nixpkgs has the same as utils.escapeSystemdExecArgs, which Home Manager does not hand to its modules.
  command = lib.concatMapStringsSep " " (
    argument:
    let
      word = text argument;
    in
    # What needs no quotes gets none, for whoever reads the unit.
    if builtins.match "[A-Za-z0-9_./:=@,+-]+" word != null then
      word
    else
      lib.replaceStrings [ "$" ] [ "$$" ] (quoted (literal word))
  );

  # The value of a variable as it stands in Environment=, without the quotes.
  variable = value: literal (text value);

  # The value of Environment=.
  assignment = name: value: quoted "${name}=${value}";
}

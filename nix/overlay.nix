final: _prev: {
  mendutils = final.callPackage ./package.nix { };
}

//! Mach-O load commands (`<mach-o/loader.h>`): every executable on macOS is loaded with libSystem, which is the
//! system's interface; what stands in `/usr/lib` is part of the system.

use anyhow::Result;
use object::Endianness;
use object::macho::MachHeader64;
use object::read::macho::MachHeader as _;

const SYSTEM: &str = "/usr/lib/";

pub(super) fn reasons(data: &[u8]) -> Result<Vec<String>> {
    let header = MachHeader64::<Endianness>::parse(data, 0)?;
    let endian = header.endian()?;
    let mut commands = header.load_commands(endian, data, 0)?;
    let mut reasons = Vec::new();
    while let Some(command) = commands.next()? {
        let Some(library) = command.dylib()? else { continue };
        let name = String::from_utf8_lossy(command.string(endian, library.dylib.name)?).into_owned();
        // "/usr/lib/../local" would be another place.
        if !name.starts_with(SYSTEM) || name.contains("..") {
            reasons.push(format!("needs {name}"));
        }
    }
    Ok(reasons)
}

//! Mach-O load commands (`<mach-o/loader.h>`): every executable on macOS is loaded with libSystem, which is the
//! system's interface; what stands in `/usr/lib` is part of the system. Apple silicon executes nothing that is not signed,
//! if only ad hoc (Apple TN3126).

use anyhow::Result;
use object::Endianness;
use object::macho::{CPU_TYPE_ARM64, LC_CODE_SIGNATURE, MachHeader64};
use object::read::macho::MachHeader as _;

const SYSTEM: &str = "/usr/lib/";

pub(super) fn reasons(data: &[u8]) -> Result<Vec<String>> {
    let header = MachHeader64::<Endianness>::parse(data, 0)?;
    let endian = header.endian()?;
    let mut commands = header.load_commands(endian, data, 0)?;
    let mut reasons = Vec::new();
    let mut is_signed = header.cputype(endian) != CPU_TYPE_ARM64;
    while let Some(command) = commands.next()? {
        is_signed |= command.cmd() == LC_CODE_SIGNATURE;
        let Some(library) = command.dylib()? else { continue };
        let name = String::from_utf8_lossy(command.string(endian, library.dylib.name)?).into_owned();
        // "/usr/lib/../local" would be another place.
        if !name.starts_with(SYSTEM) || name.contains("..") {
            reasons.push(format!("needs {name}"));
        }
    }
    if !is_signed {
        reasons.push("is not signed".to_owned());
    }
    Ok(reasons)
}

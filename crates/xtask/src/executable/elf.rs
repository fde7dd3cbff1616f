//! elf(5): a program header that names an interpreter, and needed libraries in the dynamic section. A static PIE has a
//! dynamic section too, without the latter.

use anyhow::{Context as _, Result};
use object::StringTable;
use object::elf::{DT_NEEDED, DT_STRSZ, DT_STRTAB};
use object::read::elf::{Dyn as _, FileHeader, ProgramHeader as _};

pub(super) fn reasons<Elf: FileHeader>(data: &[u8]) -> Result<Vec<String>> {
    let header = Elf::parse(data)?;
    let endian = header.endian()?;
    let segments = header.program_headers(endian, data)?;
    let mut reasons = Vec::new();
    for segment in segments {
        if let Some(interpreter) = segment.interpreter(endian, data)? {
            reasons.push(format!("is started by {}", String::from_utf8_lossy(interpreter)));
        }
        let Some(entries) = segment.dynamic(endian, data)? else { continue };
        let value = |tag| {
            let entry = entries.iter().find(|entry| entry.tag(endian) == tag);
            entry.map(|entry| entry.val(endian))
        };
        let needed = entries.iter().filter(|entry| entry.tag(endian) == DT_NEEDED);
        for entry in needed {
            // An address in memory; the segment that is loaded there has it in the file.
            let (address, size): (u64, u64) =
                value(DT_STRTAB).zip(value(DT_STRSZ)).context("reading its strings")?;
            let strings =
                segments.iter().find_map(|segment| segment.data_range(endian, data, address, size).ok()?);
            let strings = StringTable::new(strings.context("reading its strings")?, 0, size);
            let offset = entry.val32(endian).context("reading a library's name")?;
            let library = strings.get(offset).ok().context("reading a library's name")?;
            reasons.push(format!("needs {}", String::from_utf8_lossy(library)));
        }
    }
    Ok(reasons)
}

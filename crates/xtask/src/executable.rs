//! Whether an executable needs nothing but the kernel (Linux), or nothing but the system's own libraries (macOS).

mod elf;
mod macho;

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use object::FileKind;

/// Why a file is not static, a reason each; nothing when it is.
pub fn reasons(path: &Path) -> Result<Vec<String>> {
    let data = fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    of(&data).with_context(|| format!("parsing {}", path.display()))
}

/// The same for the bytes of a file.
pub fn of(data: &[u8]) -> Result<Vec<String>> {
    match FileKind::parse(data)? {
        FileKind::Elf64 => elf::reasons::<object::elf::FileHeader64<object::Endianness>>(data),
        FileKind::Elf32 => elf::reasons::<object::elf::FileHeader32<object::Endianness>>(data),
        FileKind::MachO64 => macho::reasons(data),
        kind => bail!("it is no ELF and no 64-bit Mach-O file but {kind:?}"),
    }
}

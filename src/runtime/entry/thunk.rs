//! The machine code between a function's vectorcall slot and its record's target.

use super::EntryRecord;
use crate::runtime::code_memory::{self, CodeBlock, CodeMemoryError};
use pyo3::Python;

/// `mov r8, record; jmp [r8]`: r8 is the fifth argument of the System V convention.
#[cfg(target_arch = "x86_64")]
fn encode(record: u64) -> [u8; 13] {
    let mut code = [0; 13];
    code[..2].copy_from_slice(&[0x49, 0xb8]);
    code[2..10].copy_from_slice(&record.to_le_bytes());
    code[10..].copy_from_slice(&[0x41, 0xff, 0x20]);
    code
}

/// `ldr x4, record; ldr x16, [x4]; br x16; nop; record: .quad`: x4 is the fifth argument.
#[cfg(target_arch = "aarch64")]
fn encode(record: u64) -> [u8; 24] {
    let mut code = [0; 24];
    let words: [u32; 4] = [0x5800_0084, 0xf940_0090, 0xd61f_0200, 0xd503_201f];
    for (index, word) in words.into_iter().enumerate() {
        code[index * 4..index * 4 + 4].copy_from_slice(&word.to_le_bytes());
    }
    code[16..].copy_from_slice(&record.to_le_bytes());
    code
}

/// Writes the thunk of a record.
pub(super) fn install(
    py: Python<'_>,
    record: *const EntryRecord,
) -> Result<CodeBlock, CodeMemoryError> {
    let code = encode(record as u64);
    code_memory::install(py, code.len(), 16, |_, bytes| bytes.copy_from_slice(&code))
}

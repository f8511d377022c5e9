//! Opcode numbers and cache widths of each version, generated from its own metadata.

mod v3_11;
mod v3_12;
mod v3_13;
mod v3_14;

use super::code::Version;
use super::opcode::Opcode;

/// What is known of one opcode number.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    number: u8,
    pub opcode: Opcode,
    /// What the opcode is a specialised or instrumented form of; itself if of nothing.
    pub base: Opcode,
    /// Code units of inline cache behind the instruction.
    pub caches: u8,
}

/// Rows by opcode number.
pub type Table = [Option<Row>; 256];

/// The opcodes of a version.
pub fn of(version: Version) -> &'static Table {
    match version {
        Version::V3_11 => &v3_11::TABLE,
        Version::V3_12 => &v3_12::TABLE,
        Version::V3_13 => &v3_13::TABLE,
        Version::V3_14 => &v3_14::TABLE,
    }
}

const fn row(number: u8, opcode: Opcode, base: Opcode, caches: u8) -> Row {
    Row {
        number,
        opcode,
        base,
        caches,
    }
}

const fn table(rows: &[Row]) -> Table {
    let mut result = [None; 256];
    let mut index = 0;
    while index < rows.len() {
        result[rows[index].number as usize] = Some(rows[index]);
        index += 1;
    }
    result
}

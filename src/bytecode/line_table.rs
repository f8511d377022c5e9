//! The line table: `co_linetable`, of the same form in all supported versions (3.11+).
//!
//! An entry starts with a byte 0x80 | kind << 3 | (units - 1). The kind says what follows and how
//! much of a position is known. Numbers are of six bits a byte, the lowest first; 0x40 says that
//! more follows; in signed ones the lowest bit is the sign.

use super::code::LineEntry;
use super::decode::DecodeError;

const NO_COLUMNS: u8 = 13;
const LONG: u8 = 14;
const NO_POSITION: u8 = 15;
const ONE_LINE: u8 = 10;

/// Decodes the table. A line number that is no natural number is no line.
pub fn decode(table: &[u8], firstlineno: u32) -> Result<Vec<LineEntry>, DecodeError> {
    let mut bytes = Reader {
        bytes: table,
        at: 0,
    };
    let mut entries = Vec::new();
    let mut line = i64::from(firstlineno);
    let mut start: u32 = 0;
    while bytes.at < table.len() {
        let first = bytes.next()?;
        if first & 0x80 == 0 {
            return Err(DecodeError::BadLineTable);
        }
        let end = start
            .checked_add(u32::from(first & 7) + 1)
            .ok_or(DecodeError::BadLineTable)?;
        let kind = first >> 3 & 15;
        let mut entry = LineEntry {
            start,
            end,
            line: None,
            end_line: None,
            column: None,
            end_column: None,
        };
        start = end;
        let mut end_line_delta = 0;
        match kind {
            NO_POSITION => {
                entries.push(entry);
                continue;
            }
            NO_COLUMNS => line += bytes.signed()?,
            LONG => {
                line += bytes.signed()?;
                end_line_delta = bytes.number()?;
                entry.column = bytes.number()?.checked_sub(1);
                entry.end_column = bytes.number()?.checked_sub(1);
            }
            ONE_LINE.. => {
                line += i64::from(kind - ONE_LINE);
                entry.column = Some(u32::from(bytes.next()?));
                entry.end_column = Some(u32::from(bytes.next()?));
            }
            short => {
                let columns = u32::from(bytes.next()?);
                let column = u32::from(short) << 3 | (columns >> 4 & 7);
                entry.column = Some(column);
                entry.end_column = Some(column + (columns & 15));
            }
        }
        entry.line = u32::try_from(line).ok();
        entry.end_line = entry.line.and_then(|line| line.checked_add(end_line_delta));
        entries.push(entry);
    }
    Ok(entries)
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn next(&mut self) -> Result<u8, DecodeError> {
        let byte = *self.bytes.get(self.at).ok_or(DecodeError::BadLineTable)?;
        self.at += 1;
        Ok(byte)
    }

    fn number(&mut self) -> Result<u32, DecodeError> {
        let mut value: u64 = 0;
        let mut shift = 0;
        loop {
            let byte = self.next()?;
            value |= u64::from(byte & 0x3f) << shift;
            shift += 6;
            if byte & 0x40 == 0 {
                return u32::try_from(value).map_err(|_| DecodeError::BadLineTable);
            }
            if shift > 30 {
                return Err(DecodeError::BadLineTable);
            }
        }
    }

    fn signed(&mut self) -> Result<i64, DecodeError> {
        let number = self.number()?;
        let magnitude = i64::from(number >> 1);
        Ok(if number & 1 == 1 {
            -magnitude
        } else {
            magnitude
        })
    }
}

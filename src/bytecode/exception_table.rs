//! The exception table: `co_exceptiontable`, of the same form in all supported versions.
//!
//! An entry is four numbers: start, length, target, and depth * 2 + lasti. Numbers are of six bits a
//! byte, the highest first; 0x40 says that more follows. The first byte of an entry has 0x80.

use super::code::Handler;
use super::decode::DecodeError;

/// Decodes the table; entries are checked to be sorted, apart, and within the code.
pub fn decode(table: &[u8], units: u32) -> Result<Vec<Handler>, DecodeError> {
    let mut bytes = table.iter().copied();
    let mut handlers: Vec<Handler> = Vec::new();
    while let Some(first) = bytes.next() {
        let start = number(first, &mut bytes)?;
        let mut field = || {
            let byte = bytes.next().ok_or(DecodeError::BadExceptionTable)?;
            number(byte, &mut bytes)
        };
        let length = field()?;
        let target = field()?;
        let depth_and_lasti = field()?;
        let end = start
            .checked_add(length)
            .ok_or(DecodeError::BadExceptionTable)?;
        let previous_end = handlers.last().map_or(0, |handler| handler.end);
        if start < previous_end || end > units || target >= units {
            return Err(DecodeError::BadExceptionTable);
        }
        let (depth, lasti) = (depth_and_lasti >> 1, depth_and_lasti & 1 == 1);
        handlers.push(Handler {
            start,
            end,
            target,
            depth,
            lasti,
        });
    }
    Ok(handlers)
}

fn number(first: u8, bytes: &mut impl Iterator<Item = u8>) -> Result<u32, DecodeError> {
    let mut byte = first;
    let mut value = u32::from(byte & 0x3f);
    while byte & 0x40 != 0 {
        byte = bytes.next().ok_or(DecodeError::BadExceptionTable)?;
        if value > u32::MAX >> 6 {
            return Err(DecodeError::BadExceptionTable);
        }
        value = value << 6 | u32::from(byte & 0x3f);
    }
    Ok(value)
}

//! Which handler covers an instruction (`co_exceptiontable`; one format on 3.11 and later).

/// Where an exception raised at an instruction goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Handler {
    /// Entries of the operand stack that survive.
    pub depth: usize,
    /// The handler's first code unit.
    pub target: usize,
    /// Whether the raising instruction's index is pushed below the exception.
    pub push_lasti: bool,
}

fn read_varint(bytes: &mut std::slice::Iter<'_, u8>) -> Option<usize> {
    let mut value = 0_usize;
    loop {
        let byte = *bytes.next()?;
        value = (value << 6) | usize::from(byte & 0x3f);
        if byte & 0x40 == 0 {
            return Some(value);
        }
    }
}

/// The handler of code unit `unit`, if any. `unit` -1 (before the code) has none.
pub fn find_handler(table: &[u8], unit: isize) -> Option<Handler> {
    let unit = usize::try_from(unit).ok()?;
    let mut bytes = table.iter();
    loop {
        let start = read_varint(&mut bytes)?;
        let length = read_varint(&mut bytes)?;
        let target = read_varint(&mut bytes)?;
        let depth_and_lasti = read_varint(&mut bytes)?;
        if (start..start + length).contains(&unit) {
            return Some(Handler {
                depth: depth_and_lasti >> 1,
                target,
                push_lasti: depth_and_lasti & 1 == 1,
            });
        }
    }
}

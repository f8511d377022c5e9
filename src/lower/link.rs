//! Puts the parts of a blob together and resolves the calls between them.

use std::collections::HashMap;

use cranelift_codegen::binemit::Reloc;
use cranelift_codegen::ir::{ExternalName, Function, UserExternalName};
use cranelift_codegen::{CompiledCode, FinalizedRelocTarget};

use super::CODE_ALIGNMENT;
use super::error::LowerError;

/// A call from one part of the blob to another.
struct Fixup {
    /// Where the bytes to change are, from the start of the blob.
    at: usize,
    kind: Reloc,
    target: UserExternalName,
    addend: i64,
}

/// Code of several functions, one behind the other.
#[derive(Default)]
pub struct Blob {
    /// The bytes.
    pub code: Vec<u8>,
    offsets: HashMap<UserExternalName, usize>,
    fixups: Vec<Fixup>,
}

impl Blob {
    /// Appends a function; gives its offset.
    pub fn append(
        &mut self,
        name: UserExternalName,
        compiled: &CompiledCode,
        function: &Function,
    ) -> Result<u32, LowerError> {
        let start = self.code.len().next_multiple_of(CODE_ALIGNMENT);
        self.code.resize(start, 0);
        self.code.extend_from_slice(compiled.code_buffer());
        self.offsets.insert(name, start);
        for reloc in compiled.buffer.relocs() {
            let FinalizedRelocTarget::ExternalName(ExternalName::User(target)) = &reloc.target
            else {
                return Err(LowerError::Backend(format!(
                    "relocation {:?}",
                    reloc.target
                )));
            };
            self.fixups.push(Fixup {
                at: start + reloc.offset as usize,
                kind: reloc.kind,
                target: function.params.user_named_funcs()[*target].clone(),
                addend: reloc.addend,
            });
        }
        u32::try_from(start).map_err(|_| LowerError::Backend("code of 4 GiB".to_owned()))
    }

    /// Resolves the calls.
    pub fn link(&mut self) -> Result<(), LowerError> {
        for fixup in &self.fixups {
            let target = self.offsets.get(&fixup.target).ok_or_else(|| {
                LowerError::Backend(format!("call of unknown function {}", fixup.target))
            })?;
            let distance = *target as i64 + fixup.addend - fixup.at as i64;
            let field: &mut [u8; 4] = self
                .code
                .get_mut(fixup.at..fixup.at + 4)
                .and_then(|bytes| bytes.try_into().ok())
                .ok_or_else(|| LowerError::Backend("relocation outside of the code".to_owned()))?;
            let too_far = || LowerError::Backend("call too far".to_owned());
            match fixup.kind {
                Reloc::X86CallPCRel4 | Reloc::X86PCRel4 => {
                    *field = i32::try_from(distance)
                        .map_err(|_| too_far())?
                        .to_le_bytes();
                }
                Reloc::Arm64Call => {
                    // 26 bits of words, below the opcode.
                    let words = i32::try_from(distance >> 2).map_err(|_| too_far())?;
                    if words.unsigned_abs() >= 1 << 25 {
                        return Err(too_far());
                    }
                    let opcode = u32::from_le_bytes(*field) & 0xfc00_0000;
                    *field = (opcode | (words as u32 & 0x03ff_ffff)).to_le_bytes();
                }
                other => return Err(LowerError::Backend(format!("relocation {other:?}"))),
            }
        }
        Ok(())
    }
}

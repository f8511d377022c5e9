//! Memory for machine code: writable through one view, executable through another, never both.
//!
//! An arena is a memory file mapped twice: once readable and writable, where code is written, and
//! once readable and executable, where it runs. Where memory files are refused (a sandbox), one
//! mapping is switched between writable and executable instead.
//!
//! Invariants:
//! * Every function here needs the GIL, shown by a `Python` token. It orders all changes, and it
//!   makes the switching fallback sound: no other thread runs compiled code meanwhile, for
//!   compiled code runs under the GIL.
//! * A block is freed only when no activation can be inside it or return to it; that is the
//!   caller's obligation.
//! * Fork: parent and child share the pages of a memory file. So a block that existed at a fork is
//!   never overwritten again: freed in the parent it stays reserved (`pinned`), and the child does
//!   not write to arenas it inherited at all.
//! * Free memory inside an arena is filled with trapping instructions.

use pyo3::Python;
use std::collections::BTreeMap;
use std::fmt;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, Once};

/// Blocks start and end at multiples of this.
const GRANULE: usize = 16;
const FIRST_ARENA: usize = 1 << 20;
const LARGEST_ARENA: usize = 1 << 24;

/// Traps when run: `int3`, or zero words (`udf`) on AArch64.
#[cfg(target_arch = "x86_64")]
const TRAP: u8 = 0xcc;
#[cfg(not(target_arch = "x86_64"))]
const TRAP: u8 = 0;

/// Number of forks this process (or its ancestors) began.
static FORKS: AtomicU64 = AtomicU64::new(0);
/// Generations of processes between the first and this one.
static GENERATION: AtomicU64 = AtomicU64::new(0);
/// Set by tests: behave as if memory files were refused.
static WITHOUT_MEMORY_FILES: AtomicBool = AtomicBool::new(false);

static MEMORY: Mutex<CodeMemory> = Mutex::new(CodeMemory { arenas: Vec::new() });

/// Why there is no memory for code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CodeMemoryError {
    /// The system gives no (more) memory.
    OutOfMemory,
    /// The system does not allow executable memory to be made at run time.
    NotExecutable,
}

impl fmt::Display for CodeMemoryError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::OutOfMemory => "no memory for machine code",
            Self::NotExecutable => "the system does not allow executable memory",
        })
    }
}

impl std::error::Error for CodeMemoryError {}

/// A piece of executable memory, freed by `free` only: blocks outlive whoever asked for them as
/// long as an activation may be inside.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CodeBlock {
    /// Where the code runs.
    pub start: NonNull<u8>,
    pub length: usize,
}

impl CodeBlock {
    /// An empty block at no address.
    pub fn nowhere() -> Self {
        Self {
            start: NonNull::dangling(),
            length: 0,
        }
    }
}

/// What the code memory holds.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Statistics {
    pub arenas: usize,
    /// Address space of all arenas.
    pub reserved_bytes: usize,
    /// Blocks in use.
    pub used_bytes: usize,
    /// Freed blocks that stay reserved because a forked process may run them.
    pub pinned_bytes: usize,
    /// Arenas with two views; the others switch one mapping.
    pub dual_mapped: usize,
}

struct Used {
    length: usize,
    forks: u64,
}

struct Arena {
    /// The executable view.
    executable: *mut u8,
    /// The writable view; null if the one mapping is switched.
    writable: *mut u8,
    size: usize,
    generation: u64,
    /// Free ranges, offset to length; neighbours are joined.
    free: BTreeMap<usize, usize>,
    used: BTreeMap<usize, Used>,
    used_bytes: usize,
    pinned_bytes: usize,
}

// SAFETY: the pointers are mappings of the process, usable from any thread; access is ordered by
// the mutex and the GIL.
unsafe impl Send for Arena {}

struct CodeMemory {
    arenas: Vec<Arena>,
}

fn page_size() -> usize {
    // SAFETY: a plain query.
    usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(4096)
}

fn round_up(value: usize, multiple: usize) -> usize {
    value.div_ceil(multiple) * multiple
}

fn map(file: libc::c_int, size: usize, protection: libc::c_int) -> Option<*mut u8> {
    let flags = if file < 0 {
        libc::MAP_PRIVATE | libc::MAP_ANONYMOUS
    } else {
        libc::MAP_SHARED
    };
    // SAFETY: a new mapping at an address of the kernel's choice touches no existing memory.
    let address = unsafe { libc::mmap(std::ptr::null_mut(), size, protection, flags, file, 0) };
    (address != libc::MAP_FAILED).then_some(address.cast())
}

#[cfg(target_os = "linux")]
fn memory_file(size: usize) -> Option<libc::c_int> {
    if WITHOUT_MEMORY_FILES.load(Ordering::Relaxed) {
        return None;
    }
    // Kernels since 6.3 want to be told that the file is to be executable; older ones refuse the
    // unknown flag.
    const MFD_EXEC: libc::c_uint = 0x10;
    let name = c"brolga-code".as_ptr();
    // SAFETY: the name is a C string; the descriptor is closed on failure.
    unsafe {
        let mut file = libc::memfd_create(name, libc::MFD_CLOEXEC | MFD_EXEC);
        if file < 0 {
            file = libc::memfd_create(name, libc::MFD_CLOEXEC);
        }
        if file < 0 {
            return None;
        }
        if libc::ftruncate(file, size as libc::off_t) != 0 {
            libc::close(file);
            return None;
        }
        Some(file)
    }
}

#[cfg(not(target_os = "linux"))]
fn memory_file(_size: usize) -> Option<libc::c_int> {
    None
}

fn map_twice(size: usize) -> Option<(*mut u8, *mut u8)> {
    let file = memory_file(size)?;
    let writable = map(file, size, libc::PROT_READ | libc::PROT_WRITE);
    let executable = map(file, size, libc::PROT_READ | libc::PROT_EXEC);
    // SAFETY: the mappings keep the file; what was mapped in vain is unmapped, unused.
    unsafe {
        libc::close(file);
        match (writable, executable) {
            (Some(writable), Some(executable)) => Some((writable, executable)),
            (view, other) => {
                for address in [view, other].into_iter().flatten() {
                    libc::munmap(address.cast(), size);
                }
                None
            }
        }
    }
}

/// Makes instructions written through another view visible to execution.
fn synchronise(start: *const u8, length: usize) {
    #[cfg(target_arch = "aarch64")]
    {
        unsafe extern "C" {
            fn __clear_cache(start: *mut u8, end: *mut u8);
        }
        // SAFETY: the range is mapped; the function only cleans and invalidates caches.
        unsafe { __clear_cache(start.cast_mut(), start.cast_mut().add(length)) };
    }
    // x86-64 keeps instruction fetch coherent, also through another mapping of the same page.
    #[cfg(not(target_arch = "aarch64"))]
    let _ = (start, length);
}

impl Arena {
    fn new(size: usize) -> Result<Self, CodeMemoryError> {
        let (writable, executable) = match map_twice(size) {
            Some(views) => views,
            None => {
                let both = libc::PROT_READ | libc::PROT_EXEC;
                let address = map(-1, size, libc::PROT_READ | libc::PROT_WRITE)
                    .ok_or(CodeMemoryError::OutOfMemory)?;
                // SAFETY: our own new mapping, not yet used.
                if unsafe { libc::mprotect(address.cast(), size, both) } != 0 {
                    // SAFETY: as above.
                    unsafe { libc::munmap(address.cast(), size) };
                    return Err(CodeMemoryError::NotExecutable);
                }
                (std::ptr::null_mut(), address)
            }
        };
        Ok(Self {
            executable,
            writable,
            size,
            generation: GENERATION.load(Ordering::Relaxed),
            free: BTreeMap::from([(0, size)]),
            used: BTreeMap::new(),
            used_bytes: 0,
            pinned_bytes: 0,
        })
    }

    /// Whether this process may write here: not in an arena inherited by fork.
    fn is_ours(&self) -> bool {
        // A private mapping was copied by the fork and is ours again.
        self.writable.is_null() || self.generation == GENERATION.load(Ordering::Relaxed)
    }

    fn contains(&self, address: *const u8) -> bool {
        (self.executable as usize..self.executable as usize + self.size)
            .contains(&(address as usize))
    }

    /// First fit. Offsets handed out are multiples of `alignment`.
    fn take(&mut self, length: usize, alignment: usize) -> Option<usize> {
        let (hole, hole_length, start) = self.free.iter().find_map(|(&hole, &hole_length)| {
            let start = round_up(hole, alignment);
            (start + length <= hole + hole_length).then_some((hole, hole_length, start))
        })?;
        self.free.remove(&hole);
        if start > hole {
            self.free.insert(hole, start - hole);
        }
        let end = start + length;
        if hole + hole_length > end {
            self.free.insert(end, hole + hole_length - end);
        }
        let forks = FORKS.load(Ordering::Relaxed);
        self.used.insert(start, Used { length, forks });
        self.used_bytes += length;
        Some(start)
    }

    /// Calls `fill` with the writable bytes of a range.
    fn write(
        &mut self,
        start: usize,
        length: usize,
        fill: impl FnOnce(&mut [u8]),
    ) -> Result<(), CodeMemoryError> {
        let code = self.executable.wrapping_add(start);
        if !self.writable.is_null() {
            // SAFETY: the range is inside the writable view; nobody else writes (mutex), and the
            // executable view of it is not run yet or not any more (block obligation).
            fill(unsafe { std::slice::from_raw_parts_mut(self.writable.add(start), length) });
            synchronise(code, length);
            return Ok(());
        }
        let page = page_size();
        let first = start / page * page;
        let span = round_up(start + length, page) - first;
        let address = self.executable.wrapping_add(first).cast();
        // SAFETY: the pages belong to this arena. While they are not executable no thread runs
        // them: compiled code runs under the GIL, which this thread holds.
        unsafe {
            if libc::mprotect(address, span, libc::PROT_READ | libc::PROT_WRITE) != 0 {
                return Err(CodeMemoryError::NotExecutable);
            }
            fill(std::slice::from_raw_parts_mut(code, length));
            if libc::mprotect(address, span, libc::PROT_READ | libc::PROT_EXEC) != 0 {
                // Other functions live in these pages; without execution nothing can go on.
                std::process::abort();
            }
        }
        synchronise(code, length);
        Ok(())
    }

    fn give_back(&mut self, start: usize) {
        let Some(used) = self.used.remove(&start) else {
            debug_assert!(false, "freed twice or never allocated");
            return;
        };
        self.used_bytes -= used.length;
        let seen_by_another_process =
            !self.writable.is_null() && used.forks != FORKS.load(Ordering::Relaxed);
        if !self.is_ours() || seen_by_another_process {
            self.pinned_bytes += used.length;
            return;
        }
        if self
            .write(start, used.length, |bytes| bytes.fill(TRAP))
            .is_err()
        {
            self.pinned_bytes += used.length;
            return;
        }
        let (mut hole, mut length) = (start, used.length);
        if let Some(next) = self.free.remove(&(start + used.length)) {
            length += next;
        }
        if let Some((&before, &before_length)) = self.free.range(..start).next_back()
            && before + before_length == start
        {
            self.free.remove(&before);
            hole = before;
            length += before_length;
        }
        self.free.insert(hole, length);
    }
}

impl CodeMemory {
    fn allocate(
        &mut self,
        length: usize,
        alignment: usize,
    ) -> Result<(usize, usize), CodeMemoryError> {
        let length = round_up(length.max(1), GRANULE);
        for (index, arena) in self.arenas.iter_mut().enumerate() {
            if arena.is_ours()
                && let Some(start) = arena.take(length, alignment)
            {
                return Ok((index, start));
            }
        }
        let ours = self.arenas.iter().filter(|arena| arena.is_ours()).count();
        let usual = (FIRST_ARENA << ours.min(4)).min(LARGEST_ARENA);
        let size = usual.max(round_up(length, page_size()));
        self.arenas.push(Arena::new(size)?);
        let index = self.arenas.len() - 1;
        let start = self.arenas[index]
            .take(length, alignment)
            .ok_or(CodeMemoryError::OutOfMemory)?;
        Ok((index, start))
    }
}

extern "C" fn before_fork() {
    FORKS.fetch_add(1, Ordering::Relaxed);
}

extern "C" fn after_fork_in_child() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
}

fn memory(_py: Python<'_>) -> MutexGuard<'static, CodeMemory> {
    static WATCH_FORKS: Once = Once::new();
    WATCH_FORKS.call_once(|| {
        // SAFETY: both handlers only change atomics, which is allowed after a fork; they live as
        // long as the process, for an extension module is never unloaded.
        unsafe { libc::pthread_atfork(Some(before_fork), None, Some(after_fork_in_child)) };
    });
    // A panic while the lock was held leaves the maps consistent enough: at worst a range is lost.
    MEMORY
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Allocates `length` bytes aligned to `alignment` (a power of two, at least 16) and lets `fill` write
/// them, given the address they will run at.
pub fn install(
    py: Python<'_>,
    length: usize,
    alignment: usize,
    fill: impl FnOnce(*const u8, &mut [u8]),
) -> Result<CodeBlock, CodeMemoryError> {
    let mut memory = memory(py);
    let (index, start) = memory.allocate(length, alignment.max(GRANULE))?;
    let arena = &mut memory.arenas[index];
    let code = arena.executable.wrapping_add(start);
    if let Err(error) = arena.write(start, length, |bytes| fill(code, bytes)) {
        arena.give_back(start);
        return Err(error);
    }
    match NonNull::new(code) {
        Some(start) => Ok(CodeBlock { start, length }),
        None => Err(CodeMemoryError::OutOfMemory),
    }
}

/// Frees a block.
///
/// # Safety
/// The block came from `install`, is freed once, and no thread is inside it, will return into it
/// or will jump to it.
pub unsafe fn free(py: Python<'_>, block: CodeBlock) {
    let mut memory = memory(py);
    let address = block.start.as_ptr();
    if let Some(arena) = memory
        .arenas
        .iter_mut()
        .find(|arena| arena.contains(address))
    {
        let start = address as usize - arena.executable as usize;
        arena.give_back(start);
    }
}

/// Whether an address lies in code memory.
pub fn contains(py: Python<'_>, address: *const u8) -> bool {
    memory(py)
        .arenas
        .iter()
        .any(|arena| arena.contains(address))
}

/// What the code memory holds now.
pub fn statistics(py: Python<'_>) -> Statistics {
    let memory = memory(py);
    let mut sum = Statistics {
        arenas: memory.arenas.len(),
        ..Statistics::default()
    };
    for arena in &memory.arenas {
        sum.reserved_bytes += arena.size;
        sum.used_bytes += arena.used_bytes;
        sum.pinned_bytes += arena.pinned_bytes;
        sum.dual_mapped += usize::from(!arena.writable.is_null());
    }
    sum
}

/// For tests: whether new arenas do without memory files.
pub fn refuse_memory_files(refuse: bool) {
    WITHOUT_MEMORY_FILES.store(refuse, Ordering::Relaxed);
}

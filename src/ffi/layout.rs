//! The sizes and offsets of every mirrored struct, as a table for the layout test.
//!
//! A row is named `Struct.field` (or `sizeof.Struct`) with the C names;
//! `jit-tests/py/layout/layout.c` prints the same rows from the real headers.

use super::*;
use std::mem::offset_of;

macro_rules! rows {
    ($out:ident: $($mirror:ident as $name:literal { $($field:ident $(as $c:literal)?),* $(,)? })*) => {
        $($(
            $out.push((
                concat!($name, ".", rows!(@name $field $($c)?)),
                offset_of!($mirror, $field),
            ));
        )*)*
    };
    (@name $field:ident) => { stringify!($field) };
    (@name $field:ident $c:literal) => { $c };
}

/// Every row of this build's version.
pub fn table() -> Vec<(&'static str, usize)> {
    let mut out = Vec::new();
    rows!(out:
        CodeObject as "PyCodeObject" {
            co_consts, co_names, co_exceptiontable, co_flags, co_argcount, co_posonlyargcount,
            co_kwonlyargcount, co_stacksize, co_firstlineno, co_nlocalsplus, co_nlocals,
            co_ncellvars, co_nfreevars, co_localsplusnames, co_localspluskinds, co_filename,
            co_name, co_qualname, co_linetable, _co_firsttraceable, co_extra, co_code_adaptive,
        }
        InterpreterFrame as "_PyInterpreterFrame" {
            f_globals, f_builtins, f_locals, frame_obj, previous, owner, localsplus,
        }
        FrameObject as "PyFrameObject" {
            f_back, f_frame, f_trace, f_lineno, f_trace_lines, f_trace_opcodes, _f_frame_data,
        }
        GeneratorObject as "PyGenObject" {
            gi_weakreflist, gi_name, gi_qualname, gi_exc_state, gi_frame_state, gi_iframe,
        }
        ErrStackItem as "_PyErr_StackItem" { exc_value, previous_item }
        StackChunk as "_PyStackChunk" { previous, size, top, data }
        ThreadState as "PyThreadState" {
            interp, recursion_headroom, tracing, c_profilefunc, c_tracefunc, exc_info, dict,
            thread_id, context, id, datastack_chunk, datastack_top, datastack_limit,
        }
        DictKeys as "PyDictKeysObject" {
            dk_refcnt, dk_log2_size, dk_log2_index_bytes, dk_kind, dk_version, dk_usable,
            dk_nentries, dk_indices,
        }
        MethodDescriptor as "PyMethodDescrObject" {
            d_type as "d_common.d_type", d_name as "d_common.d_name",
            d_qualname as "d_common.d_qualname", d_method, vectorcall,
        }
        DictKeyEntry as "PyDictKeyEntry" { me_hash, me_key, me_value }
        DictUnicodeEntry as "PyDictUnicodeEntry" { me_key, me_value }
        DictValues as "PyDictValues" { values }
    );
    #[cfg(not(Py_3_12))]
    rows!(out:
        LongObject as "PyLongObject" { ob_size as "ob_base.ob_size", ob_digit }
        InterpreterFrame as "_PyInterpreterFrame" { f_func, f_code, prev_instr, is_entry }
        CFrame as "_PyCFrame" { use_tracing, current_frame, previous }
        ThreadState as "PyThreadState" {
            recursion_remaining, recursion_limit, cframe, curexc_type, curexc_value,
            curexc_traceback,
        }
    );
    #[cfg(Py_3_12)]
    rows!(out:
        LongObject as "PyLongObject" {
            lv_tag as "long_value.lv_tag", ob_digit as "long_value.ob_digit",
        }
        CodeObject as "PyCodeObject" {
            co_framesize, co_version, _co_instrumentation_version, _co_monitoring,
        }
        CodeMonitoring as "_PyCoMonitoringData" { local_monitors, active_monitors, tools }
        InterpreterFrame as "_PyInterpreterFrame" { f_funcobj, return_offset }
        ThreadState as "PyThreadState" {
            py_recursion_remaining, py_recursion_limit, current_exception,
        }
    );
    #[cfg(not(Py_3_14))]
    rows!(out: InterpreterFrame as "_PyInterpreterFrame" { stacktop });
    #[cfg(all(Py_3_12, not(Py_3_14)))]
    rows!(out: ThreadState as "PyThreadState" { c_recursion_remaining });
    #[cfg(all(Py_3_12, not(Py_3_13)))]
    rows!(out:
        CFrame as "_PyCFrame" { current_frame, previous }
        InterpreterFrame as "_PyInterpreterFrame" { f_code, instruction as "prev_instr" }
        ThreadState as "PyThreadState" { cframe }
    );
    #[cfg(Py_3_13)]
    rows!(out:
        DictValues as "PyDictValues" { capacity, size, embedded, valid }
        CodeObject as "PyCodeObject" { co_executors }
        InterpreterFrame as "_PyInterpreterFrame" { instruction as "instr_ptr" }
        ThreadState as "PyThreadState" { eval_breaker, current_frame }
    );
    #[cfg(all(Py_3_13, not(Py_3_14)))]
    rows!(out: InterpreterFrame as "_PyInterpreterFrame" { f_code as "f_executable" });
    #[cfg(Py_3_14)]
    rows!(out:
        CodeObject as "PyCodeObject" { _co_unique_id }
        FrameObject as "PyFrameObject" { f_overwritten_fast_locals }
        InterpreterFrame as "_PyInterpreterFrame" { f_executable, stackpointer, visited }
        ThreadState as "PyThreadState" { holds_gil }
    );
    out.push(("sizeof._PyInterpreterFrame", size_of::<InterpreterFrame>()));
    out.push(("sizeof.PyDictKeysObject", size_of::<DictKeys>()));
    out.push(("sizeof.PyDictKeyEntry", size_of::<DictKeyEntry>()));
    out.push(("sizeof.PyDictUnicodeEntry", size_of::<DictUnicodeEntry>()));
    out.push(("sizeof._PyStackChunk", size_of::<StackChunk>()));
    // 3.12 has no name for it.
    #[cfg(any(not(Py_3_12), Py_3_13))]
    out.push(("MANAGED_DICT_OFFSET", MANAGED_DICT_OFFSET as usize));
    out.push(("FRAME_SPECIALS_SIZE", FRAME_SPECIALS_SIZE));
    out.push(("PyLong_SHIFT", LONG_SHIFT as usize));
    #[cfg(Py_3_14)]
    {
        out.push(("Py_TAG_REFCNT", STACK_REF_BORROWED));
        out.push(("_Py_IMMORTAL_FLAGS", STACK_REF_BORROWED));
        out.push(("PyStackRef_NULL_BITS", STACK_REF_NULL));
        out.push(("Py_TAG_BITS", STACK_REF_TAG));
    }
    out.push((
        "PyInterpreterState.ceval.recursion_limit",
        CEVAL_RECURSION_LIMIT_OFFSET,
    ));
    #[cfg(not(Py_3_12))]
    out.push((
        "struct pyruntimestate.gilstate.tstate_current",
        CURRENT_THREAD_OFFSET,
    ));
    #[cfg(not(Py_3_13))]
    out.push(("PyInterpreterState.ceval.eval_breaker", EVAL_BREAKER_OFFSET));
    #[cfg(all(Py_3_12, not(Py_3_13)))]
    out.push((
        "PyInterpreterState.monitoring_version",
        MONITORING_VERSION_OFFSET,
    ));
    #[cfg(Py_3_13)]
    out.push((
        "PyInterpreterState.ceval.instrumentation_version",
        MONITORING_VERSION_OFFSET,
    ));
    out
}

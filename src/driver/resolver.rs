//! Calls between compiled functions: finds the callee's version, and compiles it first where that helps.

use std::rc::Weak;

use pyo3::prelude::*;

use super::compile::Param;
use super::neighbours;
use super::record::{Record, record_of};
use super::world::{Callees, NativeVersion};
use crate::feedback::Fact;
use crate::lift::NativeParam;

/// Finds native code for calls between compiled functions.
pub(super) struct Resolver {
    /// Functions that should be compiled first.
    pub(super) requested: Vec<(Py<PyAny>, Vec<Fact>)>,
    pub(super) caller: Weak<Record>,
    /// Address of the caller's globals.
    pub(super) globals: usize,
}

impl Resolver {
    /// Compiles a callee; false if that is no use.
    pub(super) fn prepare(
        &self,
        py: Python<'_>,
        function: &Bound<'_, PyAny>,
        args: Vec<Fact>,
    ) -> bool {
        let _ = py;
        let Some((record, entry)) = record_of(function) else {
            return false;
        };
        if record.never.get() || record.is_compiling() {
            return false;
        }
        record.compile_for_caller(&entry, function, args)
    }
}

fn native_param(param: &Param) -> NativeParam {
    NativeParam {
        ty: param.ty,
        repr: param.repr,
        range: param.range,
        class: param.class.map(|(key, _)| key),
    }
}

impl Callees for Resolver {
    fn native(
        &mut self,
        py: Python<'_>,
        function: &Bound<'_, PyAny>,
        args: &[Fact],
    ) -> Option<NativeVersion> {
        let _ = py;
        let is_neighbour = || neighbours::is_candidate(function, self.globals);
        let (record, _) = match record_of(function) {
            Some(known) => known,
            None if is_neighbour() => neighbours::take_in(function)?,
            None => return None,
        };
        let Some(version) = record.version_for_callers(args) else {
            if args.iter().all(|fact| !fact.is_unknown()) {
                self.requested
                    .push((function.clone().unbind(), args.to_vec()));
            }
            return None;
        };
        let mut inner = record.inner.try_borrow_mut().ok()?;
        if !inner
            .dependents
            .iter()
            .any(|known| known.ptr_eq(&self.caller))
        {
            inner.dependents.push(self.caller.clone());
        }
        drop(inner);
        let compiled = &version.compiled;
        Some(NativeVersion {
            unit: compiled.unit.clone(),
            params: compiled.params.iter().map(native_param).collect(),
            returns: compiled.returns,
        })
    }

    fn may_be_inlined(&self, function: &Bound<'_, PyAny>) -> bool {
        record_of(function).is_none_or(|(record, _)| !record.never.get())
    }

    fn is_decorated(&self, function: &Bound<'_, PyAny>) -> bool {
        match record_of(function) {
            Some((record, _)) => !record.never.get(),
            None => neighbours::is_candidate(function, self.globals),
        }
    }
}

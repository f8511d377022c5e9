//! Calls of builtin functions, classes and methods in place, where the classes of the arguments are known.

use std::rc::Rc;

use crate::abi::exit_reason::ExitReason;
use crate::abi::helpers::HelperId;
use crate::hir::attributes::{Cond, Overflow};
use crate::hir::{IntRange, Op, Repr, Type, ValueId};

use super::super::item::{Item, Virtual, number_class};
use super::super::{Builtin, BuiltinClass, BuiltinMethod, Lifter, Step};

impl Lifter<'_> {
    pub(super) fn call_method(
        &mut self,
        method: BuiltinMethod,
        args: &[Item],
    ) -> Step<Option<ValueId>> {
        match (method, args) {
            (BuiltinMethod::ListAppend, [Item::Value(list), item])
                if self.ty(*list) == Type::LIST =>
            {
                let value = self.value_of(item)?;
                self.append(*list, value)?;
                Ok(Some(self.none()))
            }
            (BuiltinMethod::ListPop, [Item::Value(list)]) if self.ty(*list) == Type::LIST => {
                let value =
                    self.emit_value(Op::ListPopLast, &[*list], Type::OBJECT, Repr::Boxed)?;
                if let Some(items) = self.fact(*list).and_then(|fact| fact.items.clone()) {
                    let known = items.borrow().clone();
                    self.facts.insert(value, known);
                }
                Ok(Some(value))
            }
            (
                BuiltinMethod::StrFind | BuiltinMethod::StrStartsWith | BuiltinMethod::StrEndsWith,
                _,
            ) => self.find_in_text(method, args),
            _ => self.dict_or_set_method(method, args),
        }
    }

    pub(super) fn call_class(
        &mut self,
        class: BuiltinClass,
        args: &[Item],
        operands: &[Item],
    ) -> Step<Option<Item>> {
        let value = match (class, args) {
            (BuiltinClass::Range, [_] | [_, _] | [_, _, _]) => return self.call_range(args),
            (BuiltinClass::Enumerate, [iterable]) => {
                let Some(inner) = self.iterator_of(iterable)? else {
                    return Ok(None);
                };
                if !matches!(&inner, Item::Virtual(object) if !matches!(**object, Virtual::Enumerate { .. } | Virtual::Zip { .. }))
                {
                    return Ok(None);
                }
                let count = self.const_int(0)?;
                return Ok(Some(Item::Virtual(Rc::new(Virtual::Enumerate {
                    count,
                    inner,
                }))));
            }
            (BuiltinClass::Zip, [_, ..]) => {
                let mut inner = Vec::new();
                for iterable in args {
                    match self.iterator_of(iterable)? {
                        Some(Item::Virtual(object))
                            if !matches!(
                                *object,
                                Virtual::Enumerate { .. } | Virtual::Zip { .. }
                            ) =>
                        {
                            inner.push(Item::Virtual(object));
                        }
                        _ => return Ok(None),
                    }
                }
                return Ok(Some(Item::Virtual(Rc::new(Virtual::Zip { inner }))));
            }
            (BuiltinClass::Int, [item]) => self.call_int(item, operands)?,
            (BuiltinClass::Float, [item]) => {
                let value = self.value_of(item)?;
                let (value, class) = self.specialise(value, 0, Type::EMPTY)?;
                if class == Type::STR {
                    return Ok(self.float_of_text(value)?.map(Item::Value));
                }
                if number_class(class).is_none() || self.is_big(value, 0) {
                    return Ok(None);
                }
                // float(x) of an exact float is x itself.
                if class == Type::FLOAT {
                    Some(value)
                } else {
                    Some(self.as_f64(value, 0)?)
                }
            }
            (BuiltinClass::Other(Type::STR), [item]) => self.text_of(item)?,
            (BuiltinClass::Bool, [item]) => {
                let value = self.value_of(item)?;
                self.known_truth(value, Type::EMPTY)?
            }
            _ => None,
        };
        Ok(value.map(Item::Value))
    }

    fn call_int(&mut self, item: &Item, operands: &[Item]) -> Step<Option<ValueId>> {
        let _ = operands;
        let value = self.value_of(item)?;
        let (value, class) = self.specialise(value, 0, Type::EMPTY)?;
        Ok(match class {
            Type::INT => Some(value),
            Type::BOOL => Some(self.as_i64(value, 0)?),
            Type::FLOAT if !self.left_for(ExitReason::ValueRange) => {
                let value = self.as_f64(value, 0)?;
                Some(self.int(Op::F64ToI64, &[value])?)
            }
            Type::STR => Some(self.runtime(HelperId::IntOfStr, &[value])?),
            _ => None,
        })
    }

    fn call_range(&mut self, args: &[Item]) -> Step<Option<Item>> {
        let mut values = Vec::new();
        for (index, item) in args.iter().enumerate() {
            let position = args.len() - 1 - index;
            let value = self.value_of(item)?;
            let (value, class) = self.specialise(value, position, Type::INT)?;
            if !matches!(class, Type::INT | Type::BOOL) || self.is_big(value, position) {
                return Ok(None);
            }
            values.push(self.as_i64(value, position)?);
        }
        let (start, stop, step) = match values[..] {
            [stop] => (self.const_int(0)?, stop, self.const_int(1)?),
            [start, stop] => (start, stop, self.const_int(1)?),
            [start, stop, step] => {
                match self.as_const_int(step) {
                    Some(0) => return Ok(None),
                    Some(_) => {}
                    None => {
                        let zero = self.const_int(0)?;
                        let ok = self.boolean(Op::IntCmp(Cond::Ne), &[step, zero])?;
                        self.guard(ok, ExitReason::ValueRange)?;
                    }
                }
                (start, stop, step)
            }
            _ => return Ok(None),
        };
        Ok(Some(Item::Virtual(Rc::new(Virtual::Range {
            start,
            stop,
            step,
        }))))
    }

    pub(super) fn call_builtin(
        &mut self,
        builtin: Builtin,
        args: &[Item],
        operands: &[Item],
    ) -> Step<Option<ValueId>> {
        let _ = operands;
        match (builtin, args) {
            (Builtin::Len, [item]) => {
                let value = self.value_of(item)?;
                let (value, class) = self.specialise(value, 0, Type::EMPTY)?;
                let known = Type::LIST
                    .union(Type::TUPLE)
                    .union(Type::BYTES)
                    .union(Type::BYTEARRAY)
                    .union(Type::STR)
                    .union(Type::ARRAY);
                if class.is_single() && class.is_subset(known) {
                    return self.length(value, class).map(Some);
                }
                if let Some(length) = self.dict_or_set_length(value, class)? {
                    return Ok(Some(length));
                }
                self.instance_length(value)
            }
            (Builtin::Abs, [item]) => {
                let value = self.value_of(item)?;
                let (value, class) = self.specialise(value, 0, Type::EMPTY)?;
                match class {
                    Type::FLOAT => {
                        let value = self.as_f64(value, 0)?;
                        self.float(Op::FloatAbs, &[value]).map(Some)
                    }
                    Type::INT | Type::BOOL if !self.is_big(value, 0) => {
                        let value = self.as_i64(value, 0)?;
                        self.int(Op::IntAbs(Overflow::Checked), &[value]).map(Some)
                    }
                    _ => Ok(None),
                }
            }
            (Builtin::Min | Builtin::Max, [_, _, ..]) if args.len() <= 4 => {
                self.min_max(builtin == Builtin::Max, args)
            }
            (Builtin::Ord, [item]) => {
                let value = self.value_of(item)?;
                if let Some(point) = self.code_point_read(value)? {
                    return Ok(Some(point));
                }
                let (value, class) = self.specialise(value, 0, Type::EMPTY)?;
                if class != Type::STR {
                    return Ok(None);
                }
                let range = IntRange::new(0, 0x10_FFFF);
                let op = Op::CallRuntime(HelperId::StrOrd);
                self.emit_ranged(op, &[value], Type::INT, Repr::I64, range)
                    .map(Some)
            }
            (Builtin::Chr, [item]) => {
                let value = self.value_of(item)?;
                let (value, class) = self.specialise(value, 0, Type::EMPTY)?;
                if class != Type::INT || self.is_big(value, 0) {
                    return Ok(None);
                }
                let value = self.as_i64(value, 0)?;
                self.runtime(HelperId::StrChr, &[value]).map(Some)
            }
            (Builtin::MathSqrt | Builtin::MathFabs | Builtin::Math(_), [item]) => {
                let value = self.value_of(item)?;
                let (value, class) = self.specialise(value, 0, Type::EMPTY)?;
                let exits = self.site().map_or(0, |site| site.exits);
                // An int argument of math.log takes CPython's own way for wide ints.
                let is_log = matches!(builtin, Builtin::Math(f) if f.name().starts_with("log") && f.name() != "log1p");
                let fits = class == Type::FLOAT
                    || (matches!(class, Type::INT | Type::BOOL)
                        && !is_log
                        && !self.is_big(value, 0));
                if !fits || exits > 3 {
                    return Ok(None);
                }
                let value = self.as_f64(value, 0)?;
                let op = match builtin {
                    Builtin::MathSqrt => Op::FloatSqrt,
                    Builtin::MathFabs => Op::FloatAbs,
                    Builtin::Math(function) => Op::FloatMath(function),
                    _ => return Ok(None),
                };
                self.float(op, &[value]).map(Some)
            }
            (Builtin::MathFloor | Builtin::MathCeil | Builtin::Round, [item]) => {
                let value = self.value_of(item)?;
                let (value, class) = self.specialise(value, 0, Type::EMPTY)?;
                match class {
                    Type::INT => Ok(Some(value)),
                    Type::FLOAT if !self.left_for(ExitReason::ValueRange) => {
                        let value = self.as_f64(value, 0)?;
                        let op = match builtin {
                            Builtin::MathFloor => Op::FloatFloor,
                            Builtin::MathCeil => Op::FloatCeil,
                            _ => Op::FloatRoundEven,
                        };
                        let rounded = self.float(op, &[value])?;
                        self.int(Op::F64ToI64, &[rounded]).map(Some)
                    }
                    _ => Ok(None),
                }
            }
            (Builtin::Isinstance, [item, Item::Value(class)]) => {
                self.is_instance(item, *class, operands)
            }
            _ => Ok(None),
        }
    }

    /// `min(a, b, ..)` of numbers of one class: the first of equal ones, as CPython picks it.
    fn min_max(&mut self, max: bool, args: &[Item]) -> Step<Option<ValueId>> {
        let mut values = Vec::new();
        let mut class = None;
        for (index, item) in args.iter().enumerate() {
            let position = args.len() - 1 - index;
            let value = self.value_of(item)?;
            let (value, seen) = self.specialise(value, position, Type::EMPTY)?;
            if !matches!(seen, Type::INT | Type::FLOAT)
                || class.is_some_and(|class| class != seen)
                || self.is_big(value, position)
            {
                return Ok(None);
            }
            class = Some(seen);
            values.push(value);
        }
        let is_float = class == Some(Type::FLOAT);
        let mut best = None;
        for (index, value) in values.into_iter().enumerate() {
            let position = args.len() - 1 - index;
            let value = if is_float {
                self.as_f64(value, position)?
            } else {
                self.as_i64(value, position)?
            };
            best = Some(match best {
                None => value,
                Some(best) => {
                    let cond = if max { Cond::Gt } else { Cond::Lt };
                    let (op, ty, repr) = if is_float {
                        (Op::FloatCmp(cond), Type::FLOAT, Repr::F64)
                    } else {
                        (Op::IntCmp(cond), Type::INT, Repr::I64)
                    };
                    let better = self.boolean(op, &[value, best])?;
                    self.emit_value(Op::Select, &[better, value, best], ty, repr)?
                }
            });
        }
        Ok(best)
    }
}

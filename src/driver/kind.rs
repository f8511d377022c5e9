//! What a version is for: the types of its arguments, and of instances the class where it is for that class alone.
//!
//! Methods see instances of several classes, and code for one class is shorter and faster than code that asks at
//! each attribute. So versions are for one class at first; when there are too many classes, one version serves them all.

use crate::feedback::{ClassKey, Fact};
use crate::hir::Type;

/// See the module.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Kind(Vec<(Type, Option<ClassKey>)>);

impl Kind {
    /// By the classes of instances, as far as there is one for each argument.
    pub fn by_class(args: &[Fact]) -> Kind {
        let one = |fact: &Fact| (fact.ty, class_of_instance(fact));
        Kind(args.iter().map(one).collect())
    }

    /// By the classes given.
    pub fn of(args: &[Fact], class: impl Fn(usize) -> Option<ClassKey>) -> Kind {
        let rows = args.iter().enumerate();
        Kind(
            rows.map(|(number, fact)| (fact.ty, class(number)))
                .collect(),
        )
    }

    /// Whatever class instances are of.
    pub fn by_type(args: &[Fact]) -> Kind {
        Kind(args.iter().map(|fact| (fact.ty, None)).collect())
    }

    /// Is it for instances of certain classes?
    pub fn names_classes(&self) -> bool {
        self.0.iter().any(|(_, class)| class.is_some())
    }

    /// Do both differ by classes of instances at most?
    pub fn has_types_of(&self, other: &Kind) -> bool {
        self.0.len() == other.0.len() && self.0.iter().zip(&other.0).all(|(a, b)| a.0 == b.0)
    }
}

/// The class of an argument that is an instance, if only one is known.
pub fn class_of_instance(fact: &Fact) -> Option<ClassKey> {
    fact.classes.single().filter(|_| fact.ty == Type::OTHER)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feedback::SeenClasses;

    fn instance(key: ClassKey) -> Fact {
        Fact {
            classes: SeenClasses::of(key),
            ..Fact::of(Type::OTHER)
        }
    }

    #[test]
    fn kinds_of_one_type_differ_by_class() {
        let (first, second) = (
            Kind::by_class(&[instance(1)]),
            Kind::by_class(&[instance(2)]),
        );
        assert_ne!(first, second);
        assert!(first.has_types_of(&second) && first.names_classes());
        assert_eq!(Kind::by_type(&[instance(1)]), Kind::by_type(&[instance(2)]));
    }

    #[test]
    fn several_classes_are_no_class() {
        let mut fact = instance(1);
        fact.absorb(&instance(2));
        assert!(!Kind::by_class(&[fact]).names_classes());
    }
}

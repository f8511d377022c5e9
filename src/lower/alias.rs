//! Memory operation flags: which memory an access belongs to.
//!
//! Two accesses in different regions never alias, so that a store to one leaves loads of another
//! redundant. A region must hold *every* access to that memory: one access with another region
//! would make Cranelift forward stale values. Calls end all knowledge anyway.

use std::borrow::Cow;

use cranelift_codegen::ir::{AliasRegion, AliasRegionData, DataFlowGraph, MemFlagsData};

macro_rules! define_regions {
    ($($variant:ident $name:literal $doc:literal;)*) => {
        /// A class of memory.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Region { $(#[doc = $doc] $variant,)* }

        impl Region {
            const ALL: &'static [(Region, &'static str)] = &[$((Region::$variant, $name)),*];
        }
    };
}

define_regions! {
    Refcount "refcount" "Reference counts.";
    Class "class" "`ob_type`, and what never changes in an object of known class (lengths of tuples, code of a function).";
    IntValue "int" "Sizes and digits of ints: written in place when a list owns the box.";
    FloatValue "float" "Values of floats: written in place when a list owns the box.";
    ListShape "list-shape" "Lengths, item pointers and capacities of lists.";
    ListItems "list-items" "Items of lists.";
    TupleItems "tuple-items" "Items of tuples and bytes.";
    ByteArrayShape "bytearray-shape" "Lengths and storage of bytearrays.";
    ArrayShape "array-shape" "Lengths and storage of `array.array`.";
    Bytes "bytes" "Items of bytearrays and `array.array`, of any width: both may export one buffer to the other's users.";
    Cells "cells" "Closure cells.";
    ClassContents "class-contents" "Versions of classes, names their instances have in common.";
    InstanceShape "instance-shape" "Where instances keep attributes, which are set, in which order.";
    Attributes "attributes" "Attributes of instances.";
    Runtime "runtime" "Thread state, frames, the eval breaker, cells of the runtime.";
    Stack "stack" "Stack slots of the machine code itself.";
}

/// The regions as one function knows them.
pub struct Regions(Vec<AliasRegion>);

impl Regions {
    /// Declares all regions in the function.
    pub fn declare(graph: &mut DataFlowGraph) -> Regions {
        Regions(
            Region::ALL
                .iter()
                .map(|(region, name)| {
                    graph.alias_regions.insert(AliasRegionData {
                        user_id: *region as u32,
                        description: Cow::Borrowed(name),
                    })
                })
                .collect(),
        )
    }

    /// Flags of an aligned access that cannot trap.
    pub fn flags(&self, region: Region) -> MemFlagsData {
        MemFlagsData::trusted().with_alias_region(Some(self.0[region as usize]))
    }
}

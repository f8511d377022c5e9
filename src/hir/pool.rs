//! Python objects a function refers to, by index.
//!
//! The pool knows only what the compiler may rely on; the driver holds the objects themselves in a
//! table of the same order.

use super::ids::ObjectId;
use super::types::Type;

/// What the compiler may know of an object.
#[derive(Clone, PartialEq, Debug)]
pub struct PoolObject {
    /// Its exact class.
    pub ty: Type,
    /// For dumps: a short text.
    pub text: String,
    /// Row of the driver's table of real objects.
    pub handle: u32,
}

/// The objects of one compilation.
#[derive(Clone, Default, Debug)]
pub struct Pool {
    objects: Vec<PoolObject>,
}

impl Pool {
    /// The id of the object; one per handle.
    pub fn add(&mut self, object: PoolObject) -> ObjectId {
        if let Some(index) = self
            .objects
            .iter()
            .position(|other| other.handle == object.handle)
        {
            return ObjectId::new(index);
        }
        self.objects.push(object);
        ObjectId::new(self.objects.len() - 1)
    }

    /// The object.
    pub fn get(&self, id: ObjectId) -> &PoolObject {
        &self.objects[id.index()]
    }

    /// All objects in order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = (ObjectId, &PoolObject)> {
        self.objects
            .iter()
            .enumerate()
            .map(|(index, object)| (ObjectId::new(index), object))
    }
}

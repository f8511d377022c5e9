//! Sets of small numbers, and a table of them with one row per block.

/// A set of numbers below a fixed bound.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct BitSet {
    words: Vec<u64>,
}

impl BitSet {
    /// The empty set of numbers below `bound`.
    pub fn new(bound: usize) -> BitSet {
        BitSet {
            words: vec![0; bound.div_ceil(64)],
        }
    }

    /// Is the number in the set?
    pub fn contains(&self, number: usize) -> bool {
        self.words[number / 64] >> (number % 64) & 1 != 0
    }

    /// Adds the number; was it new?
    pub fn insert(&mut self, number: usize) -> bool {
        let (word, bit) = (&mut self.words[number / 64], 1 << (number % 64));
        let new = *word & bit == 0;
        *word |= bit;
        new
    }

    /// Removes the number; was it there?
    pub fn remove(&mut self, number: usize) -> bool {
        let (word, bit) = (&mut self.words[number / 64], 1 << (number % 64));
        let old = *word & bit != 0;
        *word &= !bit;
        old
    }

    /// Adds all of `other`; did anything change?
    pub fn union_with(&mut self, other: &BitSet) -> bool {
        let mut changed = 0;
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            changed |= other & !*word;
            *word |= other;
        }
        changed != 0
    }

    /// Makes it equal to `other`, keeping its storage.
    pub fn copy_from(&mut self, other: &BitSet) {
        self.words.clear();
        self.words.extend_from_slice(&other.words);
    }

    /// The numbers, ascending.
    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.words
            .iter()
            .enumerate()
            .flat_map(|(index, &word)| ones(word, index * 64))
    }

    /// The numbers in both sets, ascending.
    pub fn iter_common<'a>(&'a self, other: &'a BitSet) -> impl Iterator<Item = usize> + 'a {
        let words = self.words.iter().zip(&other.words);
        words
            .enumerate()
            .flat_map(|(index, (a, b))| ones(a & b, index * 64))
    }

    /// The numbers of this set that are not in `other`, ascending.
    pub fn iter_without<'a>(&'a self, other: &'a BitSet) -> impl Iterator<Item = usize> + 'a {
        let words = self.words.iter().zip(&other.words);
        words
            .enumerate()
            .flat_map(|(index, (a, b))| ones(a & !b, index * 64))
    }
}

fn ones(mut word: u64, base: usize) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = word.trailing_zeros() as usize;
        word &= word.wrapping_sub(1);
        (bit < 64).then_some(base + bit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_of_numbers() {
        let mut a = BitSet::new(130);
        assert!(a.insert(0) && a.insert(64) && a.insert(129) && !a.insert(64));
        assert_eq!(a.iter().collect::<Vec<_>>(), [0, 64, 129]);
        let mut b = BitSet::new(130);
        b.insert(64);
        b.insert(65);
        assert_eq!(a.iter_common(&b).collect::<Vec<_>>(), [64]);
        assert_eq!(a.iter_without(&b).collect::<Vec<_>>(), [0, 129]);
        assert!(a.union_with(&b) && !a.union_with(&b));
        assert!(a.contains(65) && a.remove(65) && !a.remove(65) && !a.contains(65));
        b.copy_from(&a);
        assert_eq!(a, b);
    }
}

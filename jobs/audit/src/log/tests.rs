//! The tree against another implementation of RFC 6962, and proofs made and checked.

use std::collections::{BTreeMap, BTreeSet};

use clerkwork_core::Digest;
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use proptest::prelude::*;
use sha2::Sha256;

use super::*;

/// A tree with everything that a store would have of it.
struct Grown {
    edge: Edge,
    tiles: Vec<Tile>,
    /// Of the sizes that were asked for.
    roots: BTreeMap<u64, Digest>,
}

fn entry(i: u64) -> Vec<u8> {
    format!("{{\"n\":{i}}}").into_bytes()
}

fn grown(size: u64, sizes: impl IntoIterator<Item = u64>) -> Grown {
    let sizes: BTreeSet<_> = sizes.into_iter().chain([size]).collect();
    let mut grown = Grown {
        edge: Edge::default(),
        tiles: Vec::new(),
        roots: BTreeMap::new(),
    };
    for i in 0..=size {
        if sizes.contains(&i) {
            grown.roots.insert(i, grown.edge.root());
        }
        if i < size {
            grown.edge.append(leaf_hash(&entry(i)), &mut grown.tiles);
        }
    }
    grown
}

impl Grown {
    fn known(&self, needs: impl IntoIterator<Item = TileAt>) -> Known {
        let all: Vec<_> = self
            .tiles
            .iter()
            .cloned()
            .chain(self.edge.partial())
            .collect();
        let mut known = Known::default();
        for at in needs {
            known.put(all.iter().find(|tile| tile.at == at).unwrap().clone());
        }
        known
    }

    fn tree(&self, size: u64) -> (u64, Digest) {
        (size, self.roots[&size])
    }
}

#[test]
fn the_root_at_every_size_is_that_of_another_implementation() {
    let grown = grown(700, 0..=700);
    let mut other = MemoryBackedTree::<Sha256, Vec<u8>>::new();
    for size in 0..=700_u64 {
        let theirs = other.root();
        assert_eq!(theirs.as_bytes()[..], grown.roots[&size].0, "{size}");
        other.push(entry(size));
    }
}

#[test]
fn an_edge_is_restored_from_its_tiles_at_any_size() {
    let mut edge = Edge::default();
    let mut tiles = Vec::new();
    for i in 0..66_000_u64 {
        if [0, 1, 255, 256, 257, 65_535, 65_536, 65_537].contains(&i) {
            let stored: Vec<_> = edge.partial().collect();
            let find = |at| stored.iter().find(|tile| tile.at == at).cloned();
            assert_eq!(Edge::restore(i, find).unwrap(), edge, "{i}");
            if i % 256 != 0 {
                assert_eq!(
                    Edge::restore(i, |_| None),
                    Err(BrokenEdge { level: 0, size: i })
                );
            }
        }
        edge.append(leaf_hash(&entry(i)), &mut tiles);
    }
    let level = |level| tiles.iter().filter(move |tile| tile.at.level == level);
    assert!(level(0).map(|tile| tile.at.n).eq(0..257));
    assert_eq!(level(1).count(), 1);
    let root = perfect(&level(1).next().unwrap().hashes).unwrap();
    let top = edge.partial().find(|tile| tile.at.level == 2).unwrap();
    assert_eq!(top.hashes, [root]);
}

/// A tile that was stored when it held more than a smaller tree has serves that tree as well.
#[test]
fn a_longer_tile_restores_an_earlier_edge() {
    let (small, large) = (grown(130, []), grown(200, []));
    let stored: Vec<_> = large.edge.partial().collect();
    let restored = Edge::restore(130, |at| stored.iter().find(|t| t.at == at).cloned());
    assert_eq!(restored.unwrap().root(), small.edge.root());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn an_entry_is_proven_at_its_place_alone(size in 1..1_500_u64, pick in any::<u64>(), off in any::<u64>()) {
        let index = pick % size;
        let grown = grown(size, []);
        let known = grown.known(inclusion_needs(size, index));
        let proof = inclusion(size, index, &known).unwrap();
        let leaf = leaf_hash(&entry(index));
        prop_assert_eq!(check_inclusion(&proof, grown.tree(size), (index, leaf)), Ok(()));
        let wrong = Err(ProofError::Wrong);
        let forged = leaf_hash(b"{}");
        prop_assert_eq!(check_inclusion(&proof, grown.tree(size), (index, forged)), wrong.clone());
        let elsewhere = off % size;
        if elsewhere != index {
            let checked = check_inclusion(&proof, grown.tree(size), (elsewhere, leaf));
            prop_assert_eq!(checked, wrong);
        }
        prop_assert_eq!(
            inclusion(size, size, &known),
            Err(ProofError::Beyond { asked: size, size })
        );
        if !proof.is_empty() {
            prop_assert_eq!(inclusion(size, index, &Known::default()), Err(ProofError::Missing));
        }
    }

    #[test]
    fn a_tree_is_proven_to_grow_out_of_its_own_past_alone(size in 1..1_500_u64, pick in any::<u64>()) {
        let earlier = pick % (size + 1);
        let grown = grown(size, [earlier]);
        let known = grown.known(growth_needs(size, earlier));
        let proof = growth(size, earlier, &known).unwrap();
        let (now, then) = (grown.tree(size), grown.tree(earlier));
        prop_assert_eq!(check_growth(&proof, now, then), Ok(()));
        let forged = (earlier, leaf_hash(b"{}"));
        prop_assert_eq!(check_growth(&proof, now, forged), Err(ProofError::Wrong));
        let beyond = check_growth(&proof, then, (size + 1, now.1));
        prop_assert_eq!(beyond, Err(ProofError::Beyond { asked: size + 1, size: earlier }));
    }
}

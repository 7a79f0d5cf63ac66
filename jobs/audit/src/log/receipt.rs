//! A receipt: an event, and the proof that it is in the log, in one file (C2SP `tlog-proof`).
//!
//! ```text
//! c2sp.org/tlog-proof@v1
//! extra <the entry, base64>
//! index <number of the entry>
//! <hash, base64>
//! …
//!
//! <signed checkpoint>
//! ```

use base64::prelude::{BASE64_STANDARD, Engine as _};
use clerkwork_core::Digest;

use super::{
    Checkpoint, CheckpointError, LogVerifiers, Proof, ProofError, check_inclusion, leaf_hash,
};

const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// An entry with its proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The entry's bytes.
    pub entry: Vec<u8>,
    /// Its number.
    pub index: u64,
    /// The hashes of the proof.
    pub proof: Proof,
    /// The signed head that it leads to.
    pub checkpoint: String,
}

/// Why a receipt proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// It is no receipt.
    #[error("line {line} of the receipt: {why}")]
    Malformed {
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Its head does not count.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// It is of another log.
    #[error("the receipt is of the log `{found}`, not of `{wanted}`")]
    AnotherLog {
        /// The log that it names.
        found: String,
        /// The log that was meant.
        wanted: String,
    },
    /// The entry is not in the log at that place.
    #[error("the entry is not number {index} of the log: it, its number or the proof was changed")]
    NotThere {
        /// The number.
        index: u64,
    },
}

impl Receipt {
    /// As a file.
    pub fn to_text(&self) -> String {
        let entry = BASE64_STANDARD.encode(&self.entry);
        let mut out = format!("{HEADER}\nextra {entry}\nindex {}\n", self.index);
        for hash in &self.proof {
            out += &BASE64_STANDARD.encode(hash.0);
            out.push('\n');
        }
        out.push('\n');
        out + &self.checkpoint
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`ReceiptError::Malformed`] names the line.
    pub fn read(text: &str) -> Result<Self, ReceiptError> {
        let malformed = |line: usize, why| ReceiptError::Malformed { line, why };
        let (head, checkpoint) = text
            .split_once("\n\n")
            .ok_or_else(|| malformed(1, "there is no empty line before the checkpoint"))?;
        let mut lines = head.lines();
        if lines.next() != Some(HEADER) {
            return Err(malformed(1, "it must be `c2sp.org/tlog-proof@v1`"));
        }
        let entry = lines.next().and_then(|line| line.strip_prefix("extra "));
        let entry = entry.and_then(|text| BASE64_STANDARD.decode(text).ok());
        let entry =
            entry.ok_or_else(|| malformed(2, "it must be `extra` and the entry in base64"))?;
        let index = lines.next().and_then(|line| line.strip_prefix("index "));
        let number = |text: &str| text.parse().ok().filter(|n: &u64| n.to_string() == text);
        let index = index.and_then(number);
        let index = index.ok_or_else(|| malformed(3, "it must be `index` and a number"))?;
        let hash = |(at, line)| {
            let bytes = BASE64_STANDARD.decode(line).ok();
            let hash = bytes.and_then(|bytes| bytes.try_into().ok()).map(Digest);
            hash.ok_or_else(|| malformed(at + 4, "it must be a hash in base64"))
        };
        Ok(Self {
            entry,
            index,
            proof: lines.enumerate().map(hash).collect::<Result<_, _>>()?,
            checkpoint: checkpoint.to_owned(),
        })
    }

    /// Checks all of it: signature, log, place. Answers the head that it leads to.
    ///
    /// # Errors
    /// Every variant.
    pub fn check(&self, origin: &str, keys: &LogVerifiers) -> Result<Checkpoint, ReceiptError> {
        let said = Checkpoint::peek(self.checkpoint.as_bytes())?;
        if said.origin != origin {
            return Err(ReceiptError::AnotherLog {
                found: said.origin,
                wanted: origin.to_owned(),
            });
        }
        let head = Checkpoint::open(self.checkpoint.as_bytes(), keys)?;
        let place = (self.index, leaf_hash(&self.entry));
        match check_inclusion(&self.proof, (head.size, head.root), place) {
            Ok(()) => Ok(head),
            Err(ProofError::Beyond { .. } | ProofError::Missing | ProofError::Wrong) => {
                Err(ReceiptError::NotThere { index: self.index })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{Edge, Known, LogKey, inclusion, inclusion_needs};

    fn receipt(key: &LogKey) -> Receipt {
        let mut edge = Edge::default();
        for i in 0..5_u8 {
            edge.append(leaf_hash(&[i]), &mut Vec::new());
        }
        let mut known = Known::default();
        let needs = inclusion_needs(5, 3);
        edge.partial()
            .filter(|tile| needs.contains(&tile.at))
            .for_each(|tile| known.put(tile));
        let head = Checkpoint {
            origin: "log".into(),
            size: 5,
            root: edge.root(),
        };
        Receipt {
            entry: vec![3],
            index: 3,
            proof: inclusion(5, 3, &known).unwrap(),
            checkpoint: head.sign([key]).unwrap(),
        }
    }

    #[test]
    fn a_receipt_proves_its_entry_and_no_other() {
        let key = LogKey::from_seed("log", [1; 32]).unwrap();
        let keys = LogVerifiers::new([key.vkey()]).unwrap();
        let good = receipt(&key);
        let text = good.to_text();
        assert_eq!(Receipt::read(&text), Ok(good.clone()));
        assert_eq!(good.check("log", &keys).unwrap().size, 5);
        let not_there = |index| Err(ReceiptError::NotThere { index });
        let mut forged = good.clone();
        forged.entry = vec![4];
        assert_eq!(forged.check("log", &keys), not_there(3));
        forged = good.clone();
        forged.index = 9;
        assert_eq!(forged.check("log", &keys), not_there(9));
        forged = good.clone();
        forged.proof[0].0[0] ^= 1;
        assert_eq!(forged.check("log", &keys), not_there(3));
        assert!(matches!(
            good.check("other", &keys),
            Err(ReceiptError::AnotherLog { .. })
        ));
        let stranger = LogKey::from_seed("log", [2; 32]).unwrap();
        let keys = LogVerifiers::new([stranger.vkey()]).unwrap();
        assert_eq!(
            good.check("log", &keys),
            Err(ReceiptError::Checkpoint(CheckpointError::UnknownKey(
                "log".into()
            )))
        );
    }

    #[test]
    fn what_is_no_receipt_is_refused_with_its_line() {
        let key = LogKey::from_seed("log", [1; 32]).unwrap();
        let text = receipt(&key).to_text();
        let line = |text: &str| match Receipt::read(text) {
            Err(ReceiptError::Malformed { line, .. }) => line,
            other => panic!("{other:?}"),
        };
        assert_eq!(line(""), 1);
        assert_eq!(line(&text.replacen("@v1", "@v2", 1)), 1);
        assert_eq!(line(&text.replacen("extra ", "extra !", 1)), 2);
        assert_eq!(line(&text.replacen("index 3", "index 03", 1)), 3);
        assert_eq!(line(&text.replacen("index 3\n", "index 3\nAAAA\n", 1)), 4);
    }
}

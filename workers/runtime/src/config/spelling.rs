//! What somebody may have meant.

use super::Origin;

/// A sentence's end for the unknown `key`: the nearest known one, or where all of them are found.
pub(super) fn hint<'a>(
    key: &str,
    origin: &Origin,
    known: impl Iterator<Item = &'a String> + Clone,
) -> String {
    let section = format!("{key}.");
    if known.clone().any(|other| other.starts_with(&section)) {
        return format!("it is a section: write `[{key}]` and its settings below");
    }
    let last = |key: &str| key.rsplit('.').next().map(str::to_owned);
    let nearest = known
        .map(|other| {
            // The right name in the wrong section counts as near.
            let misplaced = last(other) == last(key);
            (if misplaced { 1 } else { distance(key, other) }, other)
        })
        .min();
    match nearest {
        Some((steps, other)) if steps <= 2.max(key.len() / 4) => {
            format!("did you mean `{}`?", origin.spelled(other))
        }
        _ => "`clerkwork config show` lists all of them".to_owned(),
    }
}

/// Levenshtein's distance, in bytes.
fn distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.bytes().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, b) in to.bytes().enumerate() {
            let replaced = corner + usize::from(a != b);
            corner = row[j + 1];
            row[j + 1] = replaced.min(corner + 1).min(row[j] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn distances() {
        for (from, to, steps) in [
            ("", "abc", 3),
            ("kitten", "sitting", 3),
            ("same", "same", 0),
        ] {
            assert_eq!(distance(from, to), steps);
            assert_eq!(distance(to, from), steps);
        }
    }
}

//! Reproducible chance: SplitMix64 (Steele, Lea, Flood 2014).
//!
//! Its own ten lines instead of a crate's "standard" generator, because that one may change between
//! versions and a world must stay the same byte for byte.

/// A stream of random numbers that depends on its seed alone.
#[derive(Debug, Clone)]
pub(crate) struct Draw(u64);

impl Draw {
    /// The stream number `stream` of `seed`; different streams are independent.
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        Self(mix(seed ^ mix(stream.wrapping_add(0x5851_F42D_4C95_7F2D))))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.0)
    }

    /// A number in `0..bound`; 0 when `bound` is 0.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        // The high half of the product: no division, and a bias below 2^-40 for our bounds.
        ((u128::from(self.next()) * u128::from(bound)) >> 64) as u64
    }

    /// A number in `low..=high`.
    pub(crate) fn range(&mut self, low: i64, high: i64) -> i64 {
        low + self.below(low.abs_diff(high) + 1) as i64
    }

    /// Whether something of `permille` in a thousand happens.
    pub(crate) fn permille(&mut self, permille: u64) -> bool {
        self.below(1000) < permille
    }

    /// A number in `0.0..1.0`.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// One of the items. The slice is never empty.
    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len() as u64) as usize]
    }
}

/// A bijection of `0..modulus`: different indexes give different numbers that look random.
/// `modulus` must not be a multiple of the two primes used here.
pub(crate) fn scatter(seed: u64, index: u64, modulus: u64) -> u64 {
    const STRIDE: u128 = 6_364_136_223_846_847;
    let offset = u128::from(mix(seed) % modulus);
    ((u128::from(index % modulus) * STRIDE + offset) % u128::from(modulus)) as u64
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

//! Money: integer cents (fen), never a float.
//!
//! On the wire an amount is a string in yuan with at most two decimals, for example `"4449.00"`.
//! A JSON number is refused: a float cannot hold every cent.

use std::{borrow::Cow, fmt, str::FromStr};

use rust_decimal::{Decimal, RoundingStrategy, prelude::ToPrimitive};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An amount of money in cents (fen); may be negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Cents(pub i64);

/// Why a text is not an amount.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an amount; write yuan with at most two decimals, for example \"4449.00\"")]
pub struct InvalidAmount(pub String);

impl Cents {
    /// No money.
    pub const ZERO: Self = Self(0);

    /// `self + other`, or nothing when it does not fit.
    pub fn plus(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// `self - other`, or nothing when it does not fit.
    pub fn minus(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// The sum, or nothing when it does not fit.
    pub fn sum(amounts: impl IntoIterator<Item = Self>) -> Option<Self> {
        amounts.into_iter().try_fold(Self::ZERO, Self::plus)
    }

    /// This amount times `factor`, rounded half away from zero to the cent (四舍五入).
    pub fn times(self, factor: Decimal) -> Option<Self> {
        Self::round(Decimal::from(self.0).checked_mul(factor)?)
    }

    /// The net amount in a gross one: `gross / (1 + rate)`, rounded half up to the cent.
    pub fn net_of(self, rate: Decimal) -> Option<Self> {
        Self::round(Decimal::from(self.0).checked_div(Decimal::ONE.checked_add(rate)?)?)
    }

    /// In yuan, exactly.
    pub fn yuan(self) -> Decimal {
        Decimal::new(self.0, 2)
    }

    /// From an exact number of yuan, rounded half up to the cent.
    pub fn from_yuan(yuan: Decimal) -> Option<Self> {
        Self::round(yuan.checked_mul(Decimal::ONE_HUNDRED)?)
    }

    /// The size of the difference, in cents.
    pub fn distance(self, other: Self) -> u64 {
        self.0.abs_diff(other.0)
    }

    fn round(cents: Decimal) -> Option<Self> {
        cents
            .round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero)
            .to_i64()
            .map(Self)
    }
}

impl fmt::Display for Cents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let magnitude = self.0.unsigned_abs();
        f.pad(&format!("{sign}{}.{:02}", magnitude / 100, magnitude % 100))
    }
}

impl FromStr for Cents {
    type Err = InvalidAmount;

    fn from_str(text: &str) -> Result<Self, InvalidAmount> {
        let invalid = || InvalidAmount(text.chars().take(40).collect());
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "00"));
        let plain = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !plain(whole) || !plain(fraction) || fraction.len() > 2 || whole.len() > 15 {
            return Err(invalid());
        }
        let whole: i64 = whole.parse().map_err(|_| invalid())?;
        let cents: i64 = format!("{fraction:0<2}").parse().map_err(|_| invalid())?;
        let magnitude = whole
            .checked_mul(100)
            .and_then(|w| w.checked_add(cents))
            .ok_or_else(invalid)?;
        Ok(Self(if negative { -magnitude } else { magnitude }))
    }
}

impl Serialize for Cents {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Cents {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<str>::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

impl schemars::JsonSchema for Cents {
    fn schema_name() -> Cow<'static, str> {
        "Amount".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": r"^-?\d{1,15}(\.\d{1,2})?$",
            "description": "yuan with at most two decimals, as a string",
            "examples": ["4449.00"],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn three_decimals_floats_and_words_are_refused() {
        for bad in [
            "1.234",
            "",
            ".",
            "1.",
            ".5",
            "1e3",
            "--1",
            "+1",
            "１.00",
            "9999999999999999.00",
        ] {
            assert_eq!(
                bad.parse::<Cents>(),
                Err(InvalidAmount(bad.into())),
                "{bad}"
            );
        }
        assert!(serde_json::from_str::<Cents>("12.5").is_err());
        assert_eq!(
            serde_json::from_str::<Cents>("\"12.5\"").unwrap(),
            Cents(1250)
        );
    }

    #[test]
    fn published_gross_amounts_split_as_printed() {
        let six = Decimal::new(6, 2);
        let one = Decimal::new(1, 2);
        assert_eq!(Cents(444_900).net_of(six), Some(Cents(419_717)));
        assert_eq!(Cents(50_000).net_of(one), Some(Cents(49_505)));
    }

    proptest! {
        #[test]
        fn an_amount_reads_back_what_it_shows(cents in -99_999_999_999_999_999_i64..=99_999_999_999_999_999) {
            prop_assert_eq!(Cents(cents).to_string().parse::<Cents>(), Ok(Cents(cents)));
        }

        #[test]
        fn net_and_tax_make_up_the_gross_within_a_cent(gross in 0_i64..10_000_000_000, rate in 0_i64..20) {
            let rate = Decimal::new(rate, 2);
            let net = Cents(gross).net_of(rate).unwrap();
            let tax = net.times(rate).unwrap();
            prop_assert!((gross - net.0 - tax.0).abs() <= 1);
        }

        #[test]
        fn any_text_is_read_or_refused_without_a_panic(text in any::<String>()) {
            let _ = text.parse::<Cents>();
        }
    }
}

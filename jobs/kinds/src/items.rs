//! What an item code (税收分类编码) says about a trade: which rate, which special element, and
//! whether a natural person can plausibly sell it.
//!
//! The rows are the TOML files under `items/`, compiled in and read once; the longest matching
//! prefix counts. To add a trade, add a variant, a row, and what the checks make of it.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::dated::{TableError, read};

/// The trade that an item code belongs to, as far as it matters to a review.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trade {
    /// Nothing special.
    Ordinary,
    /// Farm produce: exempt when it is the seller's own.
    FarmProduce,
    /// Construction services.
    Construction,
    /// Carriage of goods.
    Freight,
    /// Letting of real estate.
    RealEstateLetting,
    /// Sale of real estate.
    RealEstateSale,
    /// Land use rights and other rights to natural resources.
    LandUse,
    /// Agents (insurance, securities …) who may have special invoices.
    CommissionAgent,
    /// Parking: letting of real estate by its rate, without a special element.
    Parking,
    /// Receipts that are no sale.
    NotTaxed,
}

impl Trade {
    /// The trade of a code; an ordinary one when no row matches.
    pub fn of(item_code: &str) -> Self {
        TABLES
            .trades
            .iter()
            .find(|row| item_code.starts_with(&row.prefix))
            .map_or(Self::Ordinary, |row| row.trade)
    }

    /// Whether the rate for real estate and land use rights holds.
    pub fn is_real_estate(self) -> bool {
        matches!(
            self,
            Self::RealEstateLetting | Self::RealEstateSale | Self::LandUse | Self::Parking
        )
    }
}

/// Whether the code names goods that a natural person cannot plausibly sell.
pub fn is_implausible_for_a_person(item_code: &str) -> bool {
    TABLES
        .implausible
        .iter()
        .any(|row| item_code.starts_with(&row.prefix))
}

#[derive(Debug)]
struct Tables {
    /// The longest prefix first.
    trades: Vec<TradeRow>,
    implausible: Vec<GoodsRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TradeFile {
    trade: Vec<TradeRow>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TradeRow {
    prefix: String,
    trade: Trade,
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GoodsFile {
    goods: Vec<GoodsRow>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct GoodsRow {
    prefix: String,
    name: String,
}

const TRADES_FILE: &str = "items/trades.toml";
const GOODS_FILE: &str = "items/implausible_goods.toml";

static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    #[expect(
        clippy::expect_used,
        reason = "compiled in; a test reads the same text"
    )]
    Tables::load(
        include_str!("../items/trades.toml"),
        include_str!("../items/implausible_goods.toml"),
    )
    .expect("the tables under items/ are valid")
});

impl Tables {
    fn load(trades: &str, goods: &str) -> Result<Self, TableError> {
        let mut trades = read::<TradeFile>(TRADES_FILE, trades)?.trade;
        let implausible = read::<GoodsFile>(GOODS_FILE, goods)?.goods;
        check(
            TRADES_FILE,
            trades.iter().map(|row| (&row.prefix, &row.name)),
        )?;
        check(
            GOODS_FILE,
            implausible.iter().map(|row| (&row.prefix, &row.name)),
        )?;
        trades.sort_by_key(|row| std::cmp::Reverse(row.prefix.len()));
        Ok(Self {
            trades,
            implausible,
        })
    }
}

/// Checks that every row has a prefix of digits that no other row has, and a name.
fn check<'a>(
    file: &'static str,
    rows: impl Iterator<Item = (&'a String, &'a String)>,
) -> Result<(), TableError> {
    let mut seen = std::collections::BTreeSet::new();
    for (i, (prefix, name)) in rows.enumerate() {
        let digits =
            !prefix.is_empty() && prefix.len() <= 19 && prefix.bytes().all(|b| b.is_ascii_digit());
        let message = if !digits {
            format!("`{prefix}` is no prefix of an item code; write 1 to 19 digits")
        } else if name.trim().is_empty() {
            "name the items that the prefix stands for".into()
        } else if !seen.insert(prefix) {
            format!("`{prefix}` is already in the table; remove one of the two rows")
        } else {
            continue;
        };
        return Err(TableError::Row {
            file,
            row: i + 1,
            message,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_prefix_counts() {
        for (code, trade) in [
            ("3040502020200000000", Trade::Parking),
            ("3040502029900000000", Trade::RealEstateLetting),
            ("3010102020100000000", Trade::Freight),
            ("3050100000000000000", Trade::Construction),
            ("3070401000000000000", Trade::Ordinary),
            ("3040802010200000000", Trade::CommissionAgent),
            ("5010100000000000000", Trade::RealEstateSale),
            ("1010115019900000000", Trade::FarmProduce),
            ("6010000000000000000", Trade::NotTaxed),
            ("", Trade::Ordinary),
        ] {
            assert_eq!(Trade::of(code), trade, "{code}");
        }
        assert!(is_implausible_for_a_person("1070101010100000000"));
        assert!(!is_implausible_for_a_person("1060512990000000000"));
    }

    #[test]
    fn a_wrong_row_is_named() {
        let goods = "[[goods]]\nprefix = \"10x\"\nname = \"煤炭\"\n";
        let error = Tables::load("trade = []", goods).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`items/implausible_goods.toml`, row 1: `10x` is no prefix of an item code; write 1 to 19 digits"
        );
        let twice = "[[trade]]\nprefix = \"5\"\ntrade = \"freight\"\nname = \"甲\"\n".repeat(2);
        let error = Tables::load(&twice, "goods = []").unwrap_err();
        assert!(
            error
                .to_string()
                .contains("row 2: `5` is already in the table")
        );
    }
}

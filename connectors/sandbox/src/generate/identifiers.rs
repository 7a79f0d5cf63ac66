//! Identifiers with right check digits: tax ids, identity numbers, telephones, accounts.

use jiff::{ToSpan, civil::date};

use super::draw::{Draw, scatter};

/// Digits of the unified social credit code (GB 32100-2015): no I, O, S, V, Z.
const USCC: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";

/// What kind of registration a unified social credit code shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Registered {
    /// 11: a state organ.
    Authority,
    /// 91: an enterprise.
    Enterprise,
    /// 92: an individual business (个体工商户).
    IndividualBusiness,
}

/// The unified social credit code number `index` of `region`; unique per index below 31^6.
pub(crate) fn credit_code(seed: u64, index: u64, region: &str, registered: Registered) -> String {
    let mut code = String::with_capacity(18);
    code.push_str(match registered {
        Registered::Authority => "11",
        Registered::Enterprise => "91",
        Registered::IndividualBusiness => "92",
    });
    code.push_str(region);
    // Organisation codes given out since 2015 start with MA.
    code.push_str("MA");
    let mut rest = scatter(seed ^ 0x0C5C, index, 31_u64.pow(6));
    for _ in 0..6 {
        code.push(char::from(USCC[(rest % 31) as usize]));
        rest /= 31;
    }
    code.push(organisation_check(&code.as_bytes()[8..16]));
    code.push(credit_code_check(code.as_bytes()));
    code
}

/// Check character of an organisation code (GB 11714) over its first 8 characters.
fn organisation_check(code: &[u8]) -> char {
    const WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];
    // Here the letters have their full alphabet's values: A = 10 … Z = 35.
    let sum: u32 = code
        .iter()
        .zip(WEIGHTS)
        .map(|(&byte, weight)| char::from(byte).to_digit(36).unwrap_or(0) * weight)
        .sum();
    match 11 - sum % 11 {
        10 => 'X',
        11 => '0',
        digit => char::from(b'0' + digit as u8),
    }
}

/// Check character of a unified social credit code over its first 17 characters.
fn credit_code_check(code: &[u8]) -> char {
    let mut weight = 1;
    let mut sum = 0;
    for byte in code.iter().take(17) {
        let value = USCC.iter().position(|c| c == byte).unwrap_or(0);
        sum += value * weight;
        weight = weight * 3 % 31;
    }
    char::from(USCC[(31 - sum % 31) % 31])
}

/// Days of birth that are drawn from: 1960-01-01 and the 16,000 days after it, to 2003.
const BIRTH_DAYS: u64 = 16_000;

/// The identity number (GB 11643) number `index`; unique per index below 15,984,000.
pub(crate) fn identity_number(seed: u64, index: u64, region: &str) -> String {
    let place = scatter(seed ^ 0x1D, index, BIRTH_DAYS * 999);
    let day = i64::try_from(place / 999).unwrap_or(0);
    let born = date(1960, 1, 1).saturating_add(day.days());
    let mut number = format!(
        "{region}{:04}{:02}{:02}{:03}",
        born.year(),
        born.month(),
        born.day(),
        place % 999 + 1
    );
    let mut sum = 0;
    for (i, byte) in number.bytes().enumerate() {
        sum += u32::from(byte - b'0') * (1_u32 << (17 - i)) % 11;
    }
    number.push(match (12 - sum % 11) % 11 {
        10 => 'X',
        digit => char::from(b'0' + digit as u8),
    });
    number
}

/// The same identifier with a wrong check character.
pub(crate) fn spoil(identifier: &str) -> String {
    let mut spoiled = identifier.to_string();
    if let Some(last) = spoiled.pop() {
        spoiled.push(match last {
            '0'..='8' => char::from(last as u8 + 1),
            _ => '0',
        });
    }
    spoiled
}

/// The mobile telephone number `index`; unique per index below 10^8.
pub(crate) fn mobile(seed: u64, index: u64) -> String {
    const PREFIXES: [&str; 20] = [
        "133", "135", "136", "137", "138", "139", "150", "151", "152", "158", "159", "176", "177",
        "180", "181", "182", "186", "187", "188", "189",
    ];
    let place = scatter(seed ^ 0x7E1, index, 100_000_000);
    format!("{}{place:08}", PREFIXES[(place % 20) as usize])
}

/// A bank account: 16 to 19 digits for a person's card with a right Luhn digit, 12 to 17 digits
/// without one for a company.
pub(crate) fn account(draw: &mut Draw, card: bool) -> String {
    if !card {
        let length = draw.range(12, 17);
        return (0..length)
            .map(|i| char::from(b'0' + draw.range(i64::from(i == 0), 9) as u8))
            .collect();
    }
    const BINS: [&str; 6] = ["622202", "621700", "622848", "621661", "622262", "621483"];
    let mut number = (*draw.pick(&BINS)).to_string();
    let body = if number.starts_with("62148") { 9 } else { 12 };
    for _ in 0..body {
        number.push(char::from(b'0' + draw.below(10) as u8));
    }
    let mut sum = 0;
    for (i, byte) in number.bytes().rev().enumerate() {
        let digit = u32::from(byte - b'0');
        // The check digit is still to come, so the digit nearest to it is doubled.
        sum += match i % 2 {
            0 if digit > 4 => digit * 2 - 9,
            0 => digit * 2,
            _ => digit,
        };
    }
    number.push(char::from(b'0' + ((10 - sum % 10) % 10) as u8));
    number
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn published_numbers_have_the_check_characters_that_are_computed() {
        assert_eq!(credit_code_check(b"91110000600037341"), 'L');
        assert_eq!(organisation_check(b"60003734"), '1');
        let sample = "11010519491231002";
        let sum: u32 = sample
            .bytes()
            .enumerate()
            .map(|(i, b)| u32::from(b - b'0') * (1 << (17 - i)))
            .sum();
        assert_eq!((12 - sum % 11) % 11, 10, "the published number ends with X");
    }

    #[test]
    fn numbers_are_valid_and_differ() {
        let mut seen = HashSet::new();
        for i in 0..20_000 {
            let code = credit_code(7, i, "440305", Registered::Enterprise);
            assert_eq!(code.len(), 18);
            assert_eq!(
                credit_code_check(code.as_bytes()),
                code.chars().last().unwrap()
            );
            let id = identity_number(7, i, "440305");
            let sum: u32 = id
                .bytes()
                .enumerate()
                .map(|(k, b)| {
                    let value = if b == b'X' { 10 } else { u32::from(b - b'0') };
                    value * (1 << (17 - k))
                })
                .sum();
            assert_eq!(sum % 11, 1, "{id}");
            assert!(seen.insert(code) && seen.insert(id) && seen.insert(mobile(7, i)));
        }
    }

    #[test]
    fn a_spoiled_identifier_is_another_one() {
        for id in ["91110000600037341L", "11010519491231002X", "123"] {
            assert_ne!(spoil(id), id);
            assert_eq!(spoil(id).len(), id.len());
        }
    }

    #[test]
    fn cards_pass_luhn() {
        let mut draw = Draw::new(1, 1);
        for _ in 0..1000 {
            let card = account(&mut draw, true);
            let sum: u32 = card
                .bytes()
                .rev()
                .enumerate()
                .map(|(i, b)| match (i % 2, u32::from(b - b'0')) {
                    (1, d) if d > 4 => d * 2 - 9,
                    (1, d) => d * 2,
                    (_, d) => d,
                })
                .sum();
            assert_eq!(sum % 10, 0, "{card}");
            assert!((16..=19).contains(&card.len()));
        }
    }
}

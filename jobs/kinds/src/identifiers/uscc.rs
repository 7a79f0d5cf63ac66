//! Unified social credit codes (统一社会信用代码, GB 32100-2015) and the organisation codes
//! (GB 11714-1997) inside them.

use super::Fault;

/// The alphabet of GB 32100: no I, O, Z, S or V. A character's value is its place.
const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
/// Weights of the first 17 characters: 3^i mod 31.
const WEIGHTS: [u32; 17] = [
    1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28,
];
/// Weights of the eight characters of an organisation code (GB 11714).
const ORGANISATION_WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];
const NOT_IN_ALPHABET: u8 = u8::MAX;

/// Value of every byte in the alphabet, so that a check costs one load a character.
const VALUES: [u8; 256] = {
    let mut values = [NOT_IN_ALPHABET; 256];
    let mut i = 0;
    while i < ALPHABET.len() {
        values[ALPHABET[i] as usize] = i as u8;
        i += 1;
    }
    values
};

/// Checks an 18-character code: its characters, then its check character.
///
/// The first two characters (registering authority, kind of entity) may be letters, as those of
/// village cooperatives are; the next six (region) are digits at any level.
pub fn check(code: &str) -> Result<(), Fault> {
    let bytes = code.as_bytes();
    let (Some((last, first)), 18) = (bytes.split_last(), bytes.len()) else {
        return Err(Fault::Length);
    };
    let region_ok = bytes[2..8].iter().all(u8::is_ascii_digit);
    if !region_ok || bytes.iter().any(|&b| value(b).is_none()) {
        return Err(Fault::Character);
    }
    let sum: u32 = first
        .iter()
        .zip(WEIGHTS)
        .filter_map(|(&b, weight)| Some(value(b)? * weight))
        .sum();
    if value(*last) == Some((31 - sum % 31) % 31) {
        Ok(())
    } else {
        Err(Fault::CreditCodeCheck)
    }
}

/// Checks the organisation code at places 9 to 17 of an 18-character code.
pub fn check_organisation_part(code: &str) -> Result<(), Fault> {
    match code.as_bytes().get(8..17) {
        Some(part) if code.len() == 18 => check_organisation_code(part),
        _ => Err(Fault::Length),
    }
}

/// Checks an organisation code of nine characters: eight digits or capitals and a check character.
pub fn check_organisation_code(code: &[u8]) -> Result<(), Fault> {
    let [first @ .., last] = code else {
        return Err(Fault::Length);
    };
    if first.len() != 8 {
        return Err(Fault::Length);
    }
    let mut sum = 0;
    for (&b, weight) in first.iter().zip(ORGANISATION_WEIGHTS) {
        let value = match b {
            b'0'..=b'9' => b - b'0',
            b'A'..=b'Z' => b - b'A' + 10,
            _ => return Err(Fault::Character),
        };
        sum += u32::from(value) * weight;
    }
    let expected = match 11 - sum % 11 {
        10 => b'X',
        11 => b'0',
        digit => b"0123456789"[digit as usize],
    };
    if *last == expected {
        Ok(())
    } else {
        Err(Fault::OrganisationCheck)
    }
}

fn value(byte: u8) -> Option<u32> {
    match VALUES[usize::from(byte)] {
        NOT_IN_ALPHABET => None,
        value => Some(u32::from(value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Codes that a public test suite lists as valid (the values of python-stdnum's cn.uscc tests).
    fn published() -> Vec<&'static str> {
        include_str!("../../tests/data/uscc_valid.txt")
            .lines()
            .filter(|line| !line.starts_with('#'))
            .collect()
    }

    #[test]
    fn published_codes_pass() {
        assert!(published().len() >= 200);
        for code in published() {
            assert_eq!(check(code), Ok(()), "{code}");
            assert_eq!(check_organisation_part(code), Ok(()), "{code}");
        }
    }

    #[test]
    fn published_wrong_codes_fail_for_the_right_reason() {
        assert_eq!(check("91110000600037341N"), Err(Fault::CreditCodeCheck));
        assert_eq!(check("A1110000600037341L"), Err(Fault::CreditCodeCheck));
        assert_eq!(check("12345"), Err(Fault::Length));
        assert_eq!(check("9111000060003734IL"), Err(Fault::Character));
        assert_eq!(check("91110000600037341l"), Err(Fault::Character));
        assert_eq!(check("9111A000600037341L"), Err(Fault::Character));
        assert_eq!(check(""), Err(Fault::Length));
        assert_eq!(
            check("中国税务总局"),
            Err(Fault::Character),
            "18 bytes, no code"
        );
    }

    #[test]
    fn an_organisation_code_fails_on_its_own() {
        assert_eq!(check_organisation_code(b"600037341"), Ok(()));
        assert_eq!(
            check_organisation_code(b"600037342"),
            Err(Fault::OrganisationCheck)
        );
        assert_eq!(check_organisation_code(b"6000373"), Err(Fault::Length));
        assert_eq!(check_organisation_code(b""), Err(Fault::Length));
        assert_eq!(check_organisation_code(b"6000a7341"), Err(Fault::Character));
    }

    proptest! {
        #[test]
        fn any_single_change_is_caught(which in 0_usize..201, place in 0_usize..18, new in 0_usize..31) {
            let codes = published();
            let code = codes[which % codes.len()];
            let mut bytes = code.as_bytes().to_vec();
            prop_assume!(bytes[place] != ALPHABET[new]);
            bytes[place] = ALPHABET[new];
            prop_assert!(check(std::str::from_utf8(&bytes).unwrap()).is_err());
        }

        #[test]
        fn any_text_has_an_answer(text in any::<String>()) {
            let _ = (check(&text), check_organisation_part(&text), check_organisation_code(text.as_bytes()));
        }
    }
}

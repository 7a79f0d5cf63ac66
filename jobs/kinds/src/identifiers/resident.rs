//! Resident identity numbers (居民身份证号码, GB 11643-1999).

use jiff::civil::Date;

use super::Fault;

/// Weights of the first 17 digits: 2^(17−i) mod 11.
const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

/// Checks an 18-character number: its characters, its birth date (which must exist and not lie
/// after `on`), then its check character. A small `x` is taken for `X`.
pub fn check(number: &str, on: Date) -> Result<(), Fault> {
    let bytes = number.as_bytes();
    let (Some((last, first)), 18) = (bytes.split_last(), bytes.len()) else {
        return Err(Fault::Length);
    };
    if !first.iter().all(u8::is_ascii_digit) {
        return Err(Fault::Character);
    }
    let last = match last {
        digit @ b'0'..=b'9' => u32::from(digit - b'0'),
        b'X' | b'x' => 10,
        _ => return Err(Fault::Character),
    };
    if birth_date(&first[6..14]).is_none_or(|born| born > on) {
        return Err(Fault::BirthDate);
    }
    let sum: u32 = first
        .iter()
        .zip(WEIGHTS)
        .map(|(&b, weight)| u32::from(b - b'0') * weight)
        .sum();
    if (sum + last) % 11 == 1 {
        Ok(())
    } else {
        Err(Fault::ResidentCheck)
    }
}

/// Checks what can be checked of an old 15-digit number: digits, and a birth date (`yymmdd`, of
/// the years 1900 to 1999) that exists. It has no check character.
pub fn check_old(number: &[u8]) -> Result<(), Fault> {
    if number.len() != 15 {
        return Err(Fault::Length);
    }
    if !number.iter().all(u8::is_ascii_digit) {
        return Err(Fault::Character);
    }
    let mut date = *b"19000000";
    date[2..].copy_from_slice(&number[6..12]);
    birth_date(&date).map(|_| ()).ok_or(Fault::BirthDate)
}

/// Reads eight ASCII digits `yyyymmdd`.
fn birth_date(digits: &[u8]) -> Option<Date> {
    let number = digits.iter().try_fold(0_i32, |n, &b| {
        Some(n * 10 + char::from(b).to_digit(10)? as i32)
    })?;
    let (year, month, day) = (number / 10_000, number / 100 % 100, number % 100);
    if year < 1850 {
        return None;
    }
    Date::new(
        i16::try_from(year).ok()?,
        i8::try_from(month).ok()?,
        i8::try_from(day).ok()?,
    )
    .ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    const TODAY: Date = date(2026, 3, 1);
    /// Numbers of a standard and of a public test suite (python-stdnum's cn.ric tests).
    const PUBLISHED: [&str; 6] = [
        "11010519491231002X",
        "44011320141005001X",
        "360426199101010071",
        "412723199010050012",
        "110102199101010078",
        "120110198012010073",
    ];

    #[test]
    fn published_numbers_pass() {
        for number in PUBLISHED {
            assert_eq!(check(number, TODAY), Ok(()), "{number}");
        }
        assert_eq!(check("44011320141005001x", TODAY), Ok(()));
    }

    #[test]
    fn published_wrong_numbers_fail_for_the_right_reason() {
        assert_eq!(check("T60426199101010078", TODAY), Err(Fault::Character));
        assert_eq!(check("360426199113010079", TODAY), Err(Fault::BirthDate));
        assert_eq!(
            check("36042619910102009X", TODAY),
            Err(Fault::ResidentCheck)
        );
        assert_eq!(check("36042619910102", TODAY), Err(Fault::Length));
        assert_eq!(check("", TODAY), Err(Fault::Length));
    }

    #[test]
    fn nobody_is_born_after_the_day_the_number_was_shown() {
        assert_eq!(check("44011320141005001X", date(2014, 10, 5)), Ok(()));
        assert_eq!(
            check("44011320141005001X", date(2014, 10, 4)),
            Err(Fault::BirthDate)
        );
    }

    #[test]
    fn an_old_number_is_checked_for_its_date() {
        assert_eq!(check_old(b"110105491231002"), Ok(()));
        assert_eq!(check_old(b"110105491331002"), Err(Fault::BirthDate));
        assert_eq!(check_old(b"11010549123100X"), Err(Fault::Character));
        assert_eq!(check_old(b"1101"), Err(Fault::Length));
    }

    proptest! {
        #[test]
        fn any_single_change_is_caught(which in 0_usize..6, place in 0_usize..18, new in 0_usize..11) {
            let mut bytes = PUBLISHED[which].as_bytes().to_vec();
            let new = b"0123456789X"[new];
            prop_assume!(bytes[place] != new);
            bytes[place] = new;
            prop_assert!(check(std::str::from_utf8(&bytes).unwrap(), TODAY).is_err());
        }

        #[test]
        fn any_text_has_an_answer(text in any::<String>()) {
            let _ = (check(&text, TODAY), check_old(text.as_bytes()));
        }
    }
}

//! Shapes of the other numbers on an application. A shape is all that can be checked of them
//! offline.

fn digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

/// An application number: 1 to 40 letters, digits and `-`.
pub fn is_application_number(text: &str) -> bool {
    (1..=40).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// The number of a fully digital invoice (数电票): 20 digits. Regions and channels are not looked
/// at: new ones appear.
pub fn is_digital_invoice_number(text: &str) -> bool {
    text.len() == 20 && digits(text)
}

/// An item code (税收分类编码): 19 digits, the first of which is a chapter from 1 to 6.
pub fn is_item_code(text: &str) -> bool {
    text.len() == 19 && digits(text) && matches!(text.as_bytes().first(), Some(b'1'..=b'6'))
}

/// The number of a tax receipt (完税凭证号): 8 to 20 letters and digits, at least one digit. Paper and
/// electronic receipts differ, so this is as wide as both.
pub fn is_tax_receipt_number(text: &str) -> bool {
    (8..=20).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric())
        && text.bytes().any(|b| b.is_ascii_digit())
}

/// The code of a tax relief (减免性质代码): 10 digits.
pub fn is_relief_code(text: &str) -> bool {
    text.len() == 10 && digits(text)
}

/// A telephone number of the mainland: a mobile number of 11 digits, a number with area code, or
/// a 400 or 800 number; with or without `+86`, hyphens, blanks and brackets.
pub fn is_phone(text: &str) -> bool {
    let text = text.strip_prefix("+86").unwrap_or(text);
    let mut number = [0_u8; 13];
    let mut length = 0;
    for b in text.bytes() {
        match b {
            b'0'..=b'9' if length < number.len() => {
                number[length] = b;
                length += 1;
            }
            b'-' | b' ' | b'(' | b')' => {}
            _ => return false,
        }
    }
    match &number[..length] {
        [b'1', b'3'..=b'9', rest @ ..] => rest.len() == 9,
        // Area code of 3 or 4 digits, then 7 or 8 digits.
        [b'0', b'1'..=b'9', rest @ ..] => (8..=10).contains(&rest.len()),
        [b'4' | b'8', b'0', b'0', rest @ ..] => rest.len() == 7,
        _ => false,
    }
}

/// Whether a card number fits the Luhn formula. Blanks and hyphens are skipped; a text with other
/// characters, or of fewer than 8 digits, does not fit. Corporate accounts do not follow it.
pub fn luhn_holds(text: &str) -> bool {
    let mut sum = 0_u32;
    let mut count = 0_usize;
    for b in text.bytes().rev() {
        let digit = match b {
            b'0'..=b'9' => u32::from(b - b'0'),
            b' ' | b'-' => continue,
            _ => return false,
        };
        sum += match (count % 2 == 1, digit) {
            (false, digit) => digit,
            (true, digit @ 0..=4) => digit * 2,
            (true, digit) => digit * 2 - 9,
        };
        // Two long texts must not overflow: only the last digit of the sum matters.
        sum %= 10;
        count += 1;
    }
    count >= 8 && sum == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn phones() {
        for good in [
            "13800138000",
            "+86 138-0013-8000",
            "010-66417114",
            "0755-12366000",
            "(021)63212345",
            "400-123-4567",
        ] {
            assert!(is_phone(good), "{good}");
        }
        for bad in [
            "",
            "12345678901",
            "1380013800",
            "138001380000",
            "66417114",
            "010-6641711x",
            "00-1234567",
            "一三八",
            "99999999999999999999",
        ] {
            assert!(!is_phone(bad), "{bad}");
        }
    }

    #[test]
    fn cards() {
        assert!(luhn_holds("49927398716"));
        assert!(luhn_holds("4992 7398 716"));
        assert!(!luhn_holds("49927398717"));
        assert!(!luhn_holds(""));
        assert!(!luhn_holds("0000000"), "too short for a card");
        assert!(!luhn_holds("4992739871六"));
    }

    #[test]
    fn shapes() {
        assert!(is_item_code("3070401000000000000"));
        assert!(
            !is_item_code("7070401000000000000"),
            "there is no chapter 7"
        );
        assert!(!is_item_code("307040100000000000"));
        assert!(is_digital_invoice_number("26317000001494503286"));
        assert!(!is_digital_invoice_number("2631700000149450328"));
        assert!(is_application_number("DK-2026-000001"));
        assert!(!is_application_number(""));
        assert!(!is_application_number("DK 1"));
        assert!(is_relief_code("0001011814"));
        assert!(!is_relief_code("1011814"));
        assert!(is_tax_receipt_number("344036260300001234"));
        assert!(!is_tax_receipt_number("ABCDEFGH"));
    }

    proptest! {
        #[test]
        fn a_single_wrong_digit_of_a_card_is_caught(place in 0_usize..11, new in 0_u8..10) {
            let mut bytes = b"49927398716".to_vec();
            prop_assume!(bytes[place] != b'0' + new);
            bytes[place] = b'0' + new;
            prop_assert!(!luhn_holds(std::str::from_utf8(&bytes).unwrap()));
        }

        #[test]
        fn any_text_has_an_answer(text in any::<String>()) {
            let _ = (is_phone(&text), luhn_holds(&text), is_item_code(&text), is_application_number(&text),
                is_tax_receipt_number(&text), is_relief_code(&text), is_digital_invoice_number(&text));
        }
    }
}

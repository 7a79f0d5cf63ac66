//! Amounts in Chinese capitals (大写金额), as 支付结算办法, annex 1, asks for.

use clerkwork_core::Cents;

const DIGITS: [char; 10] = ['零', '壹', '贰', '叁', '肆', '伍', '陆', '柒', '捌', '玖'];

/// `amount` in capitals, for example `肆仟肆佰肆拾玖元整`. For amounts from 0.01 to below 10^12 yuan.
pub(crate) fn in_words(amount: Cents) -> String {
    let cents = amount.0.unsigned_abs();
    let (yuan, jiao, fen) = (cents / 100, cents / 10 % 10, cents % 10);
    let mut words = whole(yuan);
    if !words.is_empty() {
        words.push('元');
    }
    match (jiao, fen) {
        (0, 0) => {
            if words.is_empty() {
                words.push_str("零元");
            }
            words.push('整');
        }
        (jiao, 0) => {
            push(&mut words, jiao, "角");
            words.push('整');
        }
        (0, fen) => {
            if yuan > 0 {
                words.push('零');
            }
            push(&mut words, fen, "分");
        }
        (jiao, fen) => {
            push(&mut words, jiao, "角");
            push(&mut words, fen, "分");
        }
    }
    words
}

/// The whole yuan, without the unit; empty for 0.
fn whole(yuan: u64) -> String {
    let mut words = String::new();
    let groups = [
        (yuan / 100_000_000, "亿"),
        (yuan / 10_000 % 10_000, "万"),
        (yuan % 10_000, ""),
    ];
    let mut zero = false;
    for (group, unit) in groups {
        if group == 0 {
            zero |= !words.is_empty();
            continue;
        }
        // One 零 stands for all zeros between two digits, across groups too.
        if !words.is_empty() && (zero || group < 1000) {
            words.push('零');
        }
        four(&mut words, group);
        words.push_str(unit);
        zero = false;
    }
    words
}

/// 1 to 9999.
fn four(words: &mut String, group: u64) {
    let mut zero = false;
    let mut begun = false;
    for (digit, unit) in [
        (group / 1000, "仟"),
        (group / 100 % 10, "佰"),
        (group / 10 % 10, "拾"),
        (group % 10, ""),
    ] {
        if digit == 0 {
            zero = begun;
            continue;
        }
        if zero {
            words.push('零');
        }
        push(words, digit, unit);
        zero = false;
        begun = true;
    }
}

fn push(words: &mut String, digit: u64, unit: &str) {
    words.extend(DIGITS.get(digit as usize));
    words.push_str(unit);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_as_on_an_invoice() {
        for (cents, words) in [
            (444_900, "肆仟肆佰肆拾玖元整"),
            (1, "壹分"),
            (50, "伍角整"),
            (10_005, "壹佰元零伍分"),
            (168_032, "壹仟陆佰捌拾元叁角贰分"),
            (1000, "壹拾元整"),
            (10_050_000, "壹拾万零伍佰元整"),
            (10_500_000, "壹拾万伍仟元整"),
            (1_000_000_100, "壹仟万零壹元整"),
            (10_000_000_000, "壹亿元整"),
            (10_000_010_000, "壹亿零壹佰元整"),
            (10_200_300_405, "壹亿零贰佰万叁仟零肆元零伍分"),
            (205_060_780, "贰佰零伍万零陆佰零柒元捌角整"),
        ] {
            assert_eq!(in_words(Cents(cents)), words, "{cents}");
        }
    }
}

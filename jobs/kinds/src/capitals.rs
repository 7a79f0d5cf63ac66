//! Amounts in Chinese capitals (大写金额), as invoices and payment slips carry them.
//!
//! [`write()`] gives the one form that this system prints. [`read`] takes every form that the rules
//! for filling in bills allow (《支付结算办法》, annex 1): `元` or `圆`, `整` or `正` or neither,
//! a zero written where it may be left out, `人民币` in front, traditional characters. It refuses
//! whatever could be read as two amounts, for example `壹佰伍元` (105 or 150).

use clerkwork_core::Cents;

const DIGITS: [char; 10] = ['零', '壹', '贰', '叁', '肆', '伍', '陆', '柒', '捌', '玖'];
/// The largest amount with a form, in cents: 15 digits of yuan, as in `Cents`' own text form.
const MAX: u64 = 99_999_999_999_999_999;

/// Writes an amount, for example `肆仟壹佰玖拾柒元壹角柒分`; nothing when it has more than 15
/// digits of yuan. A negative amount begins with `负`.
pub fn write(amount: Cents) -> Option<String> {
    let magnitude = amount.0.unsigned_abs();
    if magnitude > MAX {
        return None;
    }
    let (yuan, jiao, fen) = (magnitude / 100, magnitude / 10 % 10, magnitude % 10);
    let mut out = String::with_capacity(64);
    if amount.0 < 0 {
        out.push('负');
    }
    if yuan > 0 {
        let (high, low) = (yuan / 100_000_000, yuan % 100_000_000);
        if high > 0 {
            section(&mut out, high, false);
            out.push('亿');
        }
        if low > 0 {
            section(&mut out, low, high > 0);
        }
        out.push('元');
    }
    match (jiao, fen) {
        (0, 0) if yuan == 0 => out.push_str("零元整"),
        (0, 0) => out.push('整'),
        (0, fen) => {
            if yuan > 0 {
                out.push('零');
            }
            push(&mut out, fen, '分');
        }
        (jiao, 0) => {
            push(&mut out, jiao, '角');
            out.push('整');
        }
        (jiao, fen) => {
            push(&mut out, jiao, '角');
            push(&mut out, fen, '分');
        }
    }
    Some(out)
}

/// Writes 1 to 99,999,999. `after` says that something greater stands before it.
fn section(out: &mut String, number: u64, after: bool) {
    let (high, low) = (number / 10_000, number % 10_000);
    if high > 0 {
        group(out, high, after && high < 1_000);
        out.push('万');
    }
    if low > 0 {
        // One zero stands for whatever is missing: leading digits, or the whole 万 group.
        let gap = if high > 0 { low < 1_000 } else { after };
        group(out, low, gap);
    }
}

/// Writes 1 to 9,999, with a zero in front when there is a `gap` before it.
fn group(out: &mut String, number: u64, mut gap: bool) {
    let mut begun = false;
    for (scale, unit) in [(1_000, '仟'), (100, '佰'), (10, '拾'), (1, ' ')] {
        let digit = number / scale % 10;
        if digit == 0 {
            gap |= begun;
            continue;
        }
        if gap {
            out.push('零');
        }
        push(out, digit, unit);
        (gap, begun) = (false, true);
    }
}

fn push(out: &mut String, digit: u64, unit: char) {
    out.push(DIGITS[(digit % 10) as usize]);
    if unit != ' ' {
        out.push(unit);
    }
}

/// Reads an amount; nothing when the text is none, or could be two.
pub fn read(text: &str) -> Option<Cents> {
    let text = text.trim();
    let text = text.strip_prefix("人民币").unwrap_or(text);
    let text = text.trim_start_matches(['ⓧ', '⊗', '￥', '¥', ':', '：', ' ']);
    let (negative, text) = ["（负数）", "(负数)", "负"]
        .iter()
        .find_map(|sign| text.strip_prefix(sign))
        .map_or((false, text), |rest| (true, rest));
    let text = text.strip_suffix(['整', '正']).unwrap_or(text);
    let (whole, rest) = match text.split_once(['元', '圆', '圓']) {
        Some((whole, rest)) => (integer(whole)?, rest),
        None => (0, some_text(text)?),
    };
    let cents = whole.checked_mul(100)?.checked_add(fraction(rest)?)?;
    let cents = i64::try_from(cents).ok().filter(|_| cents <= MAX)?;
    Some(Cents(if negative { -cents } else { cents }))
}

fn some_text(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// Reads jiao and fen: `伍角`, `零伍分`, `壹角柒分`, or nothing at all.
fn fraction(text: &str) -> Option<u64> {
    let (jiao, rest) = match text.split_once('角') {
        Some((jiao, rest)) => (unit_digit(jiao)?, rest),
        None => (0, text),
    };
    let fen = match rest.strip_suffix('分') {
        Some(fen) => unit_digit(fen)?,
        None if rest.is_empty() => 0,
        None => return None,
    };
    Some(jiao * 10 + fen)
}

/// One digit, with or without a zero before it; `零` alone is zero.
fn unit_digit(text: &str) -> Option<u64> {
    let mut chars = text.chars();
    let mut value = digit(chars.next()?)?;
    if value == 0
        && let Some(next) = chars.next()
    {
        value = digit(next)?;
    }
    chars.next().is_none().then_some(value)
}

/// Reads whole yuan, 0 to 9,999 万亿.
fn integer(text: &str) -> Option<u64> {
    let mut high = None;
    let mut middle = None;
    let mut reader = Group::default();
    for c in text.chars() {
        match c {
            '亿' | '億' => {
                let below = reader.finish(middle.is_none())?;
                let number = middle.take().unwrap_or(0) + below;
                if number == 0 || high.replace(number).is_some() {
                    return None;
                }
                reader = Group::default();
            }
            '万' | '萬' => {
                let number = reader.finish(true)?;
                if number == 0 || middle.replace(number * 10_000).is_some() {
                    return None;
                }
                reader = Group::default();
            }
            c => reader.take(c)?,
        }
    }
    let nothing_read = reader.untouched() && high.is_none() && middle.is_none();
    let low = reader.finish(high.is_none() && middle.is_none())?;
    (!nothing_read).then_some(high.unwrap_or(0) * 100_000_000 + middle.unwrap_or(0) + low)
}

/// Reads one group of up to four digits, from the left.
#[derive(Default)]
struct Group {
    sum: u64,
    /// A digit whose unit has not been read yet.
    pending: Option<u64>,
    /// The last unit read.
    unit: Option<u64>,
    /// A zero was read since the last unit.
    zero: bool,
}

impl Group {
    fn untouched(&self) -> bool {
        self.pending.is_none() && self.unit.is_none() && !self.zero
    }

    fn take(&mut self, c: char) -> Option<()> {
        let unit = match c {
            '拾' | '十' => 10,
            '佰' | '百' => 100,
            '仟' | '千' => 1_000,
            c => {
                let digit = digit(c)?;
                // Two digits in a row have no meaning; nor has a second zero.
                if self.pending.is_some() || (digit == 0 && self.zero) {
                    return None;
                }
                if digit == 0 {
                    self.zero = true;
                } else {
                    self.pending = Some(digit);
                }
                return Some(());
            }
        };
        if self.unit.is_some_and(|last| last <= unit) {
            return None;
        }
        let digit = match self.pending.take() {
            Some(digit) => digit,
            // 拾元 for 壹拾元 is common at the beginning.
            None if unit == 10 && self.unit.is_none() && !self.zero => 1,
            None => return None,
        };
        self.sum += digit * unit;
        (self.unit, self.zero) = (Some(unit), false);
        Some(())
    }

    /// The group's number. `alone` says that a single digit without a unit is clear here: nothing
    /// greater stands before it, or a unit follows.
    fn finish(&self, alone: bool) -> Option<u64> {
        let Some(last) = self.pending else {
            return Some(self.sum);
        };
        // 壹佰伍 may mean 105 or 150, 壹万伍 10005 or 15000.
        let clear = self.zero || self.unit.map_or(alone, |unit| unit == 10);
        clear.then_some(self.sum + last)
    }
}

fn digit(c: char) -> Option<u64> {
    Some(match c {
        '零' | '〇' => 0,
        '壹' => 1,
        '贰' | '貳' => 2,
        '叁' | '參' | '叄' => 3,
        '肆' => 4,
        '伍' => 5,
        '陆' | '陸' => 6,
        '柒' => 7,
        '捌' => 8,
        '玖' => 9,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn amounts_are_written_as_printed() {
        for (cents, text) in [
            (444_900, "肆仟肆佰肆拾玖元整"),
            (419_717, "肆仟壹佰玖拾柒元壹角柒分"),
            (0, "零元整"),
            (5, "伍分"),
            (50, "伍角整"),
            (105, "壹元零伍分"),
            (1_000, "壹拾元整"),
            (10_000_000, "壹拾万元整"),
            (1_000_050_000, "壹仟万零伍佰元整"),
            (10_000_000_000, "壹亿元整"),
            (10_000_100_000, "壹亿零壹仟元整"),
            (10_000_000_100, "壹亿零壹元整"),
            (10_001_000_000, "壹亿零壹万元整"),
            (100_005_000_000, "壹拾亿零伍万元整"),
            (-444_900, "负肆仟肆佰肆拾玖元整"),
        ] {
            assert_eq!(write(Cents(cents)).as_deref(), Some(text), "{cents}");
        }
        assert_eq!(write(Cents(i64::MAX)), None);
        assert_eq!(write(Cents(i64::MIN)), None);
    }

    /// The examples of 《支付结算办法》, annex 1, and forms seen on invoices.
    #[test]
    fn allowed_forms_are_read() {
        for (text, cents) in [
            ("人民币壹仟肆佰零玖元伍角", 140_950),
            ("人民币陆仟零柒元壹角肆分", 600_714),
            ("人民币壹仟陆佰捌拾元零叁角贰分", 168_032),
            ("人民币壹仟陆佰捌拾元叁角贰分", 168_032),
            ("人民币壹拾万柒仟元零伍角叁分", 10_700_053),
            ("人民币壹拾万零柒仟元伍角叁分", 10_700_053),
            ("人民币壹万陆仟肆佰零玖元零贰分", 1_640_902),
            ("人民币叁佰贰拾伍元零肆分", 32_504),
            ("壹仟壹佰陆拾圆整", 116_000),
            ("壹佰叁拾伍圆陆角整", 13_560),
            ("ⓧ 伍佰圓正", 50_000),
            ("拾元整", 1_000),
            ("零元零伍分", 5),
            ("零圆整", 0),
            ("（负数）壹佰元整", -10_000),
            ("壹佰元正", 10_000),
            ("貳萬參仟元", 2_300_000),
            ("壹万亿元整", 100_000_000_000_000),
        ] {
            assert_eq!(read(text), Some(Cents(cents)), "{text}");
        }
    }

    #[test]
    fn what_is_no_amount_or_could_be_two_is_refused() {
        for text in [
            "",
            "元",
            "整",
            "角",
            "分",
            "人民币",
            "壹",
            "壹佰",
            "壹佰伍元",
            "壹万伍元",
            "壹亿伍元",
            "壹贰元",
            "壹拾佰元",
            "壹佰贰佰元",
            "壹万贰万元",
            "壹亿贰亿元",
            "万元",
            "亿元",
            "一百元",
            "100元",
            "壹元元",
            "壹元壹角壹角",
            "壹元拾角",
            "壹分角",
            "负",
            "零零元",
            "壹佰零零伍元",
            "元壹角",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(cents in -99_999_999_999_999_999_i64..=99_999_999_999_999_999) {
            prop_assert_eq!(read(&write(Cents(cents)).unwrap()), Some(Cents(cents)));
        }

        #[test]
        fn what_is_written_reads_back_for_everyday_amounts(cents in 0_i64..20_000_000) {
            let text = write(Cents(cents)).unwrap();
            prop_assert_eq!(read(&text), Some(Cents(cents)));
            prop_assert_eq!(read(&text.replace('元', "圆").replace('整', "正")), Some(Cents(cents)));
            prop_assert_eq!(read(text.trim_end_matches('整')), Some(Cents(cents)));
        }

        #[test]
        fn any_text_has_an_answer(text in any::<String>(), near in "[零壹贰叁拾佰仟万亿元角分整负]{0,20}") {
            let _ = read(&text);
            if let Some(amount) = read(&near) {
                prop_assert_eq!(read(&write(amount).unwrap()), Some(amount));
            }
        }
    }
}

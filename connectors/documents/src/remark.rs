//! What stands in a remark in fixed words, and the free text around it.

use clerkwork_core::Cents;

use crate::number;

const MARGIN: &str = "差额征税";
const BLUE: &str = "被红冲蓝字数电票号码";
const FORM: &str = "红字发票信息确认单编号";
const LEGACY_CODE: &str = "对应正数发票代码";
const LEGACY_NUMBER: &str = "号码";

/// A remark taken apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Remark {
    /// 差额征税:2.00
    pub(crate) deduction: Option<Cents>,
    /// 被红冲蓝字数电票号码:…
    pub(crate) blue: Option<String>,
    /// 对应正数发票代码:…号码:…
    pub(crate) legacy: Option<(String, String)>,
    /// 红字发票信息确认单编号:…
    pub(crate) form: Option<String>,
    /// What is left.
    pub(crate) free: String,
}

impl Remark {
    /// Takes a remark apart. What does not read like the fixed words stays free text.
    pub(crate) fn read(text: &str) -> Self {
        let mut free = text.to_owned();
        let blue = take(&mut free, BLUE, digits);
        let form = take(&mut free, FORM, digits);
        let legacy = take(&mut free, LEGACY_CODE, |rest| {
            let (code, used) = digits(rest)?;
            let after = rest.get(used..)?;
            let (number, more) = value_after(after, LEGACY_NUMBER, digits)?;
            Some(((code, number), used + more))
        });
        let deduction = take(&mut free, MARGIN, |rest| {
            let length = rest
                .bytes()
                .take_while(|byte| byte.is_ascii_digit() || *byte == b'.')
                .count();
            // A sentence may end behind it.
            let text = rest.get(..length)?.trim_end_matches('.');
            Some((number::cents(text)?, text.len()))
        });
        Self {
            deduction,
            blue,
            legacy,
            form,
            free: free.trim().to_owned(),
        }
    }

    /// Puts it together, the fixed words first.
    pub(crate) fn write(&self) -> String {
        let mut parts = Vec::new();
        if let Some(amount) = self.deduction {
            parts.push(format!("{MARGIN}:{amount}"));
        }
        if let Some((code, number)) = &self.legacy {
            parts.push(format!("{LEGACY_CODE}:{code}{LEGACY_NUMBER}:{number}"));
        }
        if let Some(blue) = &self.blue {
            parts.push(format!("{BLUE}:{blue}"));
        }
        if let Some(form) = &self.form {
            parts.push(format!("{FORM}:{form}"));
        }
        if !self.free.is_empty() {
            parts.push(self.free.clone());
        }
        parts.join(" ")
    }
}

fn digits(text: &str) -> Option<(String, usize)> {
    let length = text.bytes().take_while(u8::is_ascii_digit).count();
    let found = text.get(..length).filter(|found| !found.is_empty())?;
    Some((found.to_owned(), length))
}

/// The value after `key` and a colon at the beginning of a text, and how many bytes they take.
fn value_after<T>(
    text: &str,
    key: &str,
    value: impl Fn(&str) -> Option<(T, usize)>,
) -> Option<(T, usize)> {
    let rest = text.strip_prefix(key)?;
    let rest = rest.strip_prefix([':', '：'])?;
    let (found, used) = value(rest)?;
    Some((found, text.len() - rest.len() + used))
}

/// Takes the first `key:value` out of a text.
fn take<T>(text: &mut String, key: &str, value: impl Fn(&str) -> Option<(T, usize)>) -> Option<T> {
    let start = text.find(key)?;
    let (found, used) = value_after(text.get(start..)?, key, value)?;
    let before = text.get(..start)?.trim_end();
    let after = text.get(start + used..)?;
    let after = after.trim_start_matches([' ', ';', '；', ',', '，']);
    let gap = if before.is_empty() || after.is_empty() {
        ""
    } else {
        " "
    };
    *text = format!("{before}{gap}{after}");
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_words_are_taken_out_and_the_rest_stays() {
        let remark = Remark::read("合同2026-7；差额征税：2.00。 请核对");
        assert_eq!(remark.deduction, Some(Cents(200)));
        assert_eq!(remark.free, "合同2026-7； 。 请核对");
        let remark = Remark::read(
            "被红冲蓝字数电票号码:24312000000000000001 红字发票信息确认单编号:31011524090000000001",
        );
        assert_eq!(remark.blue.as_deref(), Some("24312000000000000001"));
        assert_eq!(remark.form.as_deref(), Some("31011524090000000001"));
        assert_eq!(remark.free, "");
        let remark = Remark::read("对应正数发票代码:031001900104号码:12345678 退货");
        assert_eq!(
            remark.legacy,
            Some(("031001900104".into(), "12345678".into()))
        );
        assert_eq!(remark.free, "退货");
    }

    #[test]
    fn what_only_looks_like_fixed_words_stays_free_text() {
        for text in [
            "差额征税",
            "差额征税:很多",
            "号码:1",
            "对应正数发票代码:1 号码:2",
        ] {
            let remark = Remark::read(text);
            let free = text.to_owned();
            assert_eq!(
                remark,
                Remark {
                    free,
                    ..Remark::default()
                }
            );
        }
    }

    #[test]
    fn it_reads_back_what_it_writes() {
        let remark = Remark {
            deduction: Some(Cents(200)),
            blue: Some("24312000000000000001".into()),
            legacy: Some(("0310019001".into(), "12345678".into())),
            form: Some("31011524090000000001".into()),
            free: "退货 一批".into(),
        };
        assert_eq!(Remark::read(&remark.write()), remark);
    }
}

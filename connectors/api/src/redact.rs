//! Masks numbers that name people in an upstream's own words.
//!
//! What an upstream says may repeat an identity number, a tax id, an account or a telephone
//! number. Names cannot be told from other words, so whole bodies are never shown, and what is
//! shown is short.

/// A run of letters and digits with at least so many digits is masked: a telephone number has 7 or
/// more, a business code has 5 or 6.
const TELLING_DIGITS: usize = 7;

/// `text` with every long number reduced to its first three and last two characters, on one line,
/// at most `max_chars` characters long.
///
/// ```
/// use clerkwork_connectors_api::redact::mask;
/// assert_eq!(
///     mask("纳税人110101199003077774(13800001234)不存在，代码31021", 80),
///     "纳税人110****74(138****34)不存在，代码31021"
/// );
/// ```
pub fn mask(text: &str, max_chars: usize) -> String {
    let mut out = String::new();
    let mut run: Vec<char> = Vec::new();
    for c in text.chars() {
        if is_part_of_number(c) {
            run.push(c);
            continue;
        }
        end_run(&mut run, &mut out);
        if c.is_whitespace() || c.is_control() {
            if !out.ends_with(' ') && !out.is_empty() {
                out.push(' ');
            }
        } else {
            out.push(c);
        }
    }
    end_run(&mut run, &mut out);
    shorten(out.trim_end(), max_chars)
}

/// At most `max_chars` characters of `text`; a cut shows as `…`.
pub fn shorten(text: &str, max_chars: usize) -> String {
    if text.chars().count() <= max_chars {
        return text.into();
    }
    let mut out: String = text.chars().take(max_chars.saturating_sub(1)).collect();
    out.push('…');
    out
}

fn is_part_of_number(c: char) -> bool {
    // Full-width digits and letters are common in Chinese forms.
    c.is_ascii_alphanumeric() || ('０'..='９').contains(&c) || ('Ａ'..='ｚ').contains(&c)
}

fn end_run(run: &mut Vec<char>, out: &mut String) {
    let digits = run.iter().filter(|c| c.is_numeric()).count();
    if digits >= TELLING_DIGITS {
        out.extend(run.iter().take(3));
        out.push_str("****");
        out.extend(run.iter().skip(run.len() - 2));
    } else {
        out.extend(run.iter());
    }
    run.clear();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identity_numbers_telephones_and_accounts_are_masked_and_codes_are_not() {
        assert_eq!(mask("13800001234", 80), "138****34");
        assert_eq!(mask("id 11010119900307002X.", 80), "id 110****2X.");
        assert_eq!(mask("税号91350211M000100Y43无效", 80), "税号913****43无效");
        assert_eq!(mask("１３８００００１２３４", 80), "１３８****３４");
        assert_eq!(mask("code 31021, HTTP 503", 80), "code 31021, HTTP 503");
    }

    #[test]
    fn line_breaks_fold_and_long_texts_are_cut() {
        assert_eq!(mask(" a\r\n\t b \n", 80), "a b");
        assert_eq!(mask("系统维护中系统维护中", 6), "系统维护中…");
        assert_eq!(mask("", 6), "");
    }
}

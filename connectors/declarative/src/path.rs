//! Where something stands in an answer of JSON or XML: a small part of JSONPath.
//!
//! `a.b`, `list[0]`, `list[-1]`, `"a.b".c`; from where the surrounding table stands, or with `$` at the start from
//! the top of the answer; `.` is where the surrounding table stands itself. XML is read as a tree of the same
//! sort: elements by their local names, `@name` for an attribute, `#text` for the text beside other elements; an
//! element that stands several times is a list.

use serde_json::Value;

/// A way through a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Path {
    /// From the top instead of from here.
    pub(crate) from_top: bool,
    steps: Vec<Step>,
    written: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Name(String),
    At(i64),
}

impl Path {
    /// Reads it.
    ///
    /// # Errors
    /// What is wrong.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let wrong = |why: &str| {
            format!(
                "`{text}` is no path: {why}; write `a.b`, `list[0]`, `$` for the top or `.` for here"
            )
        };
        let (from_top, mut rest) = match text.strip_prefix('$') {
            Some(rest) => (true, rest.strip_prefix('.').unwrap_or(rest)),
            None if text == "." => (false, ""),
            None if text.is_empty() => return Err(wrong("it is empty")),
            None => (false, text),
        };
        let mut steps = Vec::new();
        while !rest.is_empty() {
            if let Some(after) = rest.strip_prefix('[') {
                let (number, after) = after
                    .split_once(']')
                    .ok_or_else(|| wrong("`]` is missing"))?;
                let number = number
                    .parse()
                    .map_err(|_| wrong("a whole number belongs between `[` and `]`"))?;
                steps.push(Step::At(number));
                rest = after;
            } else if let Some(after) = rest.strip_prefix('"') {
                let (name, after) = after
                    .split_once('"')
                    .ok_or_else(|| wrong("`\"` is missing"))?;
                steps.push(Step::Name(name.to_owned()));
                rest = after;
            } else {
                let end = rest.find(['.', '[']).unwrap_or(rest.len());
                let (name, after) = rest.split_at(end);
                if name.is_empty() || name.contains([' ', ']', '"', '*', '?', '{', '|']) {
                    return Err(wrong("a name is missing or holds a sign that needs quotes"));
                }
                steps.push(Step::Name(name.to_owned()));
                rest = after;
            }
            match rest.strip_prefix('.') {
                Some("") => return Err(wrong("it ends with `.`")),
                Some(after) => rest = after,
                None => {}
            }
        }
        Ok(Self {
            from_top,
            steps,
            written: text.to_owned(),
        })
    }

    /// What stands there; nothing when nothing or `null` does.
    pub(crate) fn find<'v>(&self, top: &'v Value, here: &'v Value) -> Option<&'v Value> {
        let start = if self.from_top { top } else { here };
        let found = self.steps.iter().try_fold(start, |value, step| match step {
            Step::Name(name) => value.get(name),
            Step::At(at) => {
                let all = value.as_array()?;
                let from_end = all
                    .len()
                    .checked_sub(usize::try_from(at.unsigned_abs()).ok()?);
                match usize::try_from(*at) {
                    Ok(at) => all.get(at),
                    Err(_) => all.get(from_end?),
                }
            }
        });
        found.filter(|value| !value.is_null())
    }

    /// As it was written.
    pub(crate) fn as_str(&self) -> &str {
        &self.written
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn find(path: &str) -> Option<Value> {
        let top = json!({"data": {"list": [{"n": 1}, {"n": 2}], "a.b": "x", "none": null}});
        let here = &top["data"];
        Path::parse(path).unwrap().find(&top, here).cloned()
    }

    #[test]
    fn a_path_leads_from_here_or_from_the_top() {
        assert_eq!(find("list[1].n"), Some(json!(2)));
        assert_eq!(find("$.data.list[-2].n"), Some(json!(1)));
        assert_eq!(find("\"a.b\""), Some(json!("x")));
        assert_eq!(find(".").unwrap()["a.b"], "x");
        assert!(find("$").unwrap()["data"].is_object());
        for nothing in ["none", "list[2]", "list[-3]", "list.n", "x.y"] {
            assert_eq!(find(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn what_is_no_path_is_told() {
        for wrong in [
            "", "a.", "a..b", "a[x]", "a[1", "a b", "\"a", "$..a", "a[*]",
        ] {
            assert!(
                Path::parse(wrong).unwrap_err().contains("is no path"),
                "{wrong}"
            );
        }
    }
}

//! The table of a kind's findings: one line a code, everything else follows from it.

/// Writes `Code`, the findings of a kind, from its table: the beginning of its codes, then for each
/// its name, code, severity and texts.
macro_rules! codes {
    ($prefix:literal $($name:ident $code:literal $severity:ident $zh:literal $en:literal)*) => {
        /// A finding by its name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code {
            $(#[doc = $en] $name,)*
        }

        impl Code {
            /// Every code, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The code in storage and on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// What it asks for.
            pub const fn severity(self) -> clerkwork_core::Severity {
                match self { $(Self::$name => clerkwork_core::Severity::$severity,)* }
            }

            /// The sentence for people.
            pub const fn text(self) -> clerkwork_core::Text {
                match self { $(Self::$name => clerkwork_core::Text::new($zh, $en),)* }
            }

            /// The finding, at a place in the payload (a JSON pointer).
            pub fn at(self, path: impl Into<String>) -> clerkwork_core::Finding {
                clerkwork_core::Finding {
                    code: self.as_str().into(),
                    path: path.into(),
                    severity: self.severity(),
                    text: self.text(),
                }
            }
        }

        #[cfg(test)]
        mod tests {
            use super::Code;
            use std::collections::BTreeSet;

            #[test]
            fn codes_are_unique_and_their_texts_keep_to_the_style() {
                let codes: BTreeSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
                assert_eq!(codes.len(), Code::ALL.len());
                let texts: BTreeSet<_> = Code::ALL.iter().map(|code| code.text().zh).collect();
                assert_eq!(texts.len(), Code::ALL.len(), "two codes with one text");
                for code in Code::ALL {
                    assert!(code.as_str().starts_with($prefix));
                    let clerkwork_core::Text { zh, en } = code.text();
                    assert!(!zh.ends_with('。') && !en.ends_with('.'), "{code:?}");
                    assert!(zh.chars().any(|c| c > '\u{4e00}'), "{code:?}");
                    assert!(en.is_ascii(), "{code:?}");
                }
            }
        }
    };
}

pub(crate) use codes;

//! The platform's code tables.
//!
//! Those of red-letter invoices are in a file of their own. Each table is one enum. [`code`](Sqzt::code) writes a word, [`read`](Sqzt::read) reads it and
//! refuses what is not in the table, naming field and value.

use clerkwork_connectors_api::agent_invoice::{
    ApplicantKind, Attachment, InvoiceType, Registration, RiskClass, Warning,
};

/// What is wrong with an answer that is well-formed JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// A word that is not in its code table.
    #[error("unknown code `{value}` in field `{field}`; add it to the connector's code table")]
    UnknownCode {
        /// The field.
        field: &'static str,
        /// The word, at most 20 characters of it.
        value: String,
    },
    /// A field that another field makes necessary.
    #[error("field `{field}` is missing although `{because}` asks for it")]
    Missing {
        /// The missing field.
        field: &'static str,
        /// What makes it necessary.
        because: &'static str,
    },
    /// A number of an invoice that is none.
    #[error("field `{field}` holds no invoice number of 20 digits")]
    NoInvoiceNumber {
        /// The field.
        field: &'static str,
    },
    /// A text that is not of the form that its field has.
    #[error("field `{field}` holds no {expected}")]
    Malformed {
        /// The field.
        field: &'static str,
        /// What belongs there.
        expected: &'static str,
    },
    /// Two fields that cannot both be right.
    #[error("field `{field}` contradicts `{other}`")]
    Contradicts {
        /// The field.
        field: &'static str,
        /// The other field.
        other: &'static str,
    },
}

/// Reads the number of an invoice: 20 digits.
pub fn read_invoice_number(field: &'static str, number: String) -> Result<String, WireError> {
    if digits(&number, 20) {
        Ok(number)
    } else {
        Err(WireError::NoInvoiceNumber { field })
    }
}

fn digits(text: &str, count: usize) -> bool {
    text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A word that is not in its table.
fn unknown(field: &'static str, value: &str) -> WireError {
    WireError::UnknownCode {
        field,
        value: clerkwork_connectors_api::redact::mask(value, 20),
    }
}

/// Declares a table: an enum with its words, optionally tied to the type that it stands for.
macro_rules! table {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $code:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant),+ }

        impl $name {
            /// Every word of the table.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word on the wire.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            /// Reads the word of `field`.
            pub fn read(field: &'static str, word: &str) -> Result<Self, WireError> {
                match word {
                    $($code => Ok(Self::$variant),)+
                    other => Err(unknown(field, other)),
                }
            }
        }
    };
}

table! {
    /// `sqzt`: where an application stands.
    Sqzt {
        /// 待审核.
        Pending = "00",
        /// 已开票.
        Issued = "01",
        /// 已退回.
        Returned = "02",
        /// 已撤回.
        Withdrawn = "03",
    }
}

table! {
    /// Y or N.
    Bz {
        /// 是.
        Yes = "Y",
        /// 否.
        No = "N",
    }
}

table! {
    /// `tdyslxDm`: kind of special element.
    Tdyslx {
        /// 建筑服务.
        Construction = "03",
        /// 货物运输服务.
        Freight = "04",
        /// 不动产销售.
        RealEstateSale = "05",
        /// 不动产经营租赁服务.
        RealEstateLetting = "06",
    }
}

impl From<bool> for Bz {
    fn from(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No }
    }
}

/// Declares a table for a type of the contract: a function each way.
macro_rules! words {
    ($type:ty, $(#[$write_doc:meta])* $write:ident, $(#[$read_doc:meta])* $read:ident, { $($variant:path = $code:literal),+ $(,)? }) => {
        $(#[$write_doc])*
        pub const fn $write(value: $type) -> &'static str {
            match value { $($variant => $code),+ }
        }

        $(#[$read_doc])*
        pub fn $read(field: &'static str, word: &str) -> Result<$type, WireError> {
            match word {
                $($code => Ok($variant),)+
                other => Err(unknown(field, other)),
            }
        }
    };
}

words! {
    Registration,
    /// `nsrzt`.
    registration_code,
    /// Reads `nsrzt`.
    read_registration,
    { Registration::Normal = "01", Registration::Abnormal = "02", Registration::Deregistered = "03" }
}

words! {
    InvoiceType,
    /// `fppzDm`.
    invoice_type_code,
    /// Reads `fppzDm`.
    read_invoice_type,
    { InvoiceType::Special = "01", InvoiceType::Ordinary = "02" }
}

words! {
    ApplicantKind,
    /// `sqrlxDm`.
    applicant_kind_code,
    /// Reads `sqrlxDm`.
    read_applicant_kind,
    { ApplicantKind::NaturalPerson = "01", ApplicantKind::OtherTaxpayer = "02" }
}

words! {
    Attachment,
    /// `fjlxDm`.
    attachment_code,
    /// Reads `fjlxDm`.
    read_attachment,
    {
        Attachment::IdentityDocument = "01",
        Attachment::Licence = "02",
        Attachment::Contract = "03",
        Attachment::PayerConfirmation = "04",
    }
}

/// `fxnsrlx`.
pub const fn risk_class_code(class: RiskClass) -> &'static str {
    match class {
        RiskClass::High => "01",
        RiskClass::Medium => "02",
        RiskClass::Low => "03",
        RiskClass::None => "04",
    }
}

/// Reads `fxnsrlx`; empty means not classed.
pub fn read_risk_class(field: &'static str, word: &str) -> Result<RiskClass, WireError> {
    match word {
        "01" => Ok(RiskClass::High),
        "02" => Ok(RiskClass::Medium),
        "03" => Ok(RiskClass::Low),
        "04" | "" => Ok(RiskClass::None),
        other => Err(unknown(field, other)),
    }
}

/// `nsryjjb`.
pub const fn warning_code(warning: Warning) -> &'static str {
    match warning {
        Warning::None => "",
        Warning::Red => "01",
        Warning::Yellow => "02",
        Warning::Blue => "03",
    }
}

/// Reads `nsryjjb`; empty means no warning.
pub fn read_warning(field: &'static str, word: &str) -> Result<Warning, WireError> {
    match word {
        "" => Ok(Warning::None),
        "01" => Ok(Warning::Red),
        "02" => Ok(Warning::Yellow),
        "03" => Ok(Warning::Blue),
        other => Err(unknown(field, other)),
    }
}

/// Reads `nsrxydj`; empty means not graded.
pub fn read_credit_grade(field: &'static str, word: &str) -> Result<Option<String>, WireError> {
    match word {
        "" => Ok(None),
        "A" | "B" | "C" | "D" | "M" => Ok(Some(word.into())),
        other => Err(unknown(field, other)),
    }
}

pub mod business;
mod red_letter;

pub use red_letter::*;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_back_and_an_unknown_one_names_field_and_value() {
        for &state in Sqzt::ALL {
            assert_eq!(Sqzt::read("sqzt", state.code()), Ok(state));
        }
        for &kind in Tdyslx::ALL {
            assert_eq!(Tdyslx::read("tdyslxDm", kind.code()), Ok(kind));
        }
        for class in [
            RiskClass::High,
            RiskClass::Medium,
            RiskClass::Low,
            RiskClass::None,
        ] {
            assert_eq!(
                read_risk_class("fxnsrlx", risk_class_code(class)),
                Ok(class)
            );
        }
        for warning in [Warning::None, Warning::Blue, Warning::Yellow, Warning::Red] {
            assert_eq!(read_warning("nsryjjb", warning_code(warning)), Ok(warning));
        }
        for status in [
            Registration::Normal,
            Registration::Abnormal,
            Registration::Deregistered,
        ] {
            assert_eq!(
                read_registration("nsrzt", registration_code(status)),
                Ok(status)
            );
        }
        let error = Sqzt::read("sqzt", "09").unwrap_err().to_string();
        assert!(
            error.contains("`09`") && error.contains("`sqzt`"),
            "{error}"
        );
        assert!(read_registration("nsrzt", "").is_err());
        assert!(read_warning("nsryjjb", "04").is_err());
        assert!(read_credit_grade("nsrxydj", "E").is_err());
    }
}

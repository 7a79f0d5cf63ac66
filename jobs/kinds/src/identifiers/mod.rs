//! Numbers that people and things are known by, and the digits that guard them.
//!
//! Every function here is pure and total: any text is an answer, never a panic. What a wrong
//! number means for an item (send it back, ask a person) is the caller's judgement.

mod numbers;
pub mod resident;
pub mod tax_id;
pub mod uscc;

pub use numbers::{
    is_application_number, is_digital_invoice_number, is_item_code, is_phone, is_relief_code,
    is_tax_receipt_number, luhn_holds,
};
pub use tax_id::TaxId;

/// Why a number cannot be right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// Its length is that of no known form.
    Length,
    /// It holds a character that its form does not allow there.
    Character,
    /// The birth date in it does not exist, or lies after the day it was shown.
    BirthDate,
    /// The check character of a unified social credit code does not fit.
    CreditCodeCheck,
    /// The check character of the organisation code inside does not fit.
    OrganisationCheck,
    /// The check character of a resident identity number does not fit.
    ResidentCheck,
}

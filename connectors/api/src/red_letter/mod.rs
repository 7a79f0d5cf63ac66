//! Red-letter invoices (红字发票): the vocabulary and the upstream's contract.
//!
//! A blue invoice that saw a return, a mistake, a stopped service or an allowance is reversed by a
//! red one (国家税务总局公告2024年第11号). Every reversal begins with a confirmation form
//! (红字发票信息确认单). Where neither use nor booking of the blue invoice is confirmed, the form
//! needs no confirmation and its issuer issues at once; otherwise the other side has 72 hours to
//! confirm it. Amounts that are reversed are negative here.
//!
//! The upstream knows no idempotency key. [`create_form`](RedLetters::create_form) is found again
//! by what the form says, among the forms of its blue invoice ([`traces`](RedLetters::traces));
//! everything after it by the form's number.

mod application;
mod blue;
mod dossier;
mod form;
mod upstream;

pub use application::*;
pub use blue::*;
pub use dossier::*;
pub use form::*;
pub use upstream::*;

//! Connector to the JSON API of an e-tax platform.
//!
//! [`Etax`] implements [`AgentInvoices`](clerkwork_connectors_api::agent_invoice::AgentInvoices)
//! and [`RedLetters`](clerkwork_connectors_api::red_letter::RedLetters) over the shared HTTP stack.
//! What is special here:
//! * dossiers of many workers go out together, up to 200 in one call, and so do questions about
//!   forms; a question that spoils its batch spoils only itself;
//! * [`wire`] is the platform's JSON in its own names, and the only place that knows them;
//! * `refusal` reads the platform's business codes. It says "already done" in three wordings, and
//!   "nothing left to reverse" or "a form is being saved"; after a write that is no answer, since
//!   the first try may have been ours, so the caller looks it up;
//! * a word that is in no code table is an error that names field and word, for the one item it
//!   concerns.
//!
//! To add a method: its types in [`wire`], its name in [`wire::method`], an endpoint in
//! [`Etax`] or, for red-letter invoices, in `red_letters`.

mod batches;
mod contract;
mod dossiers;
mod pending;
mod platform;
mod red_letters;
mod refusal;
pub mod wire;

pub use platform::{Etax, EtaxSettings};

//! The platform's JSON about red-letter invoices.
//!
//! The habits are those of [`wire`](super): every method is `POST {base}/api/{method}`, codes stay
//! text and are read through [`codes`](super::codes). Besides:
//! * reversed amounts and quantities are negative;
//! * times (`lrrq`, `qrrq`, `hzkprq`, `kprq`) are `yyyy-MM-dd HH:mm:ss` in Beijing, whole seconds;
//!   the 72 hours of a form run from its `lrrq`;
//! * a rate is a decimal in `sl1`; exempt and not taxed are `0` with `lslbs` 1 and 2; `***`
//!   without `lslbs` is taxation on the margin;
//! * what the applicant wrote (application, query) is passed on as it is, what the platform holds
//!   (forms, invoices) must have numbers of the right form and fields that agree.
//!
//! `XxAnswer` and `XxRequest` are messages of one method, the other types are the platform's
//! objects. All convert both ways, so that a simulated platform speaks through the same types.

mod application;
mod blue;
mod dossier;
mod form;
mod line;
mod reads;
mod writes;

pub use application::Hzsqxx;
pub use blue::{Dk, Lzfp, Lzmx};
pub use dossier::{Dossier, Hzwspz, Kphd};
pub use form::{Hzqrd, Hzqrdnr};
pub use line::Hzmx;
pub use reads::{
    DossierAnswer, DossierQuery, DossierRequest, FormEntry, FormsAnswer, FormsRequest,
    PendingAnswer, SettlementAnswer, SettlementRequest, StatusAnswer, TracesAnswer, TracesRequest,
};
pub use writes::{
    AnswerAnswer, AnswerRequest, EnterRequest, IssueAnswer, IssueRequest, SettleAnswer,
    SettleRequest, WriteBackRequest,
};

#[cfg(test)]
mod tests;

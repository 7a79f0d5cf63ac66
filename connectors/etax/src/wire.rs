//! The platform's JSON, field by field, in the platform's own names.
//!
//! Every method is `POST {base}/api/{method}` with a bearer token. Every answer, also a refusal on
//! business grounds, is HTTP 200 with an [`Envelope`]. Amounts are decimal strings, days are
//! `yyyy-MM-dd`, a missing text may be absent, `null` or `""`.
//!
//! Codes stay text in these types and are read through the tables of [`codes`], so that a word that
//! is not in a table is an error that names field and value instead of a default that looks
//! harmless. Fields that are not known here are ignored: platforms add some with every release.
//!
//! Sources: public API documents of such platforms for the field names and code tables of risk
//! information, invoice lines and special elements; the other names follow their habits.

mod application;
pub mod codes;
mod dossier;
pub mod red_letter;
mod special_element;

use serde::{Deserialize, Deserializer, Serialize};

pub use application::{Ht, Jbr, Jm, Mx, Sqxx};
pub use codes::WireError;
pub use dossier::{Dossier, Fxxx, Gl, Lj, Wspz};
pub use special_element::{Bdc, Bdczl, Hwys, Jzfw, Tdys};

/// Names of the methods, as they stand in the path.
pub mod method {
    /// Dossiers of many applications: [`DossierRequest`](super::DossierRequest) →
    /// [`DossierAnswer`](super::DossierAnswer).
    pub const DOSSIERS: &str = "cxdkfpsqxx";
    /// Risk information of a taxpayer: [`RiskRequest`](super::RiskRequest) →
    /// [`Fxxx`](super::Fxxx).
    pub const TAXPAYER_RISK: &str = "cxnsrfxxx";
    /// State of an application: [`StatusRequest`](super::StatusRequest) →
    /// [`StatusAnswer`](super::StatusAnswer).
    pub const STATUS: &str = "cxdkfpsqzt";
    /// Approve and issue: [`IssueRequest`](super::IssueRequest) →
    /// [`IssueAnswer`](super::IssueAnswer).
    pub const ISSUE: &str = "dkfpspkj";
    /// Return to the applicant: [`ReturnRequest`](super::ReturnRequest) → an empty object.
    pub const RETURN: &str = "dkfpth";
    /// Applications that wait: [`PendingRequest`](super::PendingRequest) →
    /// [`PendingAnswer`](super::PendingAnswer).
    pub const PENDING: &str = "cxdsdkfpsq";

    /// Dossiers of many applications for a reversal:
    /// [`DossierRequest`](super::red_letter::DossierRequest) →
    /// [`DossierAnswer`](super::red_letter::DossierAnswer).
    pub const RED_DOSSIERS: &str = "cxhzsqxx";
    /// All forms of a blue invoice: [`TracesRequest`](super::red_letter::TracesRequest) →
    /// [`TracesAnswer`](super::red_letter::TracesAnswer).
    pub const FORMS_OF_BLUE: &str = "cxlzfphzqrd";
    /// Forms by their numbers: [`FormsRequest`](super::red_letter::FormsRequest) →
    /// [`FormsAnswer`](super::red_letter::FormsAnswer).
    pub const FORMS: &str = "cxhzqrd";
    /// Enter a form: [`EnterRequest`](super::red_letter::EnterRequest) →
    /// [`Hzqrd`](super::red_letter::Hzqrd).
    pub const ENTER_FORM: &str = "bchzqrd";
    /// Answer a form: [`AnswerRequest`](super::red_letter::AnswerRequest) →
    /// [`AnswerAnswer`](super::red_letter::AnswerAnswer).
    pub const ANSWER_FORM: &str = "szhdzhzqrdqr";
    /// Issue the red invoice on a form: [`IssueRequest`](super::red_letter::IssueRequest) →
    /// [`IssueAnswer`](super::red_letter::IssueAnswer).
    pub const ISSUE_RED: &str = "kjhzfp";
    /// Open a refund or an offset: [`SettleRequest`](super::red_letter::SettleRequest) →
    /// [`SettleAnswer`](super::red_letter::SettleAnswer).
    pub const SETTLE: &str = "sqtdk";
    /// The settlement that rests on a red invoice:
    /// [`SettlementRequest`](super::red_letter::SettlementRequest) →
    /// [`SettlementAnswer`](super::red_letter::SettlementAnswer).
    pub const SETTLEMENT: &str = "cxtdk";
    /// Report an application as done: [`WriteBackRequest`](super::red_letter::WriteBackRequest) →
    /// an empty object.
    pub const WRITE_BACK: &str = "hzsqhx";
    /// Return an application to the applicant: [`ReturnRequest`](super::ReturnRequest) → an empty
    /// object.
    pub const RED_RETURN: &str = "hzsqth";
    /// State of an application for a reversal: [`StatusRequest`](super::StatusRequest) →
    /// [`StatusAnswer`](super::red_letter::StatusAnswer).
    pub const RED_STATUS: &str = "cxhzsqzt";
    /// Applications for a reversal that wait: [`PendingRequest`](super::PendingRequest) →
    /// [`PendingAnswer`](super::red_letter::PendingAnswer).
    pub const RED_PENDING: &str = "cxdshzsq";

    /// The methods that change something; all others only ask.
    pub const ACTS: [&str; 8] = [
        ISSUE,
        RETURN,
        ENTER_FORM,
        ANSWER_FORM,
        ISSUE_RED,
        SETTLE,
        WRITE_BACK,
        RED_RETURN,
    ];
}

/// Most queries in one [`DossierRequest`], of either field of work.
pub const MAX_DOSSIERS: usize = 200;

/// Most forms in one [`red_letter::FormsRequest`].
pub const MAX_FORMS: usize = 200;

/// Most applications in one [`PendingAnswer`].
pub const MAX_PENDING: u32 = 1000;

/// The header in which the connector names a write. The platform ignores it, as real ones do.
pub const IDEMPOTENCY_HEADER: &str = "Idempotency-Key";

/// What surrounds every answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope<T> {
    /// `0`, or why not; see [`codes::business`].
    pub code: String,
    /// The same for people; may name people.
    #[serde(default, deserialize_with = "null_as_default")]
    pub msg: String,
    /// The answer; absent, `null` or anything when the code is not `0`.
    #[serde(
        default = "Option::default",
        skip_serializing_if = "Option::is_none",
        bound(deserialize = "T: Deserialize<'de>")
    )]
    pub data: Option<T>,
}

impl<T> Envelope<T> {
    /// An answer.
    pub fn ok(data: T) -> Self {
        Self {
            code: codes::business::OK.into(),
            msg: "成功".into(),
            data: Some(data),
        }
    }

    /// A refusal.
    pub fn refused(code: &str, msg: &str) -> Self {
        Self {
            code: code.into(),
            msg: msg.into(),
            data: None,
        }
    }
}

/// Asks for dossiers, at most [`MAX_DOSSIERS`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DossierRequest {
    /// One query for each application.
    pub list: Vec<DossierQuery>,
}

/// Asks for one dossier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DossierQuery {
    /// Number of the application.
    pub sqbh: String,
    /// The seller's tax id.
    #[serde(default)]
    pub xfnsrsbh: String,
    /// The buyer's tax id, may be empty.
    #[serde(default)]
    pub gmfnsrsbh: String,
    /// The tax receipt to look at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wspzhm: Option<String>,
    /// Day of the transaction.
    pub jyrq: jiff::civil::Date,
}

/// Dossiers in the order of the queries, one for each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DossierAnswer {
    /// When they were taken, in milliseconds since 1970 UTC.
    pub sjc: i64,
    /// The dossiers.
    pub list: Vec<Dossier>,
}

/// Asks for the risk information of a taxpayer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RiskRequest {
    /// Tax id.
    pub nsrsbh: String,
}

/// Asks where an application stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusRequest {
    /// Number of the application.
    pub sqbh: String,
}

/// Where an application stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusAnswer {
    /// State, see [`codes::Sqzt`].
    pub sqzt: String,
    /// Number of the invoice when one was issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fphm: Option<String>,
}

/// Approves an application and issues its invoice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueRequest {
    /// Number of the application.
    pub sqbh: String,
}

/// The invoice that was issued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueAnswer {
    /// Number of the invoice, 20 digits.
    pub fphm: String,
    /// Day of issue.
    pub kprq: String,
}

/// Sends an application back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnRequest {
    /// Number of the application.
    pub sqbh: String,
    /// The reasons, one line each.
    pub thyy: Vec<String>,
}

/// An answer without content.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nothing {}

/// Asks for applications that wait.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingRequest {
    /// Only those with a greater number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sqbhh: Option<String>,
    /// At most so many, 1 to [`MAX_PENDING`].
    pub ts: u32,
}

/// Applications that wait, in the order of their numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingAnswer {
    /// The applications.
    pub list: Vec<Sqxx>,
}

/// Reads `null` as the type's default, since platforms write a missing text either way.
fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Reads an empty text as a missing one.
fn present(text: Option<String>) -> Option<String> {
    text.filter(|t| !t.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_without_data_and_an_answer_with_unknown_fields_are_read() {
        let refused: Envelope<IssueAnswer> =
            serde_json::from_str(r#"{"code":"31301","msg":null,"data":null,"traceId":"x"}"#)
                .unwrap();
        assert_eq!(
            refused,
            Envelope::refused(codes::business::UNKNOWN_APPLICATION, "")
        );
        let issued: Envelope<IssueAnswer> = serde_json::from_str(
            r#"{"code":"0","msg":"","data":{"fphm":"26442000000000000001","kprq":"2026-03-01","x":1}}"#,
        )
        .unwrap();
        assert_eq!(issued.data.unwrap().fphm, "26442000000000000001");
    }

    #[test]
    fn an_answer_reads_back_what_it_wrote() {
        let answer = Envelope::ok(StatusAnswer {
            sqzt: codes::Sqzt::Pending.code().into(),
            fphm: None,
        });
        let text = serde_json::to_string(&answer).unwrap();
        assert_eq!(text, r#"{"code":"0","msg":"成功","data":{"sqzt":"00"}}"#);
        assert_eq!(
            serde_json::from_str::<Envelope<StatusAnswer>>(&text).unwrap(),
            answer
        );
    }
}

//! Messages of the methods that only look.

use clerkwork_connectors_api::red_letter::{
    BlueReference, BlueTraces, ConfirmationForm, RedLetterQuery, RedLetterStatus,
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{
    super::{
        WireError,
        codes::{self, Bz, Hzsqzt},
        present,
    },
    Dossier, Hzqrd, Hzsqxx,
    writes::read_settlement_number,
};

/// Asks for dossiers, at most [`MAX_DOSSIERS`](super::super::MAX_DOSSIERS).
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
    /// Code of a legacy blue invoice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lzfpdm: Option<String>,
    /// Number of the blue invoice.
    pub lzfphm: String,
    /// Day of the blue invoice.
    pub lzkprq: Date,
    /// The seller's tax id.
    #[serde(default)]
    pub xfnsrsbh: String,
    /// The buyer's tax id, may be empty.
    #[serde(default)]
    pub gmfnsrsbh: String,
}

/// Dossiers in the order of the queries, one for each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DossierAnswer {
    /// When they were taken, in milliseconds since 1970 UTC.
    pub sjc: i64,
    /// The dossiers.
    pub list: Vec<Dossier>,
}

/// Asks for all forms of a blue invoice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TracesRequest {
    /// Code of a legacy blue invoice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lzfpdm: Option<String>,
    /// Number of the blue invoice.
    pub lzfphm: String,
    /// Day of the blue invoice.
    pub lzkprq: Date,
}

/// All forms of a blue invoice, as they were entered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TracesAnswer {
    /// A form is being saved (保存状态): Y or N.
    pub bczt: String,
    /// The forms, ended ones too.
    pub list: Vec<Hzqrd>,
}

/// Asks for forms, at most [`MAX_FORMS`](super::super::MAX_FORMS).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormsRequest {
    /// Their numbers.
    pub list: Vec<String>,
}

/// Forms in the order of the numbers, one entry for each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormsAnswer {
    /// The entries.
    pub list: Vec<FormEntry>,
}

/// What there is under one number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormEntry {
    /// The number that was asked for.
    pub hzqrdbh: String,
    /// The form; absent when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hzqrd: Option<Hzqrd>,
}

/// Asks for the settlement of a red invoice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettlementRequest {
    /// Number of the red invoice.
    pub hzfphm: String,
}

/// The settlement of a red invoice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettlementAnswer {
    /// Its number; `null` or empty when there is none. Must be there: that nothing was said is not
    /// that there is none.
    #[serde(deserialize_with = "Option::deserialize")]
    pub tdkbh: Option<String>,
}

/// Where an application stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusAnswer {
    /// State, see [`Hzsqzt`].
    pub sqzt: String,
    /// Number of the red invoice when the application is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hzfphm: Option<String>,
}

/// Applications that wait, in the order of their numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingAnswer {
    /// The applications.
    pub list: Vec<Hzsqxx>,
}

/// Reads forms and puts them into the order in which they were entered; those of one second keep
/// the order in which they stand.
pub(super) fn read_forms(forms: Vec<Hzqrd>) -> Result<Vec<ConfirmationForm>, WireError> {
    let mut forms = forms
        .into_iter()
        .map(ConfirmationForm::try_from)
        .collect::<Result<Vec<_>, _>>()?;
    forms.sort_by_key(|form| form.entered_at);
    Ok(forms)
}

impl From<RedLetterQuery> for DossierQuery {
    fn from(query: RedLetterQuery) -> Self {
        Self {
            sqbh: query.application_number,
            lzfpdm: query.blue.code,
            lzfphm: query.blue.number,
            lzkprq: query.blue.issued_on,
            xfnsrsbh: query.seller_tax_id,
            gmfnsrsbh: query.buyer_tax_id,
        }
    }
}

impl From<DossierQuery> for RedLetterQuery {
    fn from(wire: DossierQuery) -> Self {
        Self {
            application_number: wire.sqbh,
            blue: BlueReference {
                code: present(wire.lzfpdm),
                number: wire.lzfphm,
                issued_on: wire.lzkprq,
            },
            seller_tax_id: wire.xfnsrsbh,
            buyer_tax_id: wire.gmfnsrsbh,
        }
    }
}

impl From<&BlueReference> for TracesRequest {
    fn from(blue: &BlueReference) -> Self {
        Self {
            lzfpdm: blue.code.clone(),
            lzfphm: blue.number.clone(),
            lzkprq: blue.issued_on,
        }
    }
}

impl From<TracesRequest> for BlueReference {
    fn from(wire: TracesRequest) -> Self {
        Self {
            code: present(wire.lzfpdm),
            number: wire.lzfphm,
            issued_on: wire.lzkprq,
        }
    }
}

impl TryFrom<TracesAnswer> for BlueTraces {
    type Error = WireError;

    fn try_from(wire: TracesAnswer) -> Result<Self, WireError> {
        Ok(Self {
            forms: read_forms(wire.list)?,
            saving: Bz::read("bczt", &wire.bczt)? == Bz::Yes,
        })
    }
}

impl From<&BlueTraces> for TracesAnswer {
    fn from(traces: &BlueTraces) -> Self {
        Self {
            bczt: Bz::from(traces.saving).code().into(),
            list: traces.forms.iter().map(Hzqrd::from).collect(),
        }
    }
}

impl SettlementAnswer {
    /// The number of the settlement; nothing when there is none.
    pub fn read(self) -> Result<Option<String>, WireError> {
        present(self.tdkbh).map(read_settlement_number).transpose()
    }
}

impl TryFrom<StatusAnswer> for RedLetterStatus {
    type Error = WireError;

    fn try_from(answer: StatusAnswer) -> Result<Self, WireError> {
        Ok(match Hzsqzt::read("sqzt", &answer.sqzt)? {
            Hzsqzt::Pending => Self::Pending,
            Hzsqzt::Done => Self::Done {
                red_number: codes::read_invoice_number(
                    "hzfphm",
                    present(answer.hzfphm).ok_or(WireError::Missing {
                        field: "hzfphm",
                        because: "sqzt",
                    })?,
                )?,
            },
            Hzsqzt::Returned => Self::Returned,
            Hzsqzt::Withdrawn => Self::Withdrawn,
        })
    }
}

impl From<&RedLetterStatus> for StatusAnswer {
    fn from(status: &RedLetterStatus) -> Self {
        let (word, number) = match status {
            RedLetterStatus::Pending => (Hzsqzt::Pending, None),
            RedLetterStatus::Done { red_number } => (Hzsqzt::Done, Some(red_number)),
            RedLetterStatus::Returned => (Hzsqzt::Returned, None),
            RedLetterStatus::Withdrawn => (Hzsqzt::Withdrawn, None),
        };
        Self {
            sqzt: word.code().into(),
            hzfphm: number.cloned(),
        }
    }
}

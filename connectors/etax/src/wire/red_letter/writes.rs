//! Messages of the methods that change something.

use clerkwork_connectors_api::red_letter::{
    ConfirmationForm, FormAnswer, RedInvoice, SettlementOrder, Side, WriteBack,
};
use clerkwork_core::Cents;
use serde::{Deserialize, Serialize};

use super::{
    super::{WireError, codes, present},
    Hzqrdnr,
};

/// Longest number of a settlement.
const SETTLEMENT_CHARS: usize = 40;

/// Enters a form; the answer is the form as it was saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnterRequest {
    /// What it says.
    #[serde(flatten)]
    pub nr: Hzqrdnr,
}

/// Answers a form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerRequest {
    /// The seller's tax id, as the form has it.
    pub xsfnsrsbh: String,
    /// Number of the form.
    pub hzqrdbh: String,
    /// The platform's id of the form.
    pub uuid: String,
    /// The answer: Y agree, N refuse, C withdraw.
    pub qrlx: String,
    /// Who answers (确认方身份): 0 seller, 1 buyer.
    pub qrfsf: String,
}

/// The answer was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerAnswer {
    /// When.
    pub qrrq: String,
}

/// Issues the red invoice on a form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueRequest {
    /// Number of the form.
    pub hzqrdbh: String,
}

/// The red invoice that was issued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueAnswer {
    /// Number of the form.
    pub hzqrdbh: String,
    /// Number of the red invoice, 20 digits.
    pub hzfphm: String,
    /// When it was issued.
    pub kprq: String,
}

/// Opens a refund or an offset (退抵税).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettleRequest {
    /// Number of the tax receipt.
    pub wspzhm: String,
    /// Kind: 01 refund, 02 offset.
    pub tdklx: String,
    /// How much, positive.
    pub tdje: Cents,
    /// The red invoice it rests on.
    pub hzfphm: String,
}

/// The settlement that was opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettleAnswer {
    /// Its number, 1 to 40 characters.
    pub tdkbh: String,
}

/// Reports an application as done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriteBackRequest {
    /// Number of the application.
    pub sqbh: String,
    /// Number of the form.
    pub hzqrdbh: String,
    /// Number of the red invoice.
    pub hzfphm: String,
    /// Input tax that the buyer must transfer out (进项税额转出).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jxsezc: Option<Cents>,
    /// Number of the settlement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tdkbh: Option<String>,
}

impl AnswerRequest {
    /// What `side` says to `form`.
    pub fn of(form: &ConfirmationForm, side: Side, answer: FormAnswer) -> Self {
        Self {
            xsfnsrsbh: form.draft.seller.tax_id.clone(),
            hzqrdbh: form.number.clone(),
            uuid: form.uuid.clone(),
            qrlx: codes::answer_code(answer).into(),
            qrfsf: codes::side_code(side).into(),
        }
    }

    /// Who answers, and what.
    pub fn read(&self) -> Result<(Side, FormAnswer), WireError> {
        Ok((
            codes::read_side("qrfsf", &self.qrfsf)?,
            codes::read_answer("qrlx", &self.qrlx)?,
        ))
    }
}

impl TryFrom<IssueAnswer> for RedInvoice {
    type Error = WireError;

    fn try_from(wire: IssueAnswer) -> Result<Self, WireError> {
        Ok(Self {
            number: codes::read_invoice_number("hzfphm", wire.hzfphm)?,
            form_number: codes::read_form_number("hzqrdbh", wire.hzqrdbh)?,
            issued_at: codes::read_time("kprq", &wire.kprq)?,
        })
    }
}

impl From<&RedInvoice> for IssueAnswer {
    fn from(red: &RedInvoice) -> Self {
        Self {
            hzqrdbh: red.form_number.clone(),
            hzfphm: red.number.clone(),
            kprq: codes::write_time(red.issued_at),
        }
    }
}

impl From<&SettlementOrder> for SettleRequest {
    fn from(order: &SettlementOrder) -> Self {
        Self {
            wspzhm: order.receipt_number.clone(),
            tdklx: codes::settlement_kind_code(order.kind).into(),
            tdje: order.amount,
            hzfphm: order.red_number.clone(),
        }
    }
}

impl TryFrom<SettleRequest> for SettlementOrder {
    type Error = WireError;

    fn try_from(wire: SettleRequest) -> Result<Self, WireError> {
        Ok(Self {
            receipt_number: wire.wspzhm,
            kind: codes::read_settlement_kind("tdklx", &wire.tdklx)?,
            amount: wire.tdje,
            red_number: codes::read_invoice_number("hzfphm", wire.hzfphm)?,
        })
    }
}

impl SettleAnswer {
    /// The number of the settlement.
    pub fn read(self) -> Result<String, WireError> {
        read_settlement_number(self.tdkbh)
    }
}

/// Reads the number of a settlement: 1 to 40 letters, digits and `-`.
pub(super) fn read_settlement_number(tdkbh: String) -> Result<String, WireError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if (1..=SETTLEMENT_CHARS).contains(&tdkbh.len()) && tdkbh.bytes().all(plain) {
        Ok(tdkbh)
    } else {
        Err(WireError::Malformed {
            field: "tdkbh",
            expected: "settlement number of 1 to 40 letters, digits and `-`",
        })
    }
}

impl WriteBackRequest {
    /// What is reported of the application `sqbh`.
    pub fn of(sqbh: &str, outcome: &WriteBack) -> Self {
        Self {
            sqbh: sqbh.into(),
            hzqrdbh: outcome.form_number.clone(),
            hzfphm: outcome.red_number.clone(),
            jxsezc: outcome.transfer_out,
            tdkbh: outcome.settlement_number.clone(),
        }
    }

    /// What is reported.
    pub fn read(self) -> Result<WriteBack, WireError> {
        Ok(WriteBack {
            form_number: codes::read_form_number("hzqrdbh", self.hzqrdbh)?,
            red_number: codes::read_invoice_number("hzfphm", self.hzfphm)?,
            transfer_out: self.jxsezc,
            settlement_number: present(self.tdkbh),
        })
    }
}

//! A confirmation form (红字发票信息确认单).

use clerkwork_connectors_api::red_letter::{
    BlueInvoice, BlueReference, ConfirmationForm, ReversalDraft, Trader,
};
use clerkwork_core::Cents;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{
    super::{
        WireError,
        codes::{self, Bz, Qrzt},
        null_as_default, present,
    },
    Hzmx,
    line::{read_lines, write_lines},
};

/// What a form says (确认单内容): the part that its starter chooses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hzqrdnr {
    /// Who starts it: 0 seller, 1 buyer.
    pub lrfsf: String,
    /// Seller's tax id.
    #[serde(default, deserialize_with = "null_as_default")]
    pub xsfnsrsbh: String,
    /// Seller's name.
    pub xsfmc: String,
    /// Buyer's tax id, may be empty.
    #[serde(default, deserialize_with = "null_as_default")]
    pub gmfnsrsbh: String,
    /// Buyer's name.
    pub gmfmc: String,
    /// Code of a legacy blue invoice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lzfpdm: Option<String>,
    /// Number of the blue invoice.
    pub lzfphm: String,
    /// Y a legacy invoice, N a digital one. Follows from `lzfpdm`, so it is not read.
    #[serde(default, deserialize_with = "null_as_default")]
    pub sfzzfpbz: String,
    /// Day of the blue invoice.
    pub lzkprq: Date,
    /// Reversed net amount, negative.
    pub hzcxje: Cents,
    /// Reversed tax, negative or zero.
    pub hzcxse: Cents,
    /// Reason: 01 to 04.
    #[serde(rename = "chyyDm")]
    pub chyy_dm: String,
    /// The lines.
    #[serde(rename = "hzqrdmxList")]
    pub hzqrdmx_list: Vec<Hzmx>,
}

/// A form as the platform holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hzqrd {
    /// The platform's id, 32 characters.
    pub uuid: String,
    /// Its number, 20 digits.
    pub hzfpxxqrdbh: String,
    /// What it says.
    #[serde(flatten)]
    pub nr: Hzqrdnr,
    /// State: 01 to 10.
    #[serde(rename = "hzqrxxztDm")]
    pub hzqrxxzt_dm: String,
    /// When it was entered.
    pub lrrq: String,
    /// When the other side answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub qrrq: Option<String>,
    /// The red invoice was issued: Y or N.
    pub ykjhzfpbz: String,
    /// Number of the red invoice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hzfphm: Option<String>,
    /// When the red invoice was issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hzkprq: Option<String>,
    /// Valid: Y or N, as the state has it.
    pub yxbz: String,
    /// The blue invoice's type; this and what follows is not read from a form, but from the
    /// invoice.
    #[serde(rename = "lzfppzDm", default, skip_serializing_if = "Option::is_none")]
    pub lzfppz_dm: Option<String>,
    /// The blue invoice's net amount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lzhjje: Option<Cents>,
    /// The blue invoice's tax.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lzhjse: Option<Cents>,
    /// The buyer's use for value-added tax.
    #[serde(rename = "zzsytDm", default, skip_serializing_if = "Option::is_none")]
    pub zzsyt_dm: Option<String>,
    /// The use for consumption tax.
    #[serde(rename = "xfsytDm", default, skip_serializing_if = "Option::is_none")]
    pub xfsyt_dm: Option<String>,
    /// Booking.
    #[serde(rename = "fprzztDm", default, skip_serializing_if = "Option::is_none")]
    pub fprzzt_dm: Option<String>,
}

impl TryFrom<Hzqrdnr> for ReversalDraft {
    type Error = WireError;

    fn try_from(wire: Hzqrdnr) -> Result<Self, WireError> {
        let code = present(wire.lzfpdm);
        Ok(Self {
            started_by: codes::read_side("lrfsf", &wire.lrfsf)?,
            blue: BlueReference {
                number: codes::read_blue_number("lzfphm", wire.lzfphm, code.as_deref())?,
                code,
                issued_on: wire.lzkprq,
            },
            seller: Trader {
                name: wire.xsfmc,
                tax_id: wire.xsfnsrsbh,
            },
            buyer: Trader {
                name: wire.gmfmc,
                tax_id: wire.gmfnsrsbh,
            },
            reason: codes::read_reason("chyyDm", &wire.chyy_dm)?,
            lines: read_lines(wire.hzqrdmx_list)?,
            net: wire.hzcxje,
            tax: wire.hzcxse,
        })
    }
}

impl From<&ReversalDraft> for Hzqrdnr {
    fn from(draft: &ReversalDraft) -> Self {
        Self {
            lrfsf: codes::side_code(draft.started_by).into(),
            xsfnsrsbh: draft.seller.tax_id.clone(),
            xsfmc: draft.seller.name.clone(),
            gmfnsrsbh: draft.buyer.tax_id.clone(),
            gmfmc: draft.buyer.name.clone(),
            lzfpdm: draft.blue.code.clone(),
            lzfphm: draft.blue.number.clone(),
            sfzzfpbz: Bz::from(draft.blue.code.is_some()).code().into(),
            lzkprq: draft.blue.issued_on,
            hzcxje: draft.net,
            hzcxse: draft.tax,
            chyy_dm: codes::reason_code(draft.reason).into(),
            hzqrdmx_list: write_lines(&draft.lines),
        }
    }
}

impl TryFrom<Hzqrd> for ConfirmationForm {
    type Error = WireError;

    fn try_from(wire: Hzqrd) -> Result<Self, WireError> {
        let state = codes::read_form_state("hzqrxxztDm", &wire.hzqrxxzt_dm)?;
        let valid = Bz::read("yxbz", &wire.yxbz)? == Bz::Yes;
        if valid == state.is_void() {
            return Err(WireError::Contradicts {
                field: "yxbz",
                other: "hzqrxxztDm",
            });
        }
        let red_number = present(wire.hzfphm)
            .map(|number| codes::read_invoice_number("hzfphm", number))
            .transpose()?;
        match (Bz::read("ykjhzfpbz", &wire.ykjhzfpbz)?, &red_number) {
            (Bz::Yes, Some(_)) | (Bz::No, None) => {}
            (Bz::Yes, None) => {
                return Err(WireError::Missing {
                    field: "hzfphm",
                    because: "ykjhzfpbz",
                });
            }
            (Bz::No, Some(_)) => {
                return Err(WireError::Contradicts {
                    field: "ykjhzfpbz",
                    other: "hzfphm",
                });
            }
        }
        Ok(Self {
            number: codes::read_form_number("hzfpxxqrdbh", wire.hzfpxxqrdbh)?,
            uuid: codes::read_uuid("uuid", wire.uuid)?,
            draft: wire.nr.try_into()?,
            state,
            entered_at: codes::read_time("lrrq", &wire.lrrq)?,
            answered_at: present(wire.qrrq)
                .map(|text| codes::read_time("qrrq", &text))
                .transpose()?,
            red_number,
        })
    }
}

impl From<&ConfirmationForm> for Hzqrd {
    fn from(form: &ConfirmationForm) -> Self {
        Self {
            uuid: form.uuid.clone(),
            hzfpxxqrdbh: form.number.clone(),
            nr: (&form.draft).into(),
            hzqrxxzt_dm: codes::form_state_code(form.state).into(),
            lrrq: codes::write_time(form.entered_at),
            qrrq: form.answered_at.map(codes::write_time),
            ykjhzfpbz: Bz::from(form.red_number.is_some()).code().into(),
            hzfphm: form.red_number.clone(),
            hzkprq: None,
            yxbz: Bz::from(!form.state.is_void()).code().into(),
            lzfppz_dm: None,
            lzhjje: None,
            lzhjse: None,
            zzsyt_dm: None,
            xfsyt_dm: None,
            fprzzt_dm: None,
        }
    }
}

impl Hzqrd {
    /// The same form with what it repeats of its blue invoice.
    #[must_use]
    pub fn with_blue(self, blue: &BlueInvoice) -> Self {
        Self {
            lzfppz_dm: Some(codes::invoice_type_code(blue.invoice_type).into()),
            lzhjje: Some(blue.total_net),
            lzhjse: Some(blue.total_tax),
            zzsyt_dm: Some(codes::vat_use_code(blue.vat_use).into()),
            xfsyt_dm: Some(Qrzt::from(blue.consumption_use_confirmed).code().into()),
            fprzzt_dm: Some(Qrzt::from(blue.booked).code().into()),
            ..self
        }
    }
}

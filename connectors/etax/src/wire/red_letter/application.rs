//! An application to reverse a blue invoice.

use clerkwork_connectors_api::red_letter::{BlueReference, CURRENCY, RedLetterApplication, Trader};
use clerkwork_core::Cents;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{
    super::{WireError, codes, null_as_default, present},
    Hzmx,
    line::{read_lines, write_lines},
};

/// An application for a reversal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hzsqxx {
    /// Number of the application.
    pub sqbh: String,
    /// Day of the application.
    pub sqrq: Date,
    /// Which side applies: 0 seller, 1 buyer.
    pub lrfsf: String,
    /// The applicant's tax id.
    pub sqrnsrsbh: String,
    /// Code of a legacy blue invoice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lzfpdm: Option<String>,
    /// Number of the blue invoice.
    pub lzfphm: String,
    /// Day of the blue invoice.
    pub lzkprq: Date,
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
    /// Reason: 01 to 04.
    #[serde(rename = "chyyDm")]
    pub chyy_dm: String,
    /// Currency; absent means yuan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hbdm: Option<String>,
    /// The lines.
    #[serde(rename = "hzqrdmxList")]
    pub hzqrdmx_list: Vec<Hzmx>,
    /// Sum of net amounts, negative.
    pub hzcxje: Cents,
    /// Sum of taxes, negative or zero.
    pub hzcxse: Cents,
    /// Gross total, negative.
    pub jshj: Cents,
    /// Remark.
    #[serde(default, deserialize_with = "null_as_default")]
    pub bz: String,
    /// What is to become of the tax of an agent-issued invoice: 01 refund, 02 offset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tdklx: Option<String>,
}

impl TryFrom<Hzsqxx> for RedLetterApplication {
    type Error = WireError;

    fn try_from(wire: Hzsqxx) -> Result<Self, WireError> {
        Ok(Self {
            application_number: wire.sqbh,
            applied_on: wire.sqrq,
            started_by: codes::read_side("lrfsf", &wire.lrfsf)?,
            applicant_tax_id: wire.sqrnsrsbh,
            blue: BlueReference {
                code: present(wire.lzfpdm),
                number: wire.lzfphm,
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
            currency: present(wire.hbdm).unwrap_or_else(|| CURRENCY.into()),
            lines: read_lines(wire.hzqrdmx_list)?,
            total_net: wire.hzcxje,
            total_tax: wire.hzcxse,
            total_gross: wire.jshj,
            remark: wire.bz,
            settlement: present(wire.tdklx)
                .map(|word| codes::read_settlement_kind("tdklx", &word))
                .transpose()?,
        })
    }
}

impl From<RedLetterApplication> for Hzsqxx {
    fn from(application: RedLetterApplication) -> Self {
        Self {
            sqbh: application.application_number,
            sqrq: application.applied_on,
            lrfsf: codes::side_code(application.started_by).into(),
            sqrnsrsbh: application.applicant_tax_id,
            lzfpdm: application.blue.code,
            lzfphm: application.blue.number,
            lzkprq: application.blue.issued_on,
            xsfnsrsbh: application.seller.tax_id,
            xsfmc: application.seller.name,
            gmfnsrsbh: application.buyer.tax_id,
            gmfmc: application.buyer.name,
            chyy_dm: codes::reason_code(application.reason).into(),
            hbdm: Some(application.currency),
            hzqrdmx_list: write_lines(&application.lines),
            hzcxje: application.total_net,
            hzcxse: application.total_tax,
            jshj: application.total_gross,
            bz: application.remark,
            tdklx: application
                .settlement
                .map(|kind| codes::settlement_kind_code(kind).into()),
        }
    }
}

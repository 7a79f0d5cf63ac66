//! A blue invoice (蓝字发票) with what is left of it to reverse.

use clerkwork_connectors_api::red_letter::{
    AgentIssued, BlueInvoice, BlueLine, BlueReference, Trader,
};
use clerkwork_core::Cents;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::super::{
    WireError,
    codes::{self, Bz, Dkbz, Qrzt},
    null_as_default, present,
};

/// A blue invoice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lzfp {
    /// Code of a legacy invoice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lzfpdm: Option<String>,
    /// Number.
    pub lzfphm: String,
    /// Day.
    pub lzkprq: Date,
    /// Type: 01 special, 02 ordinary. Those of vehicles (03, 04) are reversed elsewhere.
    #[serde(rename = "lzfppzDm")]
    pub lzfppz_dm: String,
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
    /// Currency.
    pub hbdm: String,
    /// Net amount.
    pub lzhjje: Cents,
    /// Tax.
    pub lzhjse: Cents,
    /// State: 01 normal, 02 voided, 03 reversed, 04 partly reversed.
    #[serde(rename = "fpztDm")]
    pub fpzt_dm: String,
    /// The buyer's use for value-added tax: 00 ticked, 01 confirmed, 03 not ticked.
    #[serde(rename = "zzsytDm")]
    pub zzsyt_dm: String,
    /// The use for consumption tax: 00 or 01 confirmed.
    #[serde(rename = "xfsytDm")]
    pub xfsyt_dm: String,
    /// Booking: 00 or 01 booked.
    #[serde(rename = "fprzztDm")]
    pub fprzzt_dm: String,
    /// Taxed on the margin (差额征税): Y or N.
    pub cezsbz: String,
    /// Issued by the bureau on somebody's behalf: 1 or 0.
    #[serde(rename = "proxyInvoiceFlag")]
    pub proxy_invoice_flag: String,
    /// On whose behalf.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dk: Option<Dk>,
    /// The lines.
    #[serde(rename = "lzmxList")]
    pub lzmx_list: Vec<Lzmx>,
}

/// On whose behalf the bureau issued an invoice (代开).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dk {
    /// Tax id (代开企业税号).
    #[serde(default, deserialize_with = "null_as_default")]
    pub dkqysh: String,
    /// Name (代开企业名称).
    pub dkqymc: String,
    /// Number of the tax receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wspzhm: Option<String>,
}

/// A line of a blue invoice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lzmx {
    /// Number of the line, from 1.
    pub xh: u32,
    /// What it is among its neighbours: 0 normal, 1 discount, 2 discounted.
    pub fphxz: String,
    /// Item code, 19 digits.
    #[serde(default, deserialize_with = "null_as_default")]
    pub sphfwssflhbbm: String,
    /// `*short name*name`.
    pub hwhyslwfwmc: String,
    /// Specification.
    #[serde(default, deserialize_with = "null_as_default")]
    pub ggxh: String,
    /// Unit.
    #[serde(default, deserialize_with = "null_as_default")]
    pub dw: String,
    /// Quantity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fpspsl: Option<String>,
    /// Net unit price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fpspdj: Option<String>,
    /// Net amount.
    pub je: Cents,
    /// Rate, see [`codes::read_rate`].
    #[serde(default, deserialize_with = "null_as_default")]
    pub sl1: String,
    /// Tax.
    pub se: Cents,
    /// Why the rate is zero: empty, 1 exempt, 2 not taxed.
    #[serde(default, deserialize_with = "null_as_default")]
    pub lslbs: String,
    /// What is left of the quantity (剩余可冲红数量).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sykchsl: Option<String>,
    /// What is left of the net amount.
    pub sykchje: Cents,
    /// What is left of the tax.
    pub sykchse: Cents,
}

impl TryFrom<Lzfp> for BlueInvoice {
    type Error = WireError;

    fn try_from(wire: Lzfp) -> Result<Self, WireError> {
        let confirmed = |field, word: &str| Ok(Qrzt::read(field, word)? == Qrzt::Confirmed);
        let code = present(wire.lzfpdm);
        let agent_issued = match Dkbz::read("proxyInvoiceFlag", &wire.proxy_invoice_flag)? {
            Dkbz::Own => None,
            Dkbz::Agent => Some(AgentIssued::from(wire.dk.ok_or(WireError::Missing {
                field: "dk",
                because: "proxyInvoiceFlag",
            })?)),
        };
        Ok(Self {
            reference: BlueReference {
                number: codes::read_blue_number("lzfphm", wire.lzfphm, code.as_deref())?,
                code,
                issued_on: wire.lzkprq,
            },
            invoice_type: codes::read_invoice_type("lzfppzDm", &wire.lzfppz_dm)?,
            seller: Trader {
                name: wire.xsfmc,
                tax_id: wire.xsfnsrsbh,
            },
            buyer: Trader {
                name: wire.gmfmc,
                tax_id: wire.gmfnsrsbh,
            },
            currency: wire.hbdm,
            total_net: wire.lzhjje,
            total_tax: wire.lzhjse,
            status: codes::read_blue_status("fpztDm", &wire.fpzt_dm)?,
            vat_use: codes::read_vat_use("zzsytDm", &wire.zzsyt_dm)?,
            consumption_use_confirmed: confirmed("xfsytDm", &wire.xfsyt_dm)?,
            booked: confirmed("fprzztDm", &wire.fprzzt_dm)?,
            margin: Bz::read("cezsbz", &wire.cezsbz)? == Bz::Yes,
            agent_issued,
            lines: wire
                .lzmx_list
                .into_iter()
                .map(BlueLine::try_from)
                .collect::<Result<_, _>>()?,
        })
    }
}

impl From<&BlueInvoice> for Lzfp {
    fn from(blue: &BlueInvoice) -> Self {
        let flag = match blue.agent_issued {
            Some(_) => Dkbz::Agent,
            None => Dkbz::Own,
        };
        Self {
            lzfpdm: blue.reference.code.clone(),
            lzfphm: blue.reference.number.clone(),
            lzkprq: blue.reference.issued_on,
            lzfppz_dm: codes::invoice_type_code(blue.invoice_type).into(),
            xsfnsrsbh: blue.seller.tax_id.clone(),
            xsfmc: blue.seller.name.clone(),
            gmfnsrsbh: blue.buyer.tax_id.clone(),
            gmfmc: blue.buyer.name.clone(),
            hbdm: blue.currency.clone(),
            lzhjje: blue.total_net,
            lzhjse: blue.total_tax,
            fpzt_dm: codes::blue_status_code(blue.status).into(),
            zzsyt_dm: codes::vat_use_code(blue.vat_use).into(),
            xfsyt_dm: Qrzt::from(blue.consumption_use_confirmed).code().into(),
            fprzzt_dm: Qrzt::from(blue.booked).code().into(),
            cezsbz: Bz::from(blue.margin).code().into(),
            proxy_invoice_flag: flag.code().into(),
            dk: blue.agent_issued.as_ref().map(Dk::from),
            lzmx_list: blue.lines.iter().map(Lzmx::from).collect(),
        }
    }
}

impl From<Dk> for AgentIssued {
    fn from(wire: Dk) -> Self {
        Self {
            principal: Trader {
                name: wire.dkqymc,
                tax_id: wire.dkqysh,
            },
            tax_receipt_number: present(wire.wspzhm),
        }
    }
}

impl From<&AgentIssued> for Dk {
    fn from(agent: &AgentIssued) -> Self {
        Self {
            dkqysh: agent.principal.tax_id.clone(),
            dkqymc: agent.principal.name.clone(),
            wspzhm: agent.tax_receipt_number.clone(),
        }
    }
}

impl TryFrom<Lzmx> for BlueLine {
    type Error = WireError;

    fn try_from(wire: Lzmx) -> Result<Self, WireError> {
        Ok(Self {
            line: wire.xh,
            role: codes::read_line_role("fphxz", &wire.fphxz)?,
            item_name: wire.hwhyslwfwmc,
            item_code: wire.sphfwssflhbbm,
            specification: wire.ggxh,
            unit: wire.dw,
            quantity: present(wire.fpspsl),
            unit_price: present(wire.fpspdj),
            net: wire.je,
            rate: codes::read_rate(wire.sl1, &wire.lslbs)?,
            tax: wire.se,
            remaining_quantity: present(wire.sykchsl),
            remaining_net: wire.sykchje,
            remaining_tax: wire.sykchse,
        })
    }
}

impl From<&BlueLine> for Lzmx {
    fn from(line: &BlueLine) -> Self {
        let (sl1, lslbs) = codes::rate_codes(&line.rate);
        Self {
            xh: line.line,
            fphxz: codes::line_role_code(line.role).into(),
            sphfwssflhbbm: line.item_code.clone(),
            hwhyslwfwmc: line.item_name.clone(),
            ggxh: line.specification.clone(),
            dw: line.unit.clone(),
            fpspsl: line.quantity.clone(),
            fpspdj: line.unit_price.clone(),
            je: line.net,
            sl1: sl1.into(),
            se: line.tax,
            lslbs: lslbs.into(),
            sykchsl: line.remaining_quantity.clone(),
            sykchje: line.remaining_net,
            sykchse: line.remaining_tax,
        }
    }
}

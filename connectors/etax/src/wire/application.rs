//! The wire form of an application, and the way between it and the contract's
//! [`Application`], both directions.

use clerkwork_connectors_api::agent_invoice::{
    Agent, Application, Contract, Exemption, Line, Party, SpecialElement,
};
use clerkwork_core::Cents;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Tdys, WireError, codes, null_as_default, present};

/// An application for an agent-issued invoice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sqxx {
    /// Number of the application.
    pub sqbh: String,
    /// Day of the application.
    pub sqrq: Date,
    /// Day of the transaction.
    pub jyrq: Date,
    /// Invoice type: 01 special, 02 ordinary.
    #[serde(rename = "fppzDm")]
    pub fppz_dm: String,
    /// Applicant: 01 natural person, 02 other taxpayer.
    #[serde(rename = "sqrlxDm")]
    pub sqrlx_dm: String,
    /// Seller's tax id.
    #[serde(default, deserialize_with = "null_as_default")]
    pub xsfnsrsbh: String,
    /// Seller's name.
    pub xsfmc: String,
    /// Seller's address.
    #[serde(default, deserialize_with = "null_as_default")]
    pub xsfdz: String,
    /// Seller's telephone.
    #[serde(default, deserialize_with = "null_as_default")]
    pub xsfdh: String,
    /// Seller's bank.
    #[serde(default, deserialize_with = "null_as_default")]
    pub xsfkhh: String,
    /// Seller's account.
    #[serde(default, deserialize_with = "null_as_default")]
    pub xsfzh: String,
    /// Buyer's tax id, may be empty.
    #[serde(default, deserialize_with = "null_as_default")]
    pub gmfnsrsbh: String,
    /// Buyer's name.
    pub gmfmc: String,
    /// Buyer's address.
    #[serde(default, deserialize_with = "null_as_default")]
    pub gmfdz: String,
    /// Buyer's telephone.
    #[serde(default, deserialize_with = "null_as_default")]
    pub gmfdh: String,
    /// Buyer's bank.
    #[serde(default, deserialize_with = "null_as_default")]
    pub gmfkhh: String,
    /// Buyer's account.
    #[serde(default, deserialize_with = "null_as_default")]
    pub gmfzh: String,
    /// The person who acts for the seller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jbr: Option<Jbr>,
    /// Exemption claimed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jm: Option<Jm>,
    /// The lines.
    pub mxlist: Vec<Mx>,
    /// Sum of net amounts.
    pub hjje: Cents,
    /// Sum of taxes.
    pub hjse: Cents,
    /// Gross total.
    pub jshj: Cents,
    /// Gross total in Chinese capitals.
    #[serde(default, deserialize_with = "null_as_default")]
    pub jshjdx: String,
    /// Special element.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tdys: Option<Tdys>,
    /// Remark.
    #[serde(default, deserialize_with = "null_as_default")]
    pub bz: String,
    /// Number of the tax receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wspzhm: Option<String>,
    /// Contract.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ht: Option<Ht>,
    /// What was attached: 01 identity document, 02 licence, 03 contract, 04 payer's confirmation.
    #[serde(default, rename = "fjlxDm", deserialize_with = "null_as_default")]
    pub fjlx_dm: Vec<String>,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mx {
    /// Number of the line, from 1.
    pub xh: u32,
    /// Item code, 19 digits.
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
    /// Rate.
    pub sl1: String,
    /// Tax.
    pub se: Cents,
}

/// The person who acts (经办人).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jbr {
    /// Name.
    pub xm: String,
    /// Identity number.
    pub sfzjhm: String,
    /// Telephone.
    #[serde(default, deserialize_with = "null_as_default")]
    pub sjhm: String,
}

/// An exemption (减免).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jm {
    /// Exempt tax.
    pub jmse: Cents,
    /// Code of the relief.
    #[serde(rename = "ssjmxzDm")]
    pub ssjmxz_dm: String,
    /// Reason.
    #[serde(default, deserialize_with = "null_as_default")]
    pub jmyy: String,
}

/// A contract (合同).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ht {
    /// Number.
    pub htbh: String,
    /// Gross amount.
    pub htje: Cents,
    /// Seller's name.
    pub xsfmc: String,
    /// Buyer's name.
    pub gmfmc: String,
}

impl TryFrom<Sqxx> for Application {
    type Error = WireError;

    fn try_from(wire: Sqxx) -> Result<Self, WireError> {
        Ok(Self {
            application_number: wire.sqbh,
            applied_on: wire.sqrq,
            transaction_date: wire.jyrq,
            invoice_type: codes::read_invoice_type("fppzDm", &wire.fppz_dm)?,
            applicant_kind: codes::read_applicant_kind("sqrlxDm", &wire.sqrlx_dm)?,
            seller: Party {
                name: wire.xsfmc,
                tax_id: wire.xsfnsrsbh,
                address: wire.xsfdz,
                phone: wire.xsfdh,
                bank: wire.xsfkhh,
                account: wire.xsfzh,
            },
            buyer: Party {
                name: wire.gmfmc,
                tax_id: wire.gmfnsrsbh,
                address: wire.gmfdz,
                phone: wire.gmfdh,
                bank: wire.gmfkhh,
                account: wire.gmfzh,
            },
            agent: wire.jbr.map(|jbr| Agent {
                name: jbr.xm,
                identity_number: jbr.sfzjhm,
                phone: jbr.sjhm,
            }),
            exemption: wire.jm.map(|jm| Exemption {
                tax: jm.jmse,
                code: jm.ssjmxz_dm,
                reason: jm.jmyy,
            }),
            lines: wire.mxlist.into_iter().map(Line::from).collect(),
            total_net: wire.hjje,
            total_tax: wire.hjse,
            total_gross: wire.jshj,
            total_in_words: wire.jshjdx,
            special_element: wire.tdys.map(SpecialElement::try_from).transpose()?,
            remark: wire.bz,
            tax_receipt_number: present(wire.wspzhm),
            contract: wire.ht.map(|ht| Contract {
                number: ht.htbh,
                amount: ht.htje,
                seller_name: ht.xsfmc,
                buyer_name: ht.gmfmc,
            }),
            attachments: wire
                .fjlx_dm
                .iter()
                .map(|word| codes::read_attachment("fjlxDm", word))
                .collect::<Result<_, _>>()?,
        })
    }
}

impl From<Application> for Sqxx {
    fn from(application: Application) -> Self {
        let lines = application.lines.into_iter().zip(1..);
        Self {
            sqbh: application.application_number,
            sqrq: application.applied_on,
            jyrq: application.transaction_date,
            fppz_dm: codes::invoice_type_code(application.invoice_type).into(),
            sqrlx_dm: codes::applicant_kind_code(application.applicant_kind).into(),
            xsfnsrsbh: application.seller.tax_id,
            xsfmc: application.seller.name,
            xsfdz: application.seller.address,
            xsfdh: application.seller.phone,
            xsfkhh: application.seller.bank,
            xsfzh: application.seller.account,
            gmfnsrsbh: application.buyer.tax_id,
            gmfmc: application.buyer.name,
            gmfdz: application.buyer.address,
            gmfdh: application.buyer.phone,
            gmfkhh: application.buyer.bank,
            gmfzh: application.buyer.account,
            jbr: application.agent.map(|agent| Jbr {
                xm: agent.name,
                sfzjhm: agent.identity_number,
                sjhm: agent.phone,
            }),
            jm: application.exemption.map(|exemption| Jm {
                jmse: exemption.tax,
                ssjmxz_dm: exemption.code,
                jmyy: exemption.reason,
            }),
            mxlist: lines.map(|(line, number)| Mx::of(line, number)).collect(),
            hjje: application.total_net,
            hjse: application.total_tax,
            jshj: application.total_gross,
            jshjdx: application.total_in_words,
            tdys: application.special_element.map(Tdys::from),
            bz: application.remark,
            wspzhm: application.tax_receipt_number,
            ht: application.contract.map(|contract| Ht {
                htbh: contract.number,
                htje: contract.amount,
                xsfmc: contract.seller_name,
                gmfmc: contract.buyer_name,
            }),
            fjlx_dm: application
                .attachments
                .into_iter()
                .map(|attachment| codes::attachment_code(attachment).into())
                .collect(),
        }
    }
}

impl From<Mx> for Line {
    fn from(wire: Mx) -> Self {
        Self {
            item_name: wire.hwhyslwfwmc,
            item_code: wire.sphfwssflhbbm,
            specification: wire.ggxh,
            unit: wire.dw,
            quantity: present(wire.fpspsl),
            unit_price: present(wire.fpspdj),
            net: wire.je,
            levy_rate: wire.sl1,
            tax: wire.se,
        }
    }
}

impl Mx {
    /// The wire form of the line with the number `xh`, from 1.
    pub fn of(line: Line, xh: u32) -> Self {
        Self {
            xh,
            sphfwssflhbbm: line.item_code,
            hwhyslwfwmc: line.item_name,
            ggxh: line.specification,
            dw: line.unit,
            fpspsl: line.quantity,
            fpspdj: line.unit_price,
            je: line.net,
            sl1: line.levy_rate,
            se: line.tax,
        }
    }
}

#[cfg(test)]
mod tests;

//! What the platform knows about an application and its parties.

use clerkwork_connectors_api::agent_invoice::{
    self as contract, Accumulation, ApplicationStatus, Counts, Issued, Relations, TaxReceipt,
    TaxpayerRisk,
};
use clerkwork_core::{Cents, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    DossierQuery, IssueAnswer, StatusAnswer, WireError,
    codes::{self, Bz, Sqzt},
    null_as_default, present,
};

/// One dossier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dossier {
    /// Number of the application.
    pub sqbh: String,
    /// State, see [`Sqzt`]; absent when the platform does not know the application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sqzt: Option<String>,
    /// Number of the invoice when one was issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fphm: Option<String>,
    /// The seller, when registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub xf: Option<Fxxx>,
    /// The buyer, when registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gmf: Option<Fxxx>,
    /// The seller's accumulation.
    pub lj: Lj,
    /// Relations to other applications.
    pub gl: Gl,
    /// The tax receipt that was asked for, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wspz: Option<Wspz>,
}

/// Risk information of a taxpayer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fxxx {
    /// Tax id.
    pub nsrsbh: String,
    /// Registered name.
    pub nsrmc: String,
    /// Registration: 01 正常, 02 非正常, 03 注销.
    pub nsrzt: String,
    /// Risk class: empty, 01 Ⅰ, 02 Ⅱ, 03 Ⅲ, 04 Ⅳ.
    #[serde(default, deserialize_with = "null_as_default")]
    pub fxnsrlx: String,
    /// Credit grade: empty, A, B, C, D or M.
    #[serde(default, deserialize_with = "null_as_default")]
    pub nsrxydj: String,
    /// Warning: empty, 01 red, 02 yellow, 03 blue.
    #[serde(default, deserialize_with = "null_as_default")]
    pub nsryjjb: String,
    /// On the risk list: Y or N, or empty. Follows from the class, so it is not read.
    #[serde(default, deserialize_with = "null_as_default")]
    pub fxnsrbz: String,
}

/// Accumulation (累计).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lj {
    /// Applications of the day.
    pub rbs: u32,
    /// Net amount of the day.
    pub rje: Cents,
    /// Applications of the month.
    pub ybs: u32,
    /// Net amount of the month.
    pub yje: Cents,
    /// Net amount of the quarter.
    pub jje: Cents,
    /// Net amount of the 12 months that end with the month.
    pub lxseyje: Cents,
}

/// Relations (关联) over the last 30 days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gl {
    /// Duplicates of the application.
    pub cfbs: u32,
    /// Sellers of the buyer.
    pub gmfxfs: u32,
    /// Sellers of the person who acts.
    pub jbrxfs: u32,
    /// Sellers of the telephone number.
    pub sjhxfs: u32,
    /// Applications for the buyer on the day; older platforms say none of these six.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gmfrbs: Option<u32>,
    /// … in the month.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gmfybs: Option<u32>,
    /// Applications of the person who acts on the day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jbrrbs: Option<u32>,
    /// … in the month.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jbrybs: Option<u32>,
    /// Applications with the telephone number on the day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sjhrbs: Option<u32>,
    /// … in the month.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sjhybs: Option<u32>,
}

/// A tax receipt (完税凭证).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wspz {
    /// Its number.
    pub wspzhm: String,
    /// Tax paid.
    pub sjje: Cents,
    /// Tax id of the payer.
    pub jkrsbh: String,
    /// Already used: Y or N.
    pub sybz: String,
}

/// Reads a state and what belongs to it.
fn status(sqzt: &str, fphm: Option<String>) -> Result<ApplicationStatus, WireError> {
    Ok(match Sqzt::read("sqzt", sqzt)? {
        Sqzt::Pending => ApplicationStatus::Pending,
        Sqzt::Issued => ApplicationStatus::Issued {
            invoice_number: codes::read_invoice_number(
                "fphm",
                present(fphm).ok_or(WireError::Missing {
                    field: "fphm",
                    because: "sqzt",
                })?,
            )?,
        },
        Sqzt::Returned => ApplicationStatus::Returned,
        Sqzt::Withdrawn => ApplicationStatus::Withdrawn,
    })
}

impl TryFrom<StatusAnswer> for ApplicationStatus {
    type Error = WireError;

    fn try_from(answer: StatusAnswer) -> Result<Self, WireError> {
        status(&answer.sqzt, answer.fphm)
    }
}

impl TryFrom<IssueAnswer> for Issued {
    type Error = WireError;

    fn try_from(answer: IssueAnswer) -> Result<Self, WireError> {
        Ok(Self {
            invoice_number: codes::read_invoice_number("fphm", answer.fphm)?,
        })
    }
}

impl From<&ApplicationStatus> for StatusAnswer {
    fn from(status: &ApplicationStatus) -> Self {
        let (word, number) = match status {
            ApplicationStatus::Pending => (Sqzt::Pending, None),
            ApplicationStatus::Issued { invoice_number } => (Sqzt::Issued, Some(invoice_number)),
            ApplicationStatus::Returned => (Sqzt::Returned, None),
            ApplicationStatus::Withdrawn => (Sqzt::Withdrawn, None),
        };
        Self {
            sqzt: word.code().into(),
            fphm: number.cloned(),
        }
    }
}

impl TryFrom<Fxxx> for TaxpayerRisk {
    type Error = WireError;

    fn try_from(wire: Fxxx) -> Result<Self, WireError> {
        Ok(Self {
            registration: codes::read_registration("nsrzt", &wire.nsrzt)?,
            name: wire.nsrmc,
            class: codes::read_risk_class("fxnsrlx", &wire.fxnsrlx)?,
            warning: codes::read_warning("nsryjjb", &wire.nsryjjb)?,
            credit_grade: codes::read_credit_grade("nsrxydj", &wire.nsrxydj)?,
        })
    }
}

impl Fxxx {
    /// The wire form of what is known about the taxpayer `nsrsbh`.
    pub fn of(nsrsbh: &str, risk: &TaxpayerRisk) -> Self {
        let listed = !matches!(risk.class, contract::RiskClass::None);
        Self {
            nsrsbh: nsrsbh.into(),
            nsrmc: risk.name.clone(),
            nsrzt: codes::registration_code(risk.registration).into(),
            fxnsrlx: codes::risk_class_code(risk.class).into(),
            nsrxydj: risk.credit_grade.clone().unwrap_or_default(),
            nsryjjb: codes::warning_code(risk.warning).into(),
            fxnsrbz: Bz::from(listed).code().into(),
        }
    }
}

impl From<Lj> for Accumulation {
    fn from(wire: Lj) -> Self {
        Self {
            day_count: wire.rbs,
            day_net: wire.rje,
            month_count: wire.ybs,
            month_net: wire.yje,
            quarter_net: wire.jje,
            twelve_months_net: wire.lxseyje,
        }
    }
}

impl From<Accumulation> for Lj {
    fn from(sums: Accumulation) -> Self {
        Self {
            rbs: sums.day_count,
            rje: sums.day_net,
            ybs: sums.month_count,
            yje: sums.month_net,
            jje: sums.quarter_net,
            lxseyje: sums.twelve_months_net,
        }
    }
}

impl From<Gl> for Relations {
    fn from(wire: Gl) -> Self {
        Self {
            duplicates: wire.cfbs,
            sellers_of_buyer: wire.gmfxfs,
            sellers_of_agent: wire.jbrxfs,
            sellers_of_phone: wire.sjhxfs,
            buyer_counts: Counts {
                day: wire.gmfrbs,
                month: wire.gmfybs,
            },
            agent_counts: Counts {
                day: wire.jbrrbs,
                month: wire.jbrybs,
            },
            phone_counts: Counts {
                day: wire.sjhrbs,
                month: wire.sjhybs,
            },
        }
    }
}

impl From<Relations> for Gl {
    fn from(relations: Relations) -> Self {
        Self {
            cfbs: relations.duplicates,
            gmfxfs: relations.sellers_of_buyer,
            jbrxfs: relations.sellers_of_agent,
            sjhxfs: relations.sellers_of_phone,
            gmfrbs: relations.buyer_counts.day,
            gmfybs: relations.buyer_counts.month,
            jbrrbs: relations.agent_counts.day,
            jbrybs: relations.agent_counts.month,
            sjhrbs: relations.phone_counts.day,
            sjhybs: relations.phone_counts.month,
        }
    }
}

impl TryFrom<Wspz> for TaxReceipt {
    type Error = WireError;

    fn try_from(wire: Wspz) -> Result<Self, WireError> {
        Ok(Self {
            tax_paid: wire.sjje,
            payer_tax_id: wire.jkrsbh,
            used: Bz::read("sybz", &wire.sybz)? == Bz::Yes,
        })
    }
}

impl Wspz {
    /// The wire form of the receipt `wspzhm`.
    pub fn of(wspzhm: &str, receipt: &TaxReceipt) -> Self {
        Self {
            wspzhm: wspzhm.into(),
            sjje: receipt.tax_paid,
            jkrsbh: receipt.payer_tax_id.clone(),
            sybz: Bz::from(receipt.used).code().into(),
        }
    }
}

impl Dossier {
    /// The dossier in plain terms. `sjc` is the answer's time in milliseconds since 1970 UTC.
    pub fn into_contract(self, sjc: i64) -> Result<contract::Dossier, WireError> {
        let fphm = self.fphm;
        Ok(contract::Dossier {
            as_of: Timestamp(sjc.saturating_mul(1000)),
            status: present(self.sqzt)
                .map(|word| status(&word, fphm))
                .transpose()?,
            seller: self.xf.map(TaxpayerRisk::try_from).transpose()?,
            buyer: self.gmf.map(TaxpayerRisk::try_from).transpose()?,
            accumulation: self.lj.into(),
            relations: self.gl.into(),
            page: None,
            receipt: self.wspz.map(TaxReceipt::try_from).transpose()?,
        })
    }

    /// The wire form of the dossier that answers `query`.
    pub fn of(query: &DossierQuery, dossier: &contract::Dossier) -> Self {
        let status = dossier.status.as_ref().map(StatusAnswer::from);
        let (sqzt, fphm) = match status {
            Some(answer) => (Some(answer.sqzt), answer.fphm),
            None => (None, None),
        };
        let receipt = |r| Wspz::of(query.wspzhm.as_deref().unwrap_or_default(), r);
        Self {
            sqbh: query.sqbh.clone(),
            sqzt,
            fphm,
            xf: dossier
                .seller
                .as_ref()
                .map(|risk| Fxxx::of(&query.xfnsrsbh, risk)),
            gmf: dossier
                .buyer
                .as_ref()
                .map(|risk| Fxxx::of(&query.gmfnsrsbh, risk)),
            lj: dossier.accumulation.into(),
            gl: dossier.relations.into(),
            wspz: dossier.receipt.as_ref().map(receipt),
        }
    }
}

impl From<contract::DossierQuery> for DossierQuery {
    fn from(query: contract::DossierQuery) -> Self {
        Self {
            sqbh: query.application_number,
            xfnsrsbh: query.seller_tax_id,
            gmfnsrsbh: query.buyer_tax_id,
            wspzhm: query.tax_receipt_number,
            jyrq: query.transaction_date,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clerkwork_connectors_api::agent_invoice::{Registration, RiskClass, Warning};

    fn sample() -> (DossierQuery, contract::Dossier) {
        let query = DossierQuery {
            sqbh: "DK1".into(),
            xfnsrsbh: "S".into(),
            gmfnsrsbh: "B".into(),
            wspzhm: Some("W".into()),
            jyrq: jiff::civil::date(2026, 3, 1),
        };
        let dossier = contract::Dossier {
            as_of: Timestamp(1_772_352_000_123_000),
            status: Some(ApplicationStatus::Issued {
                invoice_number: "26442000000000000001".into(),
            }),
            seller: None,
            buyer: Some(TaxpayerRisk {
                registration: Registration::Abnormal,
                name: "买方".into(),
                class: RiskClass::Medium,
                warning: Warning::Yellow,
                credit_grade: Some("M".into()),
            }),
            accumulation: Accumulation {
                day_count: 1,
                day_net: Cents(2),
                month_count: 3,
                month_net: Cents(4),
                quarter_net: Cents(5),
                twelve_months_net: Cents(6),
            },
            relations: Relations {
                duplicates: 7,
                sellers_of_buyer: 8,
                sellers_of_agent: 9,
                sellers_of_phone: 10,
                buyer_counts: counts(12, 13),
                agent_counts: counts(14, 15),
                phone_counts: counts(16, 17),
            },
            page: None,
            receipt: Some(TaxReceipt {
                tax_paid: Cents(11),
                payer_tax_id: "S".into(),
                used: true,
            }),
        };
        (query, dossier)
    }

    #[test]
    fn a_dossier_reads_back_from_its_wire_form() {
        let (query, dossier) = sample();
        let wire = serde_json::to_string(&Dossier::of(&query, &dossier)).unwrap();
        let read: Dossier = serde_json::from_str(&wire).unwrap();
        assert_eq!(read.into_contract(1_772_352_000_123).unwrap(), dossier);
    }

    #[test]
    fn the_wire_names_are_the_platforms_own() {
        let (query, dossier) = sample();
        let wire = serde_json::to_value(Dossier::of(&query, &dossier)).unwrap();
        assert_eq!(
            wire,
            serde_json::json!({
                "sqbh": "DK1", "sqzt": "01", "fphm": "26442000000000000001",
                "gmf": {"nsrsbh": "B", "nsrmc": "买方", "nsrzt": "02", "fxnsrlx": "02",
                        "nsrxydj": "M", "nsryjjb": "02", "fxnsrbz": "Y"},
                "lj": {"rbs": 1, "rje": "0.02", "ybs": 3, "yje": "0.04", "jje": "0.05", "lxseyje": "0.06"},
                "gl": {"cfbs": 7, "gmfxfs": 8, "jbrxfs": 9, "sjhxfs": 10,
                       "gmfrbs": 12, "gmfybs": 13, "jbrrbs": 14, "jbrybs": 15,
                       "sjhrbs": 16, "sjhybs": 17},
                "wspz": {"wspzhm": "W", "sjje": "0.11", "jkrsbh": "S", "sybz": "Y"},
            })
        );
    }

    fn counts(day: u32, month: u32) -> Counts {
        Counts {
            day: Some(day),
            month: Some(month),
        }
    }

    #[test]
    fn counts_that_the_platform_does_not_say_are_not_known() {
        let wire = r#"{"cfbs": 7, "gmfxfs": 8, "jbrxfs": 9, "sjhxfs": 10}"#;
        let relations = Relations::from(serde_json::from_str::<Gl>(wire).unwrap());
        for counts in [
            relations.buyer_counts,
            relations.agent_counts,
            relations.phone_counts,
        ] {
            assert_eq!(counts, Counts::default());
        }
    }

    #[test]
    fn an_issued_application_without_a_number_is_an_error() {
        let answer = StatusAnswer {
            sqzt: "01".into(),
            fphm: Some(String::new()),
        };
        assert_eq!(
            ApplicationStatus::try_from(answer),
            Err(WireError::Missing {
                field: "fphm",
                because: "sqzt"
            })
        );
    }
}

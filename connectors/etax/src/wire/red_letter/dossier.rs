//! What the platform knows about an application for a reversal.

use clerkwork_connectors_api::{
    agent_invoice::TaxpayerRisk,
    red_letter::{
        BlueInvoice, BlueTraces, IssuerActivity, RedLetterApplication, RedLetterDossier,
        RedLetterStatus, SettlementReceipt,
    },
};
use clerkwork_core::{Cents, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    super::{Fxxx, WireError, codes::Bz, present},
    DossierQuery, Hzqrd, Hzsqxx, Lzfp, StatusAnswer,
    reads::read_forms,
};

/// One dossier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dossier {
    /// Number of the application.
    pub sqbh: String,
    /// State, see [`Hzsqzt`](super::super::codes::Hzsqzt); absent when the platform does not know
    /// the application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sqzt: Option<String>,
    /// Number of the red invoice when the application is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hzfphm: Option<String>,
    /// The application as it was made; absent when the platform does not know it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sqxx: Option<Hzsqxx>,
    /// The blue invoice, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lzfp: Option<Lzfp>,
    /// A form of the blue invoice is being saved (保存状态): Y or N.
    pub bczt: String,
    /// All forms of the blue invoice, as they were entered.
    #[serde(rename = "hzqrdList")]
    pub hzqrd_list: Vec<Hzqrd>,
    /// The seller, when registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub xf: Option<Fxxx>,
    /// The buyer, when registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gmf: Option<Fxxx>,
    /// How the seller has been issuing.
    pub kphd: Kphd,
    /// The tax receipt behind an agent-issued invoice, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wspz: Option<Hzwspz>,
}

/// How the seller has been issuing (开票活动), over the last closed filing period unless told
/// otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kphd {
    /// Invoices issued.
    pub kps: u32,
    /// Red ones.
    pub hps: u32,
    /// Voided ones.
    pub fps: u32,
    /// Those just under the quota of a single invoice (顶额).
    pub des: u32,
    /// Red ones at the ends of the last three closed months.
    pub ymhps: u32,
    /// Reversals after which the same goods were invoiced to another buyer.
    pub hckps: u32,
}

/// A tax receipt (完税凭证) to be settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hzwspz {
    /// Tax paid.
    pub sjje: Cents,
    /// Of it, what was paid back or set off before.
    pub ytdje: Cents,
    /// Tax id of the payer.
    pub jkrsbh: String,
}

impl From<Kphd> for IssuerActivity {
    fn from(wire: Kphd) -> Self {
        Self {
            issued: wire.kps,
            red: wire.hps,
            voided: wire.fps,
            top_of_quota: wire.des,
            month_end_reds: wire.ymhps,
            reissued_to_others: wire.hckps,
        }
    }
}

impl From<IssuerActivity> for Kphd {
    fn from(activity: IssuerActivity) -> Self {
        Self {
            kps: activity.issued,
            hps: activity.red,
            fps: activity.voided,
            des: activity.top_of_quota,
            ymhps: activity.month_end_reds,
            hckps: activity.reissued_to_others,
        }
    }
}

impl From<Hzwspz> for SettlementReceipt {
    fn from(wire: Hzwspz) -> Self {
        Self {
            tax_paid: wire.sjje,
            settled: wire.ytdje,
            payer_tax_id: wire.jkrsbh,
        }
    }
}

impl From<&SettlementReceipt> for Hzwspz {
    fn from(receipt: &SettlementReceipt) -> Self {
        Self {
            sjje: receipt.tax_paid,
            ytdje: receipt.settled,
            jkrsbh: receipt.payer_tax_id.clone(),
        }
    }
}

impl Dossier {
    /// The dossier in plain terms. `sjc` is the answer's time in milliseconds since 1970 UTC.
    pub fn into_contract(self, sjc: i64) -> Result<RedLetterDossier, WireError> {
        let hzfphm = self.hzfphm;
        let status = |sqzt| RedLetterStatus::try_from(StatusAnswer { sqzt, hzfphm });
        Ok(RedLetterDossier {
            as_of: Timestamp(sjc.saturating_mul(1000)),
            status: present(self.sqzt).map(status).transpose()?,
            application: self.sqxx.map(RedLetterApplication::try_from).transpose()?,
            blue: self.lzfp.map(BlueInvoice::try_from).transpose()?,
            traces: BlueTraces {
                forms: read_forms(self.hzqrd_list)?,
                saving: Bz::read("bczt", &self.bczt)? == Bz::Yes,
            },
            seller: self.xf.map(TaxpayerRisk::try_from).transpose()?,
            buyer: self.gmf.map(TaxpayerRisk::try_from).transpose()?,
            activity: self.kphd.into(),
            page: None,
            receipt: self.wspz.map(SettlementReceipt::from),
        })
    }

    /// The wire form of the dossier that answers `query`.
    pub fn of(query: &DossierQuery, dossier: &RedLetterDossier) -> Self {
        let (sqzt, hzfphm) = match dossier.status.as_ref().map(StatusAnswer::from) {
            Some(answer) => (Some(answer.sqzt), answer.hzfphm),
            None => (None, None),
        };
        Self {
            sqbh: query.sqbh.clone(),
            sqzt,
            hzfphm,
            sqxx: dossier.application.clone().map(Hzsqxx::from),
            lzfp: dossier.blue.as_ref().map(Lzfp::from),
            bczt: Bz::from(dossier.traces.saving).code().into(),
            hzqrd_list: dossier.traces.forms.iter().map(Hzqrd::from).collect(),
            xf: dossier
                .seller
                .as_ref()
                .map(|risk| Fxxx::of(&query.xfnsrsbh, risk)),
            gmf: dossier
                .buyer
                .as_ref()
                .map(|risk| Fxxx::of(&query.gmfnsrsbh, risk)),
            kphd: dossier.activity.into(),
            wspz: dossier.receipt.as_ref().map(Hzwspz::from),
        }
    }
}

//! What the platform knows beyond the applications: registered taxpayers, and what sellers and
//! buyers did before and elsewhere.

use clerkwork_connectors_api::agent_invoice::{Registration, RiskClass, TaxpayerRisk, Warning};

use super::{
    build::Terms,
    case::{Case, Defect, Risk},
    draw::Draw,
    people::{Form, entity},
    plan::{Plan, Shape},
};

/// Why a taxpayer stands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Usual,
    Abnormal,
    Deregistered,
    HighRisk,
    RedWarning,
}

/// A registered taxpayer: enough to make the rest again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Listing {
    number: u32,
    form: Form,
    standing: Standing,
}

impl Listing {
    /// The entity `number`, who stands out so.
    pub(crate) const fn new(number: u32, form: Form, standing: Standing) -> Self {
        Self {
            number,
            form,
            standing,
        }
    }

    /// The entity's number.
    pub(crate) const fn number(self) -> u32 {
        self.number
    }

    /// The buyer of `plan`; nothing when it is not registered.
    pub(crate) fn of_buyer(plan: &Plan) -> Option<Self> {
        let standing = match plan.case {
            Case::Defect(Defect::BuyerNonexistent) => return None,
            Case::Defect(Defect::BuyerAbnormal) => Standing::Abnormal,
            Case::Defect(Defect::BuyerDeregistered) => Standing::Deregistered,
            Case::Risk(Risk::HighRiskBuyer) => Standing::HighRisk,
            Case::Risk(Risk::RedWarning) => Standing::RedWarning,
            Case::Clean | Case::Defect(_) | Case::Risk(_) => Standing::Usual,
        };
        let company = !plan.buyer.person;
        company.then_some(Self {
            number: plan.buyer.number,
            form: Form::Company,
            standing,
        })
    }

    /// The seller of `plan`; natural persons are not registered.
    pub(crate) fn of_seller(plan: &Plan) -> Option<Self> {
        let standing = match plan.case {
            Case::Risk(Risk::HighRiskSeller) => Standing::HighRisk,
            Case::Clean | Case::Defect(_) | Case::Risk(_) => Standing::Usual,
        };
        let listed = plan.form != Form::Person;
        listed.then_some(Self {
            number: plan.seller,
            form: plan.form,
            standing,
        })
    }

    /// What the platform says about the taxpayer.
    pub(crate) fn risk(self, seed: u64) -> TaxpayerRisk {
        let mut draw = Draw::new(seed ^ 0x815C, u64::from(self.number));
        let (registration, class, warning) = match self.standing {
            Standing::Usual => {
                let class = if draw.permille(150) {
                    RiskClass::Low
                } else {
                    RiskClass::None
                };
                (Registration::Normal, class, Warning::None)
            }
            Standing::Abnormal => (Registration::Abnormal, RiskClass::None, Warning::None),
            Standing::Deregistered => (Registration::Deregistered, RiskClass::None, Warning::None),
            Standing::HighRisk => (Registration::Normal, RiskClass::High, Warning::None),
            Standing::RedWarning => (Registration::Normal, RiskClass::None, Warning::Red),
        };
        let grade = match self.standing {
            Standing::Abnormal | Standing::HighRisk => "D",
            _ => draw.pick(&["A", "A", "B", "B", "B", "M", "M", "C"]),
        };
        TaxpayerRisk {
            registration,
            name: entity(seed, self.number, self.form).party.name,
            class,
            warning,
            credit_grade: (self.form == Form::Company).then(|| grade.to_string()),
        }
    }
}

/// What happened before the world's first day, or in other bureaux.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct History {
    pub(crate) month_count: u32,
    pub(crate) month_net: i64,
    pub(crate) quarter_net: i64,
    pub(crate) year_net: i64,
    pub(crate) sellers_of_buyer: u32,
    pub(crate) sellers_of_agent: u32,
    pub(crate) sellers_of_phone: u32,
}

/// The line of the month in cents, under which [`Risk::UnderLine`] ends.
const MONTH_LINE: i64 = 10_000_000;

/// The history behind the application of `plan`, whose own net amount is `net` cents. It stays far
/// from every line of the law unless the case is about a line.
pub(crate) fn history(terms: Terms, plan: &Plan, net: i64) -> History {
    // By seller, so that all applications of one seller have the same past.
    let mut draw = Draw::new(terms.seed ^ 0x4157, u64::from(plan.seller));
    let mut past = History::default();
    match plan.shape {
        Shape::PersonOrdinary | Shape::PersonExempt | Shape::PersonSpecial => {
            past.year_net = if draw.permille(300) {
                draw.range(200_000, 8_000_000)
            } else {
                0
            };
        }
        Shape::OtherSpecial => {
            past.quarter_net = draw.range(0, 6_000_000);
            past.year_net = past.quarter_net + draw.range(5_000_000, 180_000_000);
        }
        Shape::OtherOrdinary => {
            past.month_count = draw.range(2, 5) as u32;
            past.month_net = draw.range(11_000_000, 18_000_000);
            past.quarter_net = past.month_net + draw.range(25_000_000, 40_000_000);
            past.year_net = past.quarter_net + draw.range(10_000_000, 150_000_000);
        }
        Shape::OtherExempt => {
            past.month_count = draw.range(0, 2) as u32;
            past.month_net = i64::from(past.month_count) * draw.range(100_000, 1_000_000);
            past.quarter_net = past.month_net + draw.range(0, 10_000_000);
            past.year_net = past.quarter_net + draw.range(0, 60_000_000);
        }
    }
    match plan.case {
        Case::Risk(Risk::UnderLine) => {
            past.month_count = 2;
            past.month_net = MONTH_LINE - draw.range(5_000, 60_000) - net;
            past.quarter_net = past.month_net;
            past.year_net = past.month_net;
        }
        Case::Risk(Risk::OverGeneralLine) => {
            past.year_net = 500_000_000 + draw.range(1, 90_000_000)
        }
        Case::Risk(Risk::MonthBurst) => past.month_count = 11,
        Case::Risk(Risk::ManySellers) => past.sellers_of_buyer = 15,
        Case::Risk(Risk::OneAgent) => past.sellers_of_agent = 11,
        Case::Risk(Risk::OnePhone) => past.sellers_of_phone = 11,
        Case::Clean | Case::Defect(_) | Case::Risk(_) => {}
    }
    past
}

//! How a taxpayer stands, in the words of the policy schema.

use clerkwork_connectors_api::agent_invoice::{Registration, RiskClass, TaxpayerRisk, Warning};

/// Registration, risk class and warning. Somebody who is not registered is not classed either.
pub(crate) fn words(taxpayer: Option<&TaxpayerRisk>) -> [&'static str; 3] {
    let Some(taxpayer) = taxpayer else {
        return ["unregistered", "none", "none"];
    };
    [
        match taxpayer.registration {
            Registration::Normal => "normal",
            Registration::Abnormal => "abnormal",
            Registration::Deregistered => "deregistered",
        },
        match taxpayer.class {
            RiskClass::High => "high",
            RiskClass::Medium => "medium",
            RiskClass::Low => "low",
            RiskClass::None => "none",
        },
        match taxpayer.warning {
            Warning::None => "none",
            Warning::Blue => "blue",
            Warning::Yellow => "yellow",
            Warning::Red => "red",
        },
    ]
}

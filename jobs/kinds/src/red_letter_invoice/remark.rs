//! The remark that a red invoice bears.

use clerkwork_connectors_api::red_letter::{BlueInvoice, RedLetterApplication, Trader};
use jiff::civil::Date;

use crate::{identifiers::TaxId, names};

/// What the credit codes of sole traders (个体工商户) begin with.
const SOLE_TRADER: &str = "92";

/// Names what is reversed. For an agent-issued invoice it names on whose behalf the bureau issued
/// it, but only an organisation: what tells of a natural person stays out of every record.
pub(super) fn of(
    application: &RedLetterApplication,
    blue: &BlueInvoice,
    form_number: &str,
) -> String {
    let code = application.blue.code.as_deref();
    let number = &application.blue.number;
    if let Some(agent) = &blue.agent_issued {
        let principal = &agent.principal;
        if is_organisation(principal, application.applied_on) {
            let code = code.map_or_else(String::new, |code| format!("代码:{code}"));
            return format!(
                "对应正数发票{code}号码:{number}代开企业税号:{}代开企业名称:{}",
                principal.tax_id, principal.name
            );
        }
    }
    match code {
        None => format!("被红冲蓝字数电票号码:{number} 红字发票信息确认单编号:{form_number}"),
        Some(code) => {
            format!("被红冲蓝字发票代码:{code} 号码:{number} 红字发票信息确认单编号:{form_number}")
        }
    }
}

/// Whether somebody is surely an organisation. A sole trader is a natural person, also under the
/// name of a shop; and of a code from before 2015 nobody can tell whose it is, since sole traders
/// bore those of organisations, and an old identity number may pass as one.
fn is_organisation(principal: &Trader, on: Date) -> bool {
    TaxId::read(&principal.tax_id, on) == Ok(TaxId::CreditCode)
        && !principal.tax_id.starts_with(SOLE_TRADER)
        && names::is_organisation(&principal.name)
}

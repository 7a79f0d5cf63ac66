//! The remark that a red invoice bears.

use clerkwork_connectors_api::red_letter::{BlueInvoice, RedLetterApplication};

use crate::{identifiers::TaxId, names};

/// Names what is reversed. For an agent-issued invoice it names on whose behalf the bureau issued
/// it, but only a company: what a natural person is called stays out of every record.
pub(super) fn of(
    application: &RedLetterApplication,
    blue: &BlueInvoice,
    form_number: &str,
) -> String {
    let code = application.blue.code.as_deref();
    let number = &application.blue.number;
    if let Some(agent) = &blue.agent_issued {
        let principal = &agent.principal;
        let company = matches!(
            TaxId::read(&principal.tax_id, application.applied_on),
            Ok(TaxId::CreditCode | TaxId::OldOrganisation)
        ) && names::is_organisation(&principal.name);
        if company {
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

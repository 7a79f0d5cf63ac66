//! What the engine itself refuses, whatever the rules say. Every id begins with `engine.`.

use clerkwork_core::{RuleHit, Text, Tier, Verdict};

use crate::vocabulary::FactType;

/// The kind is never completed by a robot.
pub const NEVER_UNATTENDED: &str = "engine.never_unattended";
/// The schema does not know the kind.
pub const UNKNOWN_KIND: &str = "engine.unknown_kind";
/// The schema does not know a fact.
pub const UNKNOWN_FACT: &str = "engine.unknown_fact";
/// A fact has another type than the schema says.
pub const WRONG_TYPE: &str = "engine.wrong_type";
/// The question could not be put to Cedar.
pub const NO_REQUEST: &str = "engine.no_request";
/// A rule could not be evaluated.
pub const EVALUATION_FAILED: &str = "engine.evaluation_failed";
/// No rule permits it.
pub const NO_PERMIT: &str = "engine.no_permit";
/// Rules ask that the item be returned, and no rule permits a robot to do so.
pub const NO_RETURN_PERMIT: &str = "engine.no_return_permit";

/// How many failed conditions of permits a reason names.
const NAMED_CONDITIONS: usize = 5;

fn hit(id: &str, tier: Tier, zh: String, en: String) -> RuleHit {
    RuleHit {
        id: id.into(),
        tier,
        asks: Verdict::Review,
        reason: Text::owned(zh, en),
    }
}

pub(crate) fn never_unattended() -> RuleHit {
    hit(
        NEVER_UNATTENDED,
        Tier::Enforcement,
        "此类事项一律由人工办理，任何规则均不得放行".into(),
        "items of this kind are always decided by a person, whatever the rules say".into(),
    )
}

pub(crate) fn unknown_kind(resource_type: &str) -> RuleHit {
    hit(
        UNKNOWN_KIND,
        Tier::Enforcement,
        format!("规则中没有事项类型 `{resource_type}`，转人工办理"),
        format!("the rules do not know kind `{resource_type}`; a person must decide"),
    )
}

pub(crate) fn unknown_fact(name: &str) -> RuleHit {
    hit(
        UNKNOWN_FACT,
        Tier::Business,
        format!("事实 `{name}` 未在规则词汇表中登记，无法采信"),
        format!("fact `{name}` is not in the schema and cannot be judged"),
    )
}

pub(crate) fn wrong_type(name: &str, wanted: FactType, found: FactType) -> RuleHit {
    let (wanted_zh, found_zh) = (wanted.zh(), found.zh());
    hit(
        WRONG_TYPE,
        Tier::Business,
        format!("事实 `{name}` 应为{wanted_zh}，实为{found_zh}，无法采信"),
        format!("fact `{name}` is {found} where the schema says {wanted}"),
    )
}

pub(crate) fn no_request(error: &dyn std::error::Error) -> RuleHit {
    hit(
        NO_REQUEST,
        Tier::Business,
        format!("无法按规则提问：{error}"),
        format!("the question could not be put: {error}"),
    )
}

pub(crate) fn evaluation_failed(id: &str, error: &str) -> RuleHit {
    hit(
        EVALUATION_FAILED,
        Tier::Business,
        format!("规则 `{id}` 计算出错，不能视为通过：{error}"),
        format!("rule `{id}` could not be evaluated and does not count as passed: {error}"),
    )
}

pub(crate) fn no_permit(unmet: &[String]) -> RuleHit {
    let (zh, en) = list(unmet);
    hit(
        NO_PERMIT,
        Tier::Enforcement,
        format!("没有任何规则准许办理{zh}"),
        format!("no rule permits it{en}"),
    )
}

pub(crate) fn no_return_permit(unmet: &[String]) -> RuleHit {
    let (zh, en) = list(unmet);
    hit(
        NO_RETURN_PERMIT,
        Tier::Enforcement,
        format!("没有任何规则准许自动退回{zh}"),
        format!("no rule permits a robot to return it{en}"),
    )
}

fn list(unmet: &[String]) -> (String, String) {
    if unmet.is_empty() {
        return Default::default();
    }
    let mut named: Vec<String> = unmet
        .iter()
        .take(NAMED_CONDITIONS)
        .map(|condition| format!("`{condition}`"))
        .collect();
    if unmet.len() > NAMED_CONDITIONS {
        named.push("…".into());
    }
    (
        format!("，未满足：{}", named.join("、")),
        format!("; not met: {}", named.join(", ")),
    )
}

//! What the fleet itself puts in front of a person, in the form of rules.

use clerkwork_connectors_api::ConnectorError;
use clerkwork_core::{Binding, RuleHit, Text, Tier, Verdict};

fn hit(id: &str, tier: Tier, reason: Text) -> RuleHit {
    RuleHit {
        id: id.into(),
        tier,
        asks: Verdict::Review,
        reason,
    }
}

/// The kind is not in the registry of this process.
pub(crate) fn unknown_kind(kind: &str) -> RuleHit {
    hit(
        "fleet.unknown_kind",
        Tier::Business,
        Text::owned(
            format!("事项类型 {kind} 未在本系统登记，不能自动处理"),
            format!("the kind {kind} is not registered here and cannot be processed unattended"),
        ),
    )
}

/// The payload was accepted once and cannot be read now.
pub(crate) fn unreadable(path: &str) -> RuleHit {
    hit(
        "fleet.unreadable_payload",
        Tier::Business,
        Text::owned(
            format!("申请数据无法读取（{path}），请人工核对"),
            format!("the payload cannot be read at {path}; check it by hand"),
        ),
    )
}

/// The upstream refused a call on business grounds.
pub(crate) fn upstream_refused(error: &ConnectorError) -> RuleHit {
    let code = error.code.as_deref().unwrap_or("-");
    hit(
        "fleet.upstream_refused",
        Tier::Enforcement,
        Text::owned(
            format!("上游系统拒绝办理 {}（代码 {code}）", error.operation),
            format!("the upstream refused {} (code {code})", error.operation),
        ),
    )
}

/// The upstream shows a page that the connector was not made for.
pub(crate) fn page_changed(error: &ConnectorError) -> RuleHit {
    let (connector, operation) = (error.connector, error.operation);
    hit(
        "fleet.page_changed",
        Tier::Integrity,
        Text::owned(
            format!(
                "上游页面已变更，{connector}.{operation} 已停用，须由集成人员核查（页面已留存）"
            ),
            format!(
                "the upstream's page has changed: {connector}.{operation} is stopped until an integrator \
                 has looked into it (the page is kept)"
            ),
        ),
    )
}

/// What a job waits for while another works on the same matter.
pub(crate) const ELSEWHERE: Text = Text::new(
    "同一事项（同一张蓝字发票）正由另一任务办理，待其办结后继续",
    "another job works on the same matter; this one goes on when that one has ended",
);

/// Why nothing else is begun while an effect is open.
pub(crate) const SETTLE_FIRST: Text = Text::new(
    "须先查明该操作的结果，才能进行其他操作",
    "its outcome must be settled before anything else is begun",
);

/// The rule of [`outcome_unclear`].
const OUTCOME_UNCLEAR: &str = "fleet.outcome_unclear";

/// Whether a person was asked because an effect's outcome could not be found out.
pub(crate) fn is_outcome_unclear(hit: &RuleHit) -> bool {
    hit.id.as_str() == OUTCOME_UNCLEAR
}

/// Whether an effect happened cannot be found out.
pub(crate) fn outcome_unclear(effect: &str, found: &Text) -> RuleHit {
    hit(
        OUTCOME_UNCLEAR,
        Tier::Enforcement,
        Text::owned(
            format!("操作 {effect} 是否已生效无法确认：{}", found.zh),
            format!(
                "whether {effect} took effect cannot be confirmed: {}",
                found.en
            ),
        ),
    )
}

/// Something was done upstream, and what is to follow fails again and again.
pub(crate) fn stuck_midway(effect: &str, error: &str) -> RuleHit {
    hit(
        "fleet.stuck_midway",
        Tier::Enforcement,
        Text::owned(
            format!(
                "操作 {effect} 已完成，后续环节多次失败（{error}）；请排除故障后同意继续办理，或转人工完成"
            ),
            format!(
                "{effect} is done, and what follows failed again and again ({error}); approve to go on once the cause is mended"
            ),
        ),
    )
}

/// The upstream's state contradicts the order.
pub(crate) fn contradicted(found: &Text) -> RuleHit {
    hit(
        "fleet.upstream_contradicts",
        Tier::Enforcement,
        Text::owned(
            format!("上游状态与处理结论不符：{}", found.zh),
            format!("the upstream's state contradicts the order: {}", found.en),
        ),
    )
}

/// The gate said yes at first and no before the act.
pub(crate) fn gate_closed() -> RuleHit {
    hit(
        "fleet.gate_closed",
        Tier::Enforcement,
        Text::new(
            "执行前复核未通过：情况已变化，请人工处理",
            "the second gate did not let it pass: the facts have changed",
        ),
    )
}

/// A person's decision no longer binds, and by what; `facts` are the names of those that changed,
/// as far as it is known what they were.
pub(crate) fn approval_lapsed(was: &Binding, is: &Binding, facts: &[String]) -> RuleHit {
    let named = |open: &str, separator: &str, close: &str| match facts {
        [] => String::new(),
        _ => format!("{open}{}{close}", facts.join(separator)),
    };
    let parts = [
        (was.payload != is.payload, "申请内容".into(), "item".into()),
        (
            was.facts != is.facts,
            format!("事实{}", named("（", "、", "）")),
            format!("facts{}", named(" (", ", ", ")")),
        ),
        (
            was.policy != is.policy,
            "规则版本".into(),
            "policy version".into(),
        ),
    ];
    let changed = |pick: fn(&(bool, String, String)) -> &str, separator| {
        let changed: Vec<_> = parts.iter().filter(|part| part.0).map(pick).collect();
        changed.join(separator)
    };
    if was == is {
        return hit(
            "fleet.approval_lapsed",
            Tier::Integrity,
            Text::new(
                "原审批在执行前已失效，须重新审批",
                "the earlier approval was put aside before it was carried out",
            ),
        );
    }
    hit(
        "fleet.approval_lapsed",
        Tier::Integrity,
        Text::owned(
            format!(
                "原审批已失效：{}已变化，须重新审批",
                changed(|part| &part.1, "、")
            ),
            format!(
                "the earlier approval has lapsed: {} changed",
                changed(|part| &part.2, ", ")
            ),
        ),
    )
}

//! Every Chinese text of the command line, each with its English.

mod events;

use clerkwork_core::{EffectState, Lane, ReviewState, Role, Severity, State, Text, Tier, Verdict};

use events::EVENTS;

/// The name of a state.
pub const fn state(state: State) -> Text {
    match state {
        State::Scheduled => Text::new("定时", "scheduled"),
        State::Available => Text::new("待办", "available"),
        State::Running => Text::new("办理中", "running"),
        State::Blocked => Text::new("待人工", "blocked"),
        State::Waiting => Text::new("等待外部", "waiting"),
        State::Retryable => Text::new("待重试", "retryable"),
        State::Completed => Text::new("已完成", "completed"),
        State::Returned => Text::new("退回", "returned"),
        State::Cancelled => Text::new("已取消", "cancelled"),
        State::Failed => Text::new("失败", "failed"),
    }
}

/// The name of a lane.
pub const fn lane(lane: Lane) -> Text {
    match lane {
        Lane::Express => Text::new("加急", "express"),
        Lane::Standard => Text::new("普通", "standard"),
        Lane::Bulk => Text::new("批量", "bulk"),
    }
}

/// The name of a verdict.
pub const fn verdict(verdict: Verdict) -> Text {
    match verdict {
        Verdict::Proceed => Text::new("通过", "proceed"),
        Verdict::Return => Text::new("退回", "return"),
        Verdict::Review => Text::new("转人工", "review"),
        Verdict::Review2 => Text::new("转双人复核", "review by two"),
        Verdict::Hold => Text::new("整批暂停", "hold"),
    }
}

/// The name of a role.
pub const fn role(role: Role) -> Text {
    match role {
        Role::Operator => Text::new("经办", "operator"),
        Role::Supervisor(Tier::Business) => Text::new("业务主管", "business supervisor"),
        Role::Supervisor(Tier::Enforcement) => Text::new("执法主管", "enforcement supervisor"),
        Role::Supervisor(Tier::Integrity) => Text::new("廉政主管", "integrity supervisor"),
        Role::Auditor => Text::new("审计", "auditor"),
        Role::Integrator => Text::new("集成", "integrator"),
        Role::Administrator => Text::new("管理员", "administrator"),
    }
}

/// The name of a tier.
pub const fn tier(tier: Tier) -> Text {
    match tier {
        Tier::Business => Text::new("业务", "business"),
        Tier::Enforcement => Text::new("执法", "enforcement"),
        Tier::Integrity => Text::new("廉政", "integrity"),
    }
}

/// What a finding asks for.
pub const fn severity(severity: Severity) -> Text {
    match severity {
        Severity::Note => Text::new("提示", "note"),
        Severity::Review => Text::new("需复核", "review"),
        Severity::Return => Text::new("应退回", "return"),
    }
}

/// How far an effect has come.
pub const fn effect(state: EffectState) -> Text {
    match state {
        EffectState::Intended => Text::new("已登记，结果待确认", "intended"),
        EffectState::Confirmed => Text::new("已确认", "confirmed"),
        EffectState::Refused => Text::new("被拒绝", "refused"),
        EffectState::Unknown => Text::new("结果不明", "unknown"),
    }
}

/// How the outcome of an effect became known, by its name in the record.
pub fn found_by(name: &str) -> Text {
    match name {
        "call" => Text::new("办理时返回", "call"),
        "lookup" => Text::new("事后查询", "lookup"),
        "person" => Text::new("人工认定", "person"),
        other => Text::owned(other, other),
    }
}

/// How far a review has come.
pub const fn review(state: ReviewState) -> Text {
    match state {
        ReviewState::Open => Text::new("待审核", "open"),
        ReviewState::Approved => Text::new("已同意", "approved"),
        ReviewState::Returned => Text::new("已退回", "returned"),
        ReviewState::Lapsed => Text::new("已失效", "lapsed"),
    }
}

/// What an event records, by its name. An event that is not listed shows its name.
pub fn event(name: &str) -> Text {
    EVENTS
        .iter()
        .find(|(known, _)| *known == name)
        .map_or_else(|| Text::owned(name, name), |(_, text)| text.clone())
}

macro_rules! labels {
    ($($name:ident = $zh:literal, $en:literal;)+) => {
        $(#[doc = $en] pub const $name: Text = Text::new($zh, $en);)+
    };
}

labels! {
    ID = "编号", "id";
    REFERENCE = "业务号", "reference";
    KIND = "类型", "kind";
    STATE = "状态", "state";
    BATCH = "批次", "batch";
    OFFICE = "单位", "office";
    LANE = "通道", "lane";
    ATTEMPT = "第几次", "attempt";
    SUBMITTER = "提交人", "submitter";
    CREATED = "受理时间", "accepted";
    UPDATED = "更新时间", "updated";
    DEADLINE = "期限", "deadline";
    VERDICT = "判定", "verdict";
    LAST_ERROR = "最近错误", "last error";
    RULE = "规则", "rule";
    RULES = "规则", "rules";
    REASON = "原因", "reason";
    COUNT = "数量", "count";
    CODE = "代码", "code";
    TIME = "时间", "time";
    EVENT = "事件", "event";
    ACTOR = "操作人", "actor";
    JOB = "事项", "job";
    WEIGHT = "权重", "weight";
    TOTAL = "合计", "total";
    TITLE = "名称", "title";
    UNATTENDED = "可自动办理", "unattended";
    DECIDED_BY = "审核人", "decided by";
    ASSIGNED_TO = "转请核实", "assigned to";
    HANDED_TO = "已转请核实", "goes to";
    GOES_ON = "继续办理", "goes on";
    TRIED = "办理记录", "What was tried";
    UPSTREAM_SAYS = "上游系统当前查询结果", "What the upstream says now";
    FITS = "内容相符", "fits";
    FITS_NOT = "内容不符", "does not fit";
    OFFERS = "可选处理方式", "How to settle it";
    LOOKS_AGAIN = "该操作结果不明，系统将先向上游系统再次查询；如已核实结果，请用 review settle 认定", "the outcome of an act is unclear, so the upstream is asked again first; to say yourself how it ended, use `review settle`";
    WAITS_FOR = "等待事项", "waits for";
    WAITS_SINCE = "开始等待", "since";
    WAITS_UNTIL = "等待期限", "at the latest until";
    NEXT_LOOK = "下次查询", "looks again";
    STAYS_UPSTREAM = "已在上游系统办成的操作（如已录入的确认单、已开具的红字发票）不会撤回；待对方确认的确认单逾期自动作废", "what was done upstream already (for example a form entered or a red invoice issued) is not taken back; a form that waits for the other side lapses by itself";
    OPENED = "提交时间", "opened";
    WHY = "原因", "why";
    FIELDS = "内容", "fields";
    FINDINGS = "审核发现", "Findings";
    FACTS = "事实", "Facts";
    EFFECTS = "对外操作", "Effects";
    TIMELINE = "办理过程", "Timeline";
    PAYLOAD = "申请内容", "Item";
    NOT_UNDONE = "决定一经开始办理即不可撤销", "a decision cannot be undone once its first act has started";
    SHOWN = "所示内容摘要", "shown";
    JOINED = "同一事项，一并决定", "The same matter, decided with it";
    SAME_TAXPAYER = "该纳税人的其他待审事项", "Other open reviews of the taxpayer";
    PAGES = "留存的上游原文", "The upstream's answers that were kept";
    SIMILAR = "同类事项的既往决定", "How the same question was decided before";
    EARLIER_ITEMS = "该纳税人的其他事项", "Other items of the taxpayer";
    CLAIMED_BY = "正在办理", "claimed by";
    ASKED_UNTIL = "等待申请人补充，截止", "the applicant has until";
    APPROVED_BY = "已同意", "approved by";
    SECONDED = "初审同意，待复审", "approved by the first of two; another person of a higher tier must approve, too";
    REVIEW = "人工审核", "Review";
    YES = "是", "yes";
    NO_BY_FLOOR = "否（必须人工）", "never";
    NO_JOBS = "没有符合条件的事项。", "no job fits";
    NO_BATCHES = "没有批次。", "there is no batch";
    NO_REVIEWS = "没有符合条件的审核。", "no review fits";
    NO_EVENTS = "没有符合条件的事件。", "no event fits";
    NO_LOG_KEYS = "日志尚无签名密钥。", "no key signs the log yet";
    LOG_KEY = "签名密钥", "key";
    ERASED = "已删除。", "erased";
    THEIR_ITEMS = "本人事项", "items of theirs";
    MENTIONS = "提及本人的他人事项", "items of others that name them";
    SEALED_VALUES = "密封数据", "sealed values";
    RELATIONS = "关联用户", "related users";
    UNFINISHED = "未办结（须先办结）", "not finished, and in the way";
    SINCE = "启用时间", "since";
    RETIRED = "停用时间", "retired";
    NO_LETTERS = "没有死信。", "there is no dead letter";
    SAME_RULES = "两个规则包的规则相同。", "both bundles have the same rules";
    OLD = "原结论", "old";
    NEW = "新结论", "new";
    ITEMS = "件数", "items";
    MOVES = "变化", "moves";
    NO_INPUTS = "该时段内没有已存的决定。", "nothing was decided in that time";
    WOULD_PASS = "下列事实如有变化即可通过（最小变化）", "it would have passed with the smallest change of facts";
    NEVER_PASSES = "无论事实如何均不得自动办理。", "no change of facts lets a robot do it";
    NO_CHANGE_FOUND = "未找到可使其通过的少量变化。", "no small change of facts was found with which it would have passed";
    NO_BRAKES = "没有生效的制动。", "no brake is on";
    BRAKE_PUT = "已制动，停止办理", "acting is stopped";
    BRAKE_WAS_ON = "此前已制动", "a brake of this scope was on already";
    BRAKE_RELEASED = "制动已解除，恢复办理的任务数", "the brake is released; jobs that go on";
    SCOPE = "范围", "scope";
    PUT_BY = "制动人", "put by";
    RELEASED_BY = "解除人", "released by";
    NO_BUNDLES = "没有提交过规则包；现行的是随安装附带的规则包。", "no bundle was proposed; the one that was installed is in force";
    VERSION = "版本", "version";
    PROPOSED_BY = "提交人", "proposed by";
    NOTE = "说明", "note";
    IN_FORCE = "现行", "in force";
    MASKED = "个人信息已隐去；加 --reveal 显示（将记入审计）。", "personal data are masked; --reveal shows them and is recorded";
    RETURNED_WHY = "退回原因", "Why items were returned";
    BLOCKED_WHY = "转人工原因", "Why items stopped in front of a person";
    FAILED_WHY = "失败原因", "Why items failed";
    USER = "用户", "user";
    ROLES = "角色", "roles";
    GROUPS = "组", "groups";
    VERBS = "可执行的操作", "verbs";
    ENABLED = "启用", "enabled";
    DISABLED = "停用", "disabled";
    LABEL = "用途", "label";
    MADE = "创建时间", "made";
    EXPIRES = "到期时间", "expires";
    REVOKED = "撤销时间", "revoked";
    SUBSTITUTE = "代理人", "substitute";
    ABSENT = "被代理人", "absent";
    FROM = "开始", "from";
    UNTIL = "结束", "until";
    NO_USERS = "没有符合条件的用户。", "no user fits";
    NO_TOKENS = "没有令牌。", "there is no token";
    NO_SUBSTITUTES = "没有代理关系。", "there is no substitute";
    TOKEN_ONCE = "令牌只显示这一次，请妥善保管；持有者即可以该用户身份操作", "the token is shown this once; keep it safe, who holds it acts as this user";
    TOKEN_NOT_VALID = "令牌无效或已失效，请向管理员申请新令牌", "the token is not valid, or not any more; ask an administrator for a new one (`clerkwork token create`)";
    TOKEN_OF_ANOTHER = "令牌属于另一位用户，与 --as 不符", "the token is another user's than `--as` names; leave out `--as`, or use that user's token";
    NEXT = "下一步可以试试", "Try next";
}

/// Of connectors.
pub const CONNECTOR: Text = Text::new("连接器", "connector");

/// Of connectors.
pub const OPERATIONS: Text = Text::new("操作", "operations");

/// Of connectors.
pub const OPERATION: Text = Text::new("操作", "operation");

/// Of connectors.
pub const SERVES: Text = Text::new("服务领域", "serves");

/// Of connectors.
pub const WAY: Text = Text::new("读写", "way");

/// Of connectors.
pub const IDEMPOTENCY: Text = Text::new("防重", "idempotency");

/// Of connectors.
pub const TIMEOUT: Text = Text::new("超时", "timeout");

/// Of connectors.
pub const COST: Text = Text::new("计次", "cost");

/// Of connectors.
pub const POLLED: Text = Text::new("分页查询", "poll");

/// Of connectors.
pub const READS: Text = Text::new("查询", "read");

/// Of connectors.
pub const WRITES: Text = Text::new("办理", "write");

/// Of connectors.
pub const NO_CONNECTORS: Text = Text::new("没有连接器", "no connectors");

/// Of connectors.
pub const KEPT: Text = Text::new("遵守", "kept");

/// Of connectors.
pub const BROKEN: Text = Text::new("违反", "broken");

/// Of connectors.
pub const NOT_TRIED: Text = Text::new("未验证", "not tried");

/// Of connectors.
pub const CLAUSE: Text = Text::new("条款", "clause");

/// Of connectors.
pub const FATE: Text = Text::new("结果", "outcome");

/// Of connectors.
pub const ALL_KEPT: Text = Text::new("全部遵守", "all kept");

#[cfg(test)]
mod tests {
    use super::*;
    use clerkwork_audit::EventType;

    #[test]
    fn every_event_has_a_chinese_name_and_no_name_is_left_over() {
        let known: Vec<_> = EVENTS.iter().map(|(name, _)| *name).collect();
        for kind in EventType::ALL {
            assert!(known.contains(&kind.as_str()), "{kind} has no text");
        }
        for name in known {
            assert!(name.parse::<EventType>().is_ok(), "`{name}` is no event");
        }
    }
}

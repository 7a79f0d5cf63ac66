//! What events are called.

use clerkwork_core::Text;

/// Every type of event with its name for people.
pub(super) const EVENTS: &[(&str, Text)] = &[
    ("job.accepted", Text::new("受理", "accepted")),
    ("job.available", Text::new("到期待办", "due")),
    ("job.claimed", Text::new("领取", "claimed")),
    ("job.decided", Text::new("策略判定", "decided")),
    ("job.completed", Text::new("办结", "completed")),
    ("job.returned", Text::new("退回申请人", "returned")),
    ("job.blocked", Text::new("转人工", "blocked")),
    ("job.waiting", Text::new("等待外部", "waiting")),
    (
        "job.retry_scheduled",
        Text::new("安排重试", "retry scheduled"),
    ),
    ("job.failed", Text::new("失败", "failed")),
    ("job.rescued", Text::new("接管重办", "rescued")),
    ("job.released", Text::new("交还", "released")),
    (
        "job.cancel_requested",
        Text::new("申请取消", "cancel requested"),
    ),
    ("job.cancelled", Text::new("取消", "cancelled")),
    ("job.redriven", Text::new("重新办理", "redriven")),
    (
        "effect.intended",
        Text::new("登记操作意图", "effect intended"),
    ),
    (
        "effect.confirmed",
        Text::new("操作已确认", "effect confirmed"),
    ),
    ("effect.refused", Text::new("操作被拒绝", "effect refused")),
    (
        "effect.unknown",
        Text::new("操作结果不明", "effect unknown"),
    ),
    (
        "connector.called",
        Text::new("调用外部系统", "connector called"),
    ),
    ("review.opened", Text::new("提交人工审核", "review opened")),
    ("review.approved", Text::new("人工同意", "review approved")),
    ("review.returned", Text::new("人工退回", "review returned")),
    (
        "review.handed_over",
        Text::new("转请他人核实", "review handed over"),
    ),
    ("review.lapsed", Text::new("审核失效", "review lapsed")),
    ("batch.created", Text::new("建立批次", "batch created")),
    ("worker.started", Text::new("进程启动", "worker started")),
    ("worker.stopped", Text::new("进程停止", "worker stopped")),
    ("worker.lost", Text::new("进程失联", "worker lost")),
    ("policy.loaded", Text::new("策略加载", "policy loaded")),
    ("queue.refilled", Text::new("队列重建", "queue refilled")),
    ("access.refused", Text::new("拒绝访问", "access refused")),
    ("audit.read", Text::new("查阅审计", "audit read")),
    (
        "review.claimed",
        Text::new("领取审核任务", "review claimed"),
    ),
    (
        "review.released",
        Text::new("交还审核任务", "review released"),
    ),
    (
        "review.assigned",
        Text::new("分派审核任务", "review assigned"),
    ),
    ("review.seconded", Text::new("初审同意", "first approval")),
    ("review.asked", Text::new("请申请人补充", "applicant asked")),
    (
        "review.answered",
        Text::new("申请人已补充", "applicant answered"),
    ),
    ("review.done_by_hand", Text::new("人工办结", "done by hand")),
    ("review.joined", Text::new("并入同一事项", "review joined")),
    ("review.reminded", Text::new("到期提醒", "review reminded")),
    (
        "review.escalated",
        Text::new("逾期升级", "review escalated"),
    ),
    ("review.expired", Text::new("逾期未决", "review expired")),
    ("config.loaded", Text::new("载入设置", "settings loaded")),
    ("access.signed_in", Text::new("登录", "signed in")),
    (
        "master_key.added",
        Text::new("启用主密钥", "master key added"),
    ),
    (
        "master_key.retired",
        Text::new("停用主密钥", "master key retired"),
    ),
    ("person.erased", Text::new("删除个人数据", "person erased")),
    (
        "log.published",
        Text::new("公布日志树头", "log head published"),
    ),
    (
        "log.key_added",
        Text::new("启用日志签名密钥", "log key added"),
    ),
    (
        "log.key_retired",
        Text::new("停用日志签名密钥", "log key retired"),
    ),
    (
        "evidence.kept",
        Text::new("留存上游原文", "upstream answer kept"),
    ),
    (
        "policy.proposed",
        Text::new("提交规则包", "policy proposed"),
    ),
    (
        "policy.approved",
        Text::new("批准规则包", "policy approved"),
    ),
    (
        "policy.rejected",
        Text::new("否决规则包", "policy rejected"),
    ),
    (
        "policy.activated",
        Text::new("启用规则包", "policy activated"),
    ),
    (
        "policy.rolled_back",
        Text::new("回退规则包", "policy rolled back"),
    ),
    (
        "connector.tried",
        Text::new("试用连接器", "connector tried"),
    ),
    (
        "connectors.reloaded",
        Text::new("重载连接器", "connectors reloaded"),
    ),
    ("brake.on", Text::new("制动", "brake on")),
    ("brake.off", Text::new("解除制动", "brake off")),
    (
        "installation.claimed",
        Text::new("初始化", "installation claimed"),
    ),
    ("user.created", Text::new("新建用户", "user created")),
    ("user.changed", Text::new("变更用户", "user changed")),
    ("role.granted", Text::new("授予角色", "role granted")),
    ("role.revoked", Text::new("收回角色", "role revoked")),
    ("token.created", Text::new("签发令牌", "token created")),
    ("token.revoked", Text::new("吊销令牌", "token revoked")),
    (
        "substitute.named",
        Text::new("指定代理人", "substitute named"),
    ),
    (
        "substitute.ended",
        Text::new("终止代理", "substitute ended"),
    ),
];

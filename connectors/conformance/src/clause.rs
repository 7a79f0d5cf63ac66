//! What every connector must keep.

use clerkwork_core::Text;
use serde::Serialize;

/// One sentence of the contract that can be tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Clause {
    /// Names, schemas, timeouts and ways of looking up are declared, and fit together.
    Declared,
    /// The upstream answers and takes the credentials.
    Healthy,
    /// An operation that is not declared is refused before anything is sent.
    NoOther,
    /// An input that does not fit is refused before anything is sent.
    InputChecked,
    /// A read gives what its schema says.
    OutputFits,
    /// A poll gives each item once, in an order that stays, and ends.
    PollEnds,
    /// A write gives what its schema says, and is found afterwards.
    WriteFound,
    /// The same write again is refused or harmless, and still found as one.
    WriteTwice,
    /// Each status has the kind that says what is to be done.
    Statuses,
    /// Without a connection nothing was done.
    NoConnection,
    /// A connection that ends before the answer: a read may be repeated, a write is unclear and is sent once.
    CutBefore,
    /// A lost answer: a write is unclear, and is found.
    LostAnswer,
    /// No answer in time ends the call in time.
    TimeoutHonoured,
    /// A body that drips ends the call in time.
    SlowBody,
    /// A body of a gigabyte is not read.
    HugeBody,
    /// A page of maintenance is no answer.
    WrongType,
    /// An answer that ends in the middle is no answer.
    TornAnswer,
    /// Another page than the connector was made for stops it.
    PageChanged,
    /// A redirect to another host is not followed.
    NoRedirect,
    /// A login that fails is not tried again.
    NoLockOut,
    /// A session that ends in the middle is renewed.
    SessionRenewed,
    /// No more calls a second than were allowed.
    RateKept,
    /// Each call is put on record before its answer is handed on.
    Recorded,
    /// No credential in errors and logs.
    NoSecrets,
}

impl Clause {
    /// All, in the order in which they are tried.
    pub const ALL: [Self; 24] = [
        Self::Declared,
        Self::Healthy,
        Self::NoOther,
        Self::InputChecked,
        Self::OutputFits,
        Self::PollEnds,
        Self::WriteFound,
        Self::WriteTwice,
        Self::Statuses,
        Self::NoConnection,
        Self::CutBefore,
        Self::LostAnswer,
        Self::TimeoutHonoured,
        Self::SlowBody,
        Self::HugeBody,
        Self::WrongType,
        Self::TornAnswer,
        Self::PageChanged,
        Self::NoRedirect,
        Self::NoLockOut,
        Self::SessionRenewed,
        Self::RateKept,
        Self::Recorded,
        Self::NoSecrets,
    ];

    /// What it says.
    pub const fn text(self) -> Text {
        let (zh, en) = match self {
            Self::Declared => (
                "操作声明完整且自洽",
                "operations are declared, and fit together",
            ),
            Self::Healthy => (
                "上游可达且凭证有效",
                "the upstream answers and takes the credentials",
            ),
            Self::NoOther => (
                "未声明的操作一律拒绝",
                "an operation that is not declared is refused",
            ),
            Self::InputChecked => (
                "不合格的输入不发出",
                "an input that does not fit is not sent",
            ),
            Self::OutputFits => ("查询结果符合声明", "a read gives what it declares"),
            Self::PollEnds => (
                "分页不重不漏且有终点",
                "a poll gives each item once, and ends",
            ),
            Self::WriteFound => ("写操作事后可查", "a write is found afterwards"),
            Self::WriteTwice => (
                "重复写操作被拒绝或无害",
                "the same write again is refused or harmless",
            ),
            Self::Statuses => ("状态码归类正确", "each status has its kind"),
            Self::NoConnection => ("未连接即未执行", "without a connection nothing was done"),
            Self::CutBefore => (
                "断线后写操作不重发",
                "a write is not sent again over a cut connection",
            ),
            Self::LostAnswer => ("应答丢失可查明", "a write whose answer was lost is found"),
            Self::TimeoutHonoured => ("超时生效", "no answer ends the call in time"),
            Self::SlowBody => (
                "慢速应答及时终止",
                "a body that drips ends the call in time",
            ),
            Self::HugeBody => ("超大应答不读取", "a body of a gigabyte is not read"),
            Self::WrongType => ("维护页面不作应答", "a maintenance page is no answer"),
            Self::TornAnswer => (
                "残缺应答不采信",
                "an answer that ends in the middle is no answer",
            ),
            Self::PageChanged => ("页面变更即停用", "a page that changed stops the connector"),
            Self::NoRedirect => ("不跟随跳转", "a redirect to another host is not followed"),
            Self::NoLockOut => ("登录失败不重试", "a login that fails is not tried again"),
            Self::SessionRenewed => (
                "会话过期自动续期",
                "a session that ends in the middle is renewed",
            ),
            Self::RateKept => ("不超过限速", "no more calls a second than were allowed"),
            Self::Recorded => ("每次调用都有记录", "each call is put on record"),
            Self::NoSecrets => ("日志与报错不含凭证", "no credential in errors and logs"),
        };
        Text::new(zh, en)
    }
}

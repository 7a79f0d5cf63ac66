//! Why a change of people was refused. Nothing was written then.

use std::fmt;

use clerkwork_core::{Role, SubstitutionId, Text, TokenId};

/// A refusal on business grounds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PeopleRefusal {
    /// The first administrator has been made.
    AlreadyClaimed,
    /// Whoever asks, or whom they stand in for, was changed or disabled after they were allowed to.
    AuthorityChanged(String),
    /// There is no such user.
    NoSuchUser(String),
    /// The name is taken.
    UserExists(String),
    /// The user is enabled or disabled already.
    AlreadySo {
        /// The user.
        user: String,
        /// How they are.
        enabled: bool,
    },
    /// The user is disabled.
    Disabled(String),
    /// The user works there already.
    SameOffice(String),
    /// Nobody else could give roles any more.
    LastAdministrator(String),
    /// Nobody gives a role to themselves.
    OwnRole(String),
    /// The user has the role.
    HasRole(String, Role),
    /// The user does not have the role.
    NoRole(String, Role),
    /// The user is in the group.
    InGroup(String, String),
    /// The user is not in the group.
    NotInGroup(String, String),
    /// The relation is known.
    Related(String),
    /// There is no such relation.
    NotRelated(String),
    /// The expiry has gone by.
    ExpiryPassed,
    /// There is no such token.
    NoSuchToken(TokenId),
    /// The token is revoked.
    TokenRevoked(TokenId),
    /// Nobody stands in for themselves.
    OwnSubstitute(String),
    /// Nobody gives themselves the roles of somebody else.
    NamesThemselves(String),
    /// The period is over, or empty.
    PeriodOver,
    /// This substitute is named for a part of the period.
    SubstituteNamed {
        /// Who stands in.
        substitute: String,
        /// For whom.
        absent: String,
    },
    /// The absent person stands in for somebody else then.
    AbsentIsSubstitute {
        /// Who would be absent.
        absent: String,
        /// Whom they stand in for.
        of: String,
    },
    /// The substitute is absent then and has a substitute.
    SubstituteIsAbsent {
        /// Who would stand in.
        substitute: String,
        /// Who stands in for them.
        by: String,
    },
    /// There is no such substitution.
    NoSuchSubstitution(SubstitutionId),
    /// It is over.
    SubstitutionOver(SubstitutionId),
}

impl fmt::Display for PeopleRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text().en)
    }
}

impl PeopleRefusal {
    /// A stable name for scripts.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::AlreadyClaimed => "already_claimed",
            Self::AuthorityChanged(_) => "authority_changed",
            Self::NoSuchUser(_) | Self::NoSuchToken(_) | Self::NoSuchSubstitution(_) => "not_found",
            Self::UserExists(_)
            | Self::AlreadySo { .. }
            | Self::SameOffice(_)
            | Self::HasRole(..)
            | Self::NoRole(..)
            | Self::InGroup(..)
            | Self::NotInGroup(..)
            | Self::Related(_)
            | Self::NotRelated(_)
            | Self::TokenRevoked(_)
            | Self::SubstituteNamed { .. }
            | Self::SubstitutionOver(_) => "conflict",
            Self::Disabled(_) => "disabled",
            Self::LastAdministrator(_) => "last_administrator",
            Self::OwnRole(_) => "own_role",
            Self::ExpiryPassed | Self::PeriodOver => "period",
            Self::OwnSubstitute(_)
            | Self::NamesThemselves(_)
            | Self::AbsentIsSubstitute { .. }
            | Self::SubstituteIsAbsent { .. } => "substitute",
        }
    }

    /// One sentence: what stands in the way, and what to do.
    pub fn text(&self) -> Text {
        let (zh, en) = match self {
            Self::AlreadyClaimed => (
                "本系统已设首位管理员，其他用户由管理员添加".to_owned(),
                "the first administrator was made already; an administrator adds everybody else \
                 with `clerkwork user create`"
                    .to_owned(),
            ),
            Self::AuthorityChanged(user) => (
                format!("用户 `{user}` 的权限刚刚变更，本次操作未执行，请重试"),
                format!(
                    "`{user}` was changed or disabled a moment ago, so nothing was done; try again \
                     if they still may"
                ),
            ),
            Self::NoSuchUser(user) => (
                format!("没有用户 `{user}`"),
                format!("there is no user `{user}`; `clerkwork user list` shows all"),
            ),
            Self::UserExists(user) => (
                format!("用户名 `{user}` 已被使用，请换一个"),
                format!("the user name `{user}` is taken; choose another"),
            ),
            Self::AlreadySo {
                user,
                enabled: true,
            } => (
                format!("用户 `{user}` 已是启用状态"),
                format!("`{user}` is enabled already"),
            ),
            Self::AlreadySo {
                user,
                enabled: false,
            } => (
                format!("用户 `{user}` 已是停用状态"),
                format!("`{user}` is disabled already"),
            ),
            Self::Disabled(user) => (
                format!("用户 `{user}` 已停用，请先启用"),
                format!("`{user}` is disabled; enable them first"),
            ),
            Self::SameOffice(user) => (
                format!("用户 `{user}` 已在该机构"),
                format!("`{user}` works in that office already"),
            ),
            Self::LastAdministrator(user) => (
                format!("`{user}` 是最后一位在用的管理员，请先授予他人管理员角色"),
                format!(
                    "`{user}` is the last enabled administrator; make somebody else an \
                     administrator first"
                ),
            ),
            Self::OwnRole(user) => (
                format!("`{user}` 不能给自己授予角色，请由另一位管理员办理"),
                format!("`{user}` cannot give a role to themselves; another administrator must"),
            ),
            Self::HasRole(user, role) => (
                format!("用户 `{user}` 已有角色 {role}"),
                format!("`{user}` has the role {role} already"),
            ),
            Self::NoRole(user, role) => (
                format!("用户 `{user}` 没有角色 {role}"),
                format!("`{user}` does not have the role {role}"),
            ),
            Self::InGroup(user, group) => (
                format!("用户 `{user}` 已在组 `{group}` 中"),
                format!("`{user}` is in the group `{group}` already"),
            ),
            Self::NotInGroup(user, group) => (
                format!("用户 `{user}` 不在组 `{group}` 中"),
                format!("`{user}` is not in the group `{group}`"),
            ),
            Self::Related(user) => (
                format!("用户 `{user}` 与该纳税人的关系已登记"),
                format!("that `{user}` is related to this taxpayer is on record already"),
            ),
            Self::NotRelated(user) => (
                format!("用户 `{user}` 与该纳税人没有登记关系"),
                format!("no relation of `{user}` to this taxpayer is on record"),
            ),
            Self::ExpiryPassed => (
                "令牌的到期时间已过，请给出将来的时间".to_owned(),
                "the token would have expired already; give a time to come".to_owned(),
            ),
            Self::NoSuchToken(id) => (
                format!("没有令牌 `{id}`"),
                format!("there is no token `{id}`; `clerkwork token list` shows them"),
            ),
            Self::TokenRevoked(id) => (
                format!("令牌 `{id}` 已被撤销"),
                format!("the token `{id}` is revoked already"),
            ),
            Self::OwnSubstitute(user) => (
                format!("`{user}` 不能代理自己"),
                format!("`{user}` cannot stand in for themselves; name somebody else"),
            ),
            Self::NamesThemselves(user) => (
                format!("`{user}` 不能指定自己为代理人，请由另一位管理员办理"),
                format!(
                    "`{user}` cannot name themselves as a substitute; another administrator must"
                ),
            ),
            Self::PeriodOver => (
                "代理期间为空或已结束，请给出将来的结束时间".to_owned(),
                "the period is empty or over; give an end to come that is after its start"
                    .to_owned(),
            ),
            Self::SubstituteNamed { substitute, absent } => (
                format!("此期间 `{substitute}` 已是 `{absent}` 的代理人"),
                format!("`{substitute}` stands in for `{absent}` in that time already"),
            ),
            Self::AbsentIsSubstitute { absent, of } => (
                format!("`{absent}` 此期间正代理 `{of}`，不得再由他人代理（代理人不得转代理）"),
                format!(
                    "`{absent}` stands in for `{of}` in that time, and a substitute has no \
                     substitute; end that substitution first"
                ),
            ),
            Self::SubstituteIsAbsent { substitute, by } => (
                format!("`{substitute}` 此期间由 `{by}` 代理，不得代理他人（代理人不得转代理）"),
                format!(
                    "`{by}` stands in for `{substitute}` in that time, and a substitute has no \
                     substitute; name somebody else"
                ),
            ),
            Self::NoSuchSubstitution(id) => (
                format!("没有代理关系 `{id}`"),
                format!("there is no substitution `{id}`; `clerkwork substitute list` shows them"),
            ),
            Self::SubstitutionOver(id) => (
                format!("代理关系 `{id}` 已结束"),
                format!("the substitution `{id}` is over already"),
            ),
        };
        Text::owned(zh, en)
    }
}
